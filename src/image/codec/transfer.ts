/** Conversion to sRGB from light of another kind: a curve for each component, and a matrix between primaries. */

import { linearToSrgb } from '../color/lab.ts';
import type { Picture } from '../raster/picture.ts';
import type { Curve } from './icc.ts';

/** How codes become linear sRGB. */
export interface Transfer {
  /** Codes (0..1) to linear light (0..1). */
  readonly curve: Curve;
  /** Linear R, G, B to linear sRGB, row by row; none where the primaries are sRGB's, or all is grey. */
  readonly matrix?: readonly number[];
}

/**
 * Converts an RGBA picture to sRGB, at its own depth, in place. Alpha stays.
 *
 * @param picture - RGBA, codes as they stand in the file
 */
export function toSrgb({ data }: Picture<Uint8ClampedArray | Uint16Array>, { curve, matrix: m }: Transfer): void {
  const max = data instanceof Uint16Array ? 65535 : 255;
  const clipped = (linear: number) => Math.min(Math.max(linear, 0), 1);
  const code = (linear: number) => Math.round(max * linearToSrgb(clipped(linear)));
  const light = Float64Array.from({ length: max + 1 }, (_, i) => curve(i / max));
  if (!m) {
    const codes = Uint16Array.from(light, code);
    for (let i = 0; i < data.length; i += 4) for (let c = i; c < i + 3; c++) data[c] = codes[data[c]!]!;
    return;
  }
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b] = [light[data[i]!]!, light[data[i + 1]!]!, light[data[i + 2]!]!];
    for (let c = 0; c < 3; c++) data[i + c] = code(m[3 * c]! * r + m[3 * c + 1]! * g + m[3 * c + 2]! * b);
  }
}
