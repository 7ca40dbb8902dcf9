/** Pooling and direct convolution in float64, for two or three spatial axes: slow, and meant to be obviously right. */
import { sizeOf } from '../../src/graph/node.ts';
import type { WindowGeometry } from '../../src/kernels/core/sliding_window.ts';
import { indicesOf, offsetOf } from './arrays.ts';

/** One position of a window: its image and output, its tap, and where that falls (maybe outside of the input). */
interface Position {
  readonly out: number;
  readonly tap: number;
  readonly at: readonly number[];
  /** The input's pixel, where it is inside. */
  readonly pixel: number | undefined;
}

/** Every tap of every window. */
export function* positions(g: WindowGeometry): Generator<Position> {
  for (const [n, ...out] of indicesOf([g.batch, ...g.outSize])) {
    for (const tap of indicesOf(g.kernel)) {
      const at = out.map((o, axis) => o * g.strides[axis]! - g.padBefore[axis]! + tap[axis]! * g.dilations[axis]!);
      const inside = at.every((i, axis) => i >= 0 && i < g.inSize[axis]!);
      yield {
        out: offsetOf([g.batch, ...g.outSize], [n!, ...out]),
        tap: offsetOf(g.kernel, tap),
        at,
        pixel: inside ? offsetOf([g.batch, ...g.inSize], [n!, ...at]) : undefined,
      };
    }
  }
}

/** Max or average pooling; with `padAfter` an average counts the padding. */
export function pool(
  x: ArrayLike<number>,
  g: WindowGeometry & { readonly channels: number },
  reduction: 'max' | 'average',
  padAfter?: readonly number[],
): Float64Array {
  const outputs = g.batch * sizeOf(g.outSize);
  const y = new Float64Array(outputs * g.channels).fill(reduction === 'max' ? Number.NEGATIVE_INFINITY : 0);
  const counts = new Float64Array(outputs);
  for (const { out, at, pixel } of positions(g)) {
    const padding = padAfter && at.every((i, axis) => i < g.inSize[axis]! + padAfter[axis]!);
    if (pixel !== undefined || padding) counts[out]! += 1;
    if (pixel === undefined) continue;
    for (let c = 0; c < g.channels; c++) {
      const value = x[pixel * g.channels + c]!;
      const i = out * g.channels + c;
      y[i] = reduction === 'max' ? Math.max(y[i]!, value) : y[i]! + value;
    }
  }
  return reduction === 'max' ? y : y.map((sum, i) => sum / counts[Math.floor(i / g.channels)]!);
}

/** Grouped, dilated convolution: w [...kernel, inChannels / groups, outChannels]. */
export function convolve(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  g: WindowGeometry & { readonly inChannels: number; readonly outChannels: number; readonly groups: number },
): Float64Array {
  const y = new Float64Array(g.batch * sizeOf(g.outSize) * g.outChannels);
  const depth = g.inChannels / g.groups;
  for (const { out, tap, pixel } of positions(g)) {
    if (pixel === undefined) continue;
    for (let co = 0; co < g.outChannels; co++) {
      const group = Math.floor(co / (g.outChannels / g.groups));
      for (let ci = 0; ci < depth; ci++) {
        y[out * g.outChannels + co]! +=
          x[pixel * g.inChannels + group * depth + ci]! * w[(tap * depth + ci) * g.outChannels + co]!;
      }
    }
  }
  return y;
}
