/**
 * Resampling of one axis, as numbers: which old elements make a new one, and with which weights.
 *
 * Nearest neighbors are those of ONNX's reference evaluator to the last one: in float64, in its order of operations, and
 * with its rounding where it pads the axis by 1. Ties depend on all three: 20 → 6 elements put element 4 at 14.5, and
 * others at 14.500000000000002. ONNX Runtime computes in float32, and of all sizes 1 to 96 chooses another neighbor in
 * some 2.5 % of the pairs; there the reference counts, since it is what the standard has.
 */
import { range } from '../values.ts';

/** How an axis changes. */
export interface Axis {
  readonly from: number;
  readonly to: number;
  /** The new extent by the old one, as the file states it; `scale * from` need not be `to`. */
  readonly scale: number;
  /** The part that is taken, in units of the whole axis: for `tf_crop_and_resize`. */
  readonly roi: readonly [begin: number, end: number];
}

/** For each new element: which old ones are added, with which weights. No weights: it lies outside. */
export interface Taps {
  readonly indices: readonly (readonly number[])[];
  readonly weights: readonly (readonly number[])[];
}

/** Where the element `at` of the new axis lies on the old one. */
const sources = {
  half_pixel: (at: number, { scale }: Axis) => (at + 0.5) / scale - 0.5,
  half_pixel_symmetric: (at: number, { from, to, scale }: Axis) =>
    (from / 2) * (1 - to / (scale * from)) + (at + 0.5) / scale - 0.5,
  // The reference has -0.5 for a single element; the standard's text and ONNX Runtime have 0. The nearest is the same.
  pytorch_half_pixel: (at: number, { from, scale }: Axis) => (scale * from === 1 ? 0 : (at + 0.5) / scale - 0.5),
  align_corners: (at: number, { from, scale }: Axis) =>
    scale * from === 1 ? 0 : (at * (from - 1)) / (scale * from - 1),
  asymmetric: (at: number, { scale }: Axis) => at / scale,
  tf_half_pixel_for_nn: (at: number, { scale }: Axis) => (at + 0.5) / scale,
  tf_crop_and_resize: (at: number, { from, scale, roi: [begin, end] }: Axis) => {
    const part = (end - begin) * (from - 1);
    const offset = scale * from === 1 ? part / 2 : (at * (end - begin) * (from - 1)) / (scale * from - 1);
    return offset + begin * (from - 1);
  },
  /** Opset 10's, which the reference does not have: in float32, as ONNX Runtime computes it. */
  float32_asymmetric: (at: number, { scale }: Axis) => Math.fround(at / Math.fround(scale)),
} as const;

export type Coordinates = keyof typeof sources;

/** Whether the upper of two neighbors is taken; `ratio` is how far the place lies above the lower one, 0 < ratio ≤ 1. */
const roundings = {
  round_prefer_floor: (ratio: number) => ratio > 0.5,
  round_prefer_ceil: (ratio: number) => ratio >= 0.5,
  floor: (ratio: number) => ratio === 1,
  ceil: () => true,
  /** What there was before nearest_mode: up where the picture shrinks, else down. */
  by_scale: (ratio: number, scale: number) => scale < 1 || ratio === 1,
} as const;

export type Rounding = keyof typeof roundings;

/** The attribute values that there are; those that only old opsets mean are not among them. */
export const COORDINATES = Object.keys(sources).filter((name) => name !== 'float32_asymmetric');
export const ROUNDINGS = Object.keys(roundings).filter((name) => name !== 'by_scale');

/** Lists the old element that each new one is. Those outside of a region are the nearest at the edge. */
export function nearest(axis: Axis, coordinates: Coordinates, rounding: Rounding): number[] {
  return range(axis.to).map((at) => {
    const x = sources[coordinates](at, axis);
    // In the padded axis 2 + 4e-16 may be a whole number, and then the lower neighbor is the one below it.
    const padded = x + 1;
    const lower = Math.floor(padded) - (Number.isInteger(padded) ? 2 : 1);
    const ratio = x - Math.floor(x) || 1;
    return inside(lower + (roundings[rounding](ratio, axis.scale) ? 1 : 0), axis);
  });
}

/** Weighs the two neighbors by their distance. */
export function linear(axis: Axis, coordinates: Coordinates): Taps {
  return tapsOf(axis, coordinates, 0, (ratio) => [1 - ratio, ratio]);
}

/** Weighs four neighbors by Keys's cubic; `a` is its free coefficient. */
export function cubic(axis: Axis, coordinates: Coordinates, a: number): Taps {
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return tapsOf(axis, coordinates, -1, (ratio) => [far(1 + ratio), near(ratio), near(1 - ratio), far(2 - ratio)]);
}

/** Whether each new element lies outside of the old axis: `tf_crop_and_resize` then has another value for it. */
export function outside(axis: Axis, coordinates: Coordinates): boolean[] {
  return range(axis.to).map((at) => {
    const x = sources[coordinates](at, axis);
    return coordinates === 'tf_crop_and_resize' && (x < 0 || x > axis.from - 1);
  });
}

function tapsOf(axis: Axis, coordinates: Coordinates, first: number, weigh: (ratio: number) => number[]): Taps {
  const places = range(axis.to).map((at) => sources[coordinates](at, axis));
  const weights = places.map((x) => weigh(x - Math.floor(x)));
  return {
    indices: places.map((x, at) => weights[at]!.map((_, tap) => inside(Math.floor(x) + first + tap, axis))),
    weights,
  };
}

const inside = (index: number, { from }: Axis) => Math.min(Math.max(index, 0), from - 1);
