/**
 * Colours a full-size picture with small planes of a* and b*.
 *
 * Each pixel keeps the lightness of its own grey (BT.601 luma, rounded to the picture's depth): a grey photograph keeps
 * its L* exactly, and a colour picture is coloured as if it had first been saved as greyscale; its old chroma is dropped.
 * What would leave sRGB loses chroma, never lightness or hue.
 * Works row by row: beside input and output it holds a few rows and tables of under 1 MB.
 *
 * H height, W width of the picture; h, w of the chroma planes.
 */
import { FormatError, ShapeError } from '../runtime/errors.ts';
import { labF, linearToSrgb, srgbToLinear, WHITE, XYZ_TO_RGB } from './lab.ts';
import { channelsOf, lumaRow, maxCode, type Picture, type Pixels } from './picture.ts';

/** a* and b*, interleaved: `[h, w, 2]`, in CIE units (the network's output times 127). */
export interface Chroma {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
  /**
   * The part, from the top left, that the picture covers, in chroma pixels; default all. What lies beyond is padding and
   * is never read. Fractions are allowed: 225 columns at half resolution cover 112.5.
   */
  readonly extent?: { readonly width: number; readonly height: number };
}

export interface ApplyChromaOptions {
  /** Multiplies a* and b*; 0 gives grey. Default 1. */
  readonly strength?: number;
}

/** The depth of the result equals the depth of what went in. */
export type Coloured<T extends Pixels> = Picture<
  T extends Uint16Array ? Uint16Array<ArrayBuffer> : Uint8ClampedArray<ArrayBuffer>
>;

/** Halvings of the chroma interval in the gamut search: the result is within 1/1024 of the full chroma of the largest inside sRGB. */
const GAMUT_STEPS = 10;
/** Rounding slack at the borders of 0..1; far under one 16-bit code. */
const GAMUT_SLACK = 1e-6;

/**
 * Colours a picture: its own L*, with a*, b* upsampled bilinearly (half-pixel centres, edges clamped).
 *
 * @param picture - RGBA, RGB, grey or grey and alpha; 8 or 16 bits a component
 * @returns RGBA of the same size and depth; alpha unchanged (opaque where there was none)
 * @throws ShapeError when data and sizes disagree; FormatError when the chroma holds NaN or infinity
 */
export function applyChroma<T extends Pixels>(
  picture: Picture<T>,
  chroma: Chroma,
  options: ApplyChromaOptions = {},
): Coloured<T> {
  const channels = channelsOf('applyChroma', picture);
  checkChroma(chroma);
  const strength = options.strength ?? 1;
  if (!(strength >= 0 && Number.isFinite(strength))) {
    throw new ShapeError(
      `applyChroma: expected a strength of 0 or more, got ${strength} – 1 is the network's own chroma`,
    );
  }
  const { width, height } = picture;
  const data: Pixels = picture.data;
  const max = maxCode(picture);
  const out = max === 255 ? new Uint8ClampedArray(width * height * 4) : new Uint16Array(width * height * 4);
  const hasAlpha = channels === 2 || channels === 4;
  const columns = bilinear(width, chroma.extent?.width ?? chroma.width);
  const rows = bilinear(height, chroma.extent?.height ?? chroma.height);
  const grey = new Uint16Array(width);
  const ab = new Float64Array(chroma.width * 2);
  const colourRow = max === 255 ? rowColourer(tables8(), max) : rowColourer(tables16(), max);

  for (let y = 0; y < height; y++) {
    lumaRow(data, channels, width, y, grey);
    const top = rows.low[y]! * chroma.width * 2;
    const bottom = rows.high[y]! * chroma.width * 2;
    const t = rows.fraction[y]!;
    for (let i = 0; i < ab.length; i++) {
      ab[i] = strength * ((1 - t) * chroma.data[top + i]! + t * chroma.data[bottom + i]!);
    }
    colourRow(grey, ab, columns, out, y * width * 4);
    for (let x = 0, o = y * width * 4 + 3; x < width; x++, o += 4) {
      out[o] = hasAlpha ? data[(y * width + x + 1) * channels - 1]! : max;
    }
  }
  return { data: out, width, height } as Coloured<T>;
}

function checkChroma({ data, width, height, extent }: Chroma): void {
  if (data.length !== width * height * 2 || data.length === 0) {
    throw new ShapeError(
      `applyChroma: expected chroma [${height}, ${width}, 2] = ${width * height * 2} elements, got ${data.length} – pass a* and b* interleaved`,
    );
  }
  if (extent && !(extent.width > 0 && extent.width <= width && extent.height > 0 && extent.height <= height)) {
    throw new ShapeError(
      `applyChroma: expected an extent within ${width} x ${height}, got ${extent.width} x ${extent.height} – give it in chroma pixels`,
    );
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new FormatError(`applyChroma: expected finite a* and b*, got ${data[bad]} at ${bad} – check the weights`);
  }
}

interface Taps {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly fraction: Float64Array;
}

/** For each of `to` pixels: the two neighbours among the first `extent` pixels of the small plane, and the second's weight. */
function bilinear(to: number, extent: number): Taps {
  const last = Math.ceil(extent) - 1;
  const taps = { low: new Uint32Array(to), high: new Uint32Array(to), fraction: new Float64Array(to) };
  for (let i = 0; i < to; i++) {
    const position = Math.min(Math.max(((i + 0.5) * extent) / to - 0.5, 0), last);
    const low = Math.floor(position);
    taps.low[i] = low;
    taps.high[i] = Math.min(low + 1, last);
    taps.fraction[i] = position - low;
  }
  return taps;
}

/** By grey code: `(L* + 16) / 116`, and Y. */
interface Tables {
  readonly f: Float64Array;
  readonly y: Float64Array;
}

function makeTables(max: number): Tables {
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

/** Cells of the table of `linearToSrgb`, read with linear interpolation: off by less than 0.07 of a 16-bit code. */
const CELLS = 16384;
const encoding = once(() => Float64Array.from({ length: CELLS + 2 }, (_, i) => linearToSrgb(i / CELLS)));

type RowColourer = (grey: Uint16Array, ab: Float64Array, columns: Taps, out: Pixels, start: number) => void;

/** Made anew for each picture, so that the engine compiles it for that picture's array types. */
function rowColourer({ f, y: luminance }: Tables, max: number): RowColourer {
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

  return (grey, ab, columns, out, start) => {
    for (let x = 0, o = start; x < grey.length; x++, o += 4) {
      const l = columns.low[x]! * 2;
      const h = columns.high[x]! * 2;
      const t = columns.fraction[x]!;
      const g = grey[x]!;
      const da = (ab[l]! + (ab[h]! - ab[l]!) * t) / 500;
      const db = (ab[l + 1]! + (ab[h + 1]! - ab[l + 1]!) * t) / 200;
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
