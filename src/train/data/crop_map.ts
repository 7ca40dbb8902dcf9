/** Feature maps of photographs as training keeps them, and squares of them. */
import { fromHalf } from '../../util/float16.ts';

/** A map of both images of a picture. */
export interface StoredMap {
  /** Cells. */
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** float16, [2, height, width, channels]: the picture's, then its mirror image's. */
  readonly halves: Uint16Array;
}

/** A square in cells. */
export interface CellSquare {
  readonly top: number;
  readonly left: number;
  readonly side: number;
}

/**
 * Cuts a square out of a map, of the picture or of its mirror image, where that is shown.
 *
 * @returns its values divided by `deviation`, [side, side, channels]
 */
export function cropMap(
  { height, width, channels, halves }: StoredMap,
  mirror: boolean,
  { top, left, side }: CellSquare,
  deviation = 1,
): Float32Array {
  const square = new Float32Array(side * side * channels);
  for (let y = 0; y < side; y++) {
    const from = (((mirror ? height : 0) + top + y) * width + left) * channels;
    const to = y * side * channels;
    for (let i = 0; i < side * channels; i++) square[to + i] = FLOATS[halves[from + i]!]! / deviation;
  }
  return square;
}

/** Every float16 as float32. */
export const FLOATS: Float32Array = Float32Array.from({ length: 2 ** 16 }, (_, bits) => fromHalf(bits));
