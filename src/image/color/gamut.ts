/**
 * Gamut mapping of a row of greys with their a* and b* to sRGB codes. What would leave sRGB loses chroma, never
 * lightness or hue.
 * Tables of under 2 MB, made once.
 */

import type { Pixels } from '../raster/picture.ts';
import { labF, linearToSrgb, srgbToLinear, WHITE, XYZ_TO_RGB } from './lab.ts';

/** Halvings of the chroma interval in the gamut search: the result is within 1/1024 of the full chroma of the largest inside sRGB. */
const GAMUT_STEPS = 10;
/** Rounding slack at the borders of 0..1; far under one 16-bit code. */
const GAMUT_SLACK = 1e-6;

/** By grey code: `(L* + 16) / 116`, and Y. */
export interface GreyTables {
  readonly f: Float64Array;
  readonly y: Float64Array;
}

function makeTables(max: number): GreyTables {
  const y = Float64Array.from({ length: max + 1 }, (_, code) => srgbToLinear(code / max));
  return { f: y.map(labF), y };
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const tables8 = once(() => makeTables(255));
const tables16 = once(() => makeTables(65535));

/** Returns the tables of a depth. */
export function greyTables(max: 255 | 65535): GreyTables {
  return max === 255 ? tables8() : tables16();
}

/** Cells of the table of `linearToSrgb`, read with linear interpolation: off by less than 0.07 of a 16-bit code. */
const CELLS = 16384;
const encoding = once(() => Float64Array.from({ length: CELLS + 2 }, (_, i) => linearToSrgb(i / CELLS)));

/** Writes R, G and B of one row, leaving alpha: `grey` `[W]` codes, `ab` `[W, 2]`, `out` RGBA from `start` on. */
export type RowColorer = (grey: Uint16Array, ab: Float64Array, out: Pixels, start: number) => void;

/** Made anew for each picture, so that the engine compiles it for that picture's array types. */
export function rowColorer(max: 255 | 65535): RowColorer {
  const { f, y: luminance } = greyTables(max);
  const code = encoding();
  // The white is folded in: X = Xn f^-1(…), Z = Zn f^-1(…).
  const [rx, ry, rz, gx, gy, gz, bx, by, bz] = XYZ_TO_RGB.map((m, i) => m * WHITE[i % 3]!) as Nine;
  const low = -GAMUT_SLACK;
  const high = 1 + GAMUT_SLACK;

  const encode = (linear: number): number => {
    const position = (linear < 0 ? 0 : Math.min(linear, 1)) * CELLS;
    const cell = position | 0;
    const first = code[cell]!;
    return (first + (code[cell + 1]! - first) * (position - cell)) * max + 0.5;
  };

  return (grey, ab, out, start) => {
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
        const r = rx * X + ry * Y + rz * Z;
        const g1 = gx * X + gy * Y + gz * Z;
        const b = bx * X + by * Y + bz * Z;
        if (r >= low && r <= high && g1 >= low && g1 <= high && b >= low && b <= high) {
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
      out[o] = encode(red) | 0;
      out[o + 1] = encode(green) | 0;
      out[o + 2] = encode(blue) | 0;
    }
  };
}

type Nine = [number, number, number, number, number, number, number, number, number];

/** `labInverseF` with its constants spelled out; called three times a pixel. */
function inverseF(f: number): number {
  return f > 0.20689655172413793 ? f * f * f : 0.12841854934601665 * (f - 0.13793103448275862);
}
