/**
 * Gamut mapping of a row of greys with their a* and b* to sRGB codes. What would leave sRGB loses chroma, never
 * lightness or hue.
 * Tables of under 2 MB, made once for each depth.
 */

import type { Pixels } from '../raster/picture.ts';
import { labF, linearToSrgb, srgbToLinear, WHITE, XYZ_TO_RGB } from './lab.ts';

/** Halvings of the chroma interval in the gamut search: the result is within 1/1024 of the full chroma of the largest inside sRGB. */
const GAMUT_STEPS = 10;
/** The borders of 0..1, with slack for rounding, far under one 16-bit code. */
const [LOW, HIGH] = [-1e-6, 1 + 1e-6];

/** What `colorRow` reads, for one depth. */
export interface ColorTables {
  /** `(L* + 16) / 116`, by grey code. */
  readonly f: Float64Array;
  /** Y, by grey code. */
  readonly y: Float64Array;
  /** sRGB of linear values, read with linear interpolation. */
  readonly code: Float64Array;
  /** The largest code. */
  readonly max: number;
}

/** Cells of `code`: off by less than 0.07 of a 16-bit code. */
const CELLS = 16384;

const made = new Map<number, ColorTables>();

/** Returns the tables of a depth, made once. */
export function colorTables(max: 255 | 65535): ColorTables {
  let tables = made.get(max);
  if (!tables) {
    const y = Float64Array.from({ length: max + 1 }, (_, code) => srgbToLinear(code / max));
    const code = Float64Array.from({ length: CELLS + 2 }, (_, cell) => linearToSrgb(cell / CELLS));
    tables = { f: y.map(labF), y, code, max };
    made.set(max, tables);
  }
  return tables;
}

// The white is folded in: X = Xn f^-1(…), Z = Zn f^-1(…).
const [RX, RY, RZ, GX, GY, GZ, BX, BY, BZ] = XYZ_TO_RGB.map((m, i) => m * WHITE[i % 3]!) as Nine;
type Nine = [number, number, number, number, number, number, number, number, number];

/**
 * Writes R, G and B of one row, leaving alpha. A function of its own, not one made for each picture: that would be compiled
 * for the first, and run a third slower from the second on.
 *
 * @param grey - `[W]` codes
 * @param ab - `[W, 2]`
 * @param out - RGBA, from `start` on
 */
export function colorRow(tables: ColorTables, grey: Uint16Array, ab: Float64Array, out: Pixels, start: number): void {
  const { f, y: luminance, code, max } = tables;
  for (let x = 0, o = start; x < grey.length; x++, o += 4) {
    const g = grey[x]!;
    const da = ab[2 * x]! / 500;
    const db = ab[2 * x + 1]! / 200;
    if ((da === 0 && db === 0) || g === 0 || g === max) {
      out[o] = out[o + 1] = out[o + 2] = g;
      continue;
    }
    const fy = f[g]!;
    const Y = luminance[g]!;
    let red = 0;
    let green = 0;
    let blue = 0;
    // Bisection over the share of the chroma that stays: L* and hue do not depend on it. The first try is all of it.
    let inside = 0;
    let outside = 2;
    for (let step = 0; step <= GAMUT_STEPS; step++) {
      const share = (inside + outside) / 2;
      const X = inverseF(fy + da * share);
      const Z = inverseF(fy - db * share);
      const r = RX * X + RY * Y + RZ * Z;
      const g1 = GX * X + GY * Y + GZ * Z;
      const b = BX * X + BY * Y + BZ * Z;
      if (r >= LOW && r <= HIGH && g1 >= LOW && g1 <= HIGH && b >= LOW && b <= HIGH) {
        red = r;
        green = g1;
        blue = b;
        if (share === 1) {
          inside = 1;
          break;
        }
        inside = share;
      } else {
        outside = share;
      }
    }
    if (inside === 0) {
      out[o] = out[o + 1] = out[o + 2] = g;
      continue;
    }
    // Truncation after adding a half; Uint8ClampedArray would round once more.
    out[o] = (encode(code, red) * max + 0.5) | 0;
    out[o + 1] = (encode(code, green) * max + 0.5) | 0;
    out[o + 2] = (encode(code, blue) * max + 0.5) | 0;
  }
}

/** sRGB of a linear value within LOW and HIGH: what is below 0 rounds to 0, what is above 1 has a cell of its own, and rounds to 1. */
function encode(code: Float64Array, linear: number): number {
  const position = linear * CELLS;
  const cell = position | 0;
  const first = code[cell]!;
  return first + (code[cell + 1]! - first) * (position - cell);
}

/** `labInverseF` with its constants spelled out; called twice a pixel and a step. */
function inverseF(f: number): number {
  return f > 0.20689655172413793 ? f * f * f : 0.12841854934601665 * (f - 0.13793103448275862);
}
