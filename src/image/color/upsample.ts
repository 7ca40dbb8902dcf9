/**
 * Upsampling of small planes of a* and b* to rows at the picture's own size, one after the other: a few rows in
 * memory, each
 * independent of the others.
 *
 * `bilinear`: half-pixel centers, edges clamped.
 * `guided`: bilinear, and on top of it the detail of the picture's own grey that the small plane cannot hold, times the
 * local slope of a* and b* over the grey (`injection.ts`): `up(ab) + up(gain) * soft(grey - up(guide))`. Where the grey
 * has an edge, the colors get it too; where colors do not follow the grey, or where it has no detail, it is the
 * bilinear one. On the scale of the small plane, nothing changes.
 *
 * Measured on 71 photographs (256 pixels), their true a*, b* reduced to a shorter side of n and enlarged again, mean
 * squared error as a multiple of bilinear's: 0.82 (n = 16), 0.79 (32), 0.77 (56), 0.81 (112). At 16 to 56 no picture is
 * worse by more than 1.2 %; at 112 one in ten is by more than 0.5 %, the worst by 11 %. Without R² (`injection.ts`), at
 * twice the variance added, the means are the same within 0.01, the worst 21 %. Also tried, on 50 to 62 of the
 * photographs: joint bilateral upsampling (Kopf et al. 2007) with 2x2 taps, 0.91, 0.90, 0.89, 0.91 at its best, with wider
 * windows worse than bilinear; the fast guided filter (He and Sun 2015), which also smooths, 1.4 and more.
 */

import type { Plane, Size } from '../raster/resize.ts';
import { injectionGains } from './injection.ts';

/** How a* and b* are brought to the picture's size. */
export const UPSAMPLINGS = ['guided', 'bilinear'] as const;
export type Upsampling = (typeof UPSAMPLINGS)[number];

/**
 * Detail is softly limited to this many 8-bit codes, `d / sqrt(1 + (d / limit)²)`: a slope found among the small plane's
 * greys is not trusted far from them (glints, grain, hair). With 15 fewer
 * pictures get worse (3 instead of 7 of 71 at n = 112), and the others better by less (0.82 for 0.79 at n = 32).
 */
export const DETAIL_LIMIT = 20;

/** Writes row `y` of a*, b*, `[W, 2]`. `grey`: that row's own codes, `[W]`, as the network would have seen them. */
export type RowUpsampler = (y: number, grey: Uint16Array, ab: Float64Array) => void;

/** Small planes, and the part of them that is picture, in their pixels. */
export interface SmallPlanes extends Plane {
  readonly extent: Size;
}

/**
 * Upsamples bilinearly.
 *
 * @param planes - `[h, w, 2]`: a*, b*
 */
export function bilinearRows(planes: SmallPlanes, to: Size): RowUpsampler {
  const readRow = rowsBetween(planes, 2, to.height);
  const columns = taps(to.width, planes.extent.width);
  const row = new Float64Array(planes.width * 2);
  return (y, _, ab) => {
    readRow(y, row);
    for (let x = 0; x < to.width; ) {
      // One cell of the small plane: often many pixels.
      const cell = columns.low[x]!;
      const [l, h] = [cell * 2, columns.high[x]! * 2];
      const [a, b] = [row[l]!, row[l + 1]!];
      const [da, db] = [row[h]! - a, row[h + 1]! - b];
      for (; x < to.width && columns.low[x] === cell; x++) {
        const t = columns.fraction[x]!;
        ab[2 * x] = a + da * t;
        ab[2 * x + 1] = b + db * t;
      }
    }
  };
}

/**
 * Upsamples along the edges of the picture's grey.
 *
 * @param planes - `[h, w, 2]`: a*, b*
 * @param guide - `[h, w]`: the picture's grey at that size, 8-bit codes
 * @param max - largest code of the rows that will come: 255 or 65535
 */
export function guidedRows(planes: SmallPlanes, guide: Float32Array, to: Size, max: number): RowUpsampler {
  const five = withGains(planes, guide);
  const readRow = rowsBetween(five, 5, to.height);
  const columns = taps(to.width, planes.extent.width);
  const row = new Float64Array(five.width * 5);
  const scale = 255 / max;
  const bend = 1 / DETAIL_LIMIT ** 2;
  return (y, grey, ab) => {
    readRow(y, row);
    for (let x = 0; x < to.width; ) {
      const cell = columns.low[x]!;
      const [l, h] = [cell * 5, columns.high[x]! * 5];
      const [a, b, guided, gainA, gainB] = [row[l]!, row[l + 1]!, row[l + 2]!, row[l + 3]!, row[l + 4]!];
      const [da, db, dGuided] = [row[h]! - a, row[h + 1]! - b, row[h + 2]! - guided];
      const [dGainA, dGainB] = [row[h + 3]! - gainA, row[h + 4]! - gainB];
      for (; x < to.width && columns.low[x] === cell; x++) {
        const t = columns.fraction[x]!;
        const detail = grey[x]! * scale - (guided + dGuided * t);
        const soft = detail / Math.sqrt(1 + detail * detail * bend);
        ab[2 * x] = a + da * t + (gainA + dGainA * t) * soft;
        ab[2 * x + 1] = b + db * t + (gainB + dGainB * t) * soft;
      }
    }
  };
}

/** Lays a*, b*, the guide and both gains side by side: `[rows, columns, 5]`, without the padding. */
function withGains(planes: SmallPlanes, guide: Float32Array): SmallPlanes {
  const { extent } = planes;
  const [width, height] = [Math.ceil(extent.width), Math.ceil(extent.height)];
  const gains = injectionGains(planes, guide, width, height);
  const data = new Float32Array(width * height * 5);
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++, o += 5) {
      const from = y * planes.width + x;
      data[o] = planes.data[2 * from]!;
      data[o + 1] = planes.data[2 * from + 1]!;
      data[o + 2] = guide[from]!;
      data[o + 3] = gains[(y * width + x) * 2]!;
      data[o + 4] = gains[(y * width + x) * 2 + 1]!;
    }
  }
  return { data, width, height, extent };
}

/** Reads the row of the small planes that stands at the height of row `y` of `height`. */
function rowsBetween(planes: SmallPlanes, channels: number, height: number) {
  const { data } = planes;
  const length = planes.width * channels;
  const rows = taps(height, planes.extent.height);
  return (y: number, row: Float64Array): void => {
    const top = rows.low[y]! * length;
    const bottom = rows.high[y]! * length;
    const t = rows.fraction[y]!;
    for (let i = 0; i < length; i++) row[i] = (1 - t) * data[top + i]! + t * data[bottom + i]!;
  };
}

interface Taps {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  readonly fraction: Float64Array;
}

/** For each of `to` pixels: the two neighbors among the first `extent` pixels of the small plane, and the second's weight. */
function taps(to: number, extent: number): Taps {
  const last = Math.ceil(extent) - 1;
  const found = { low: new Uint32Array(to), high: new Uint32Array(to), fraction: new Float64Array(to) };
  for (let i = 0; i < to; i++) {
    const position = Math.min(Math.max(((i + 0.5) * extent) / to - 0.5, 0), last);
    const low = Math.floor(position);
    found.low[i] = low;
    found.high[i] = Math.min(low + 1, last);
    found.fraction[i] = position - low;
  }
  return found;
}
