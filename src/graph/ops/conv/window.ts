/** Checks of the attributes of windows: kernels, strides, dilations and pads of two or three spatial axes. */
import type { Spatial } from '../../../kernels/core/sliding_window.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { describe, type Shape } from '../../node.ts';

/** One number a spatial axis each; `pads` first has those before, then those behind. */
export interface SlidingWindow {
  readonly strides: Spatial;
  readonly dilations: Spatial;
  readonly pads: readonly number[];
}

/** Extents of [batch, height, width, channels] or [batch, depth, height, width, channels]. */
export interface Extents {
  readonly batch: number;
  readonly size: Spatial;
  readonly channels: number;
}

/** More than any picture has along a side, and so little that no index computed from it leaves 32 bits. */
const MOST = 2 ** 24;

/** Takes `x` apart. @throws ShapeError unless it has two or three spatial axes. */
export function expectExtents(op: string, x: Shape): Extents {
  if (x.length < 4 || x.length > 5 || x.some((extent) => extent < 1)) {
    throw new ShapeError({ where: op, expected: 'x as [batch, (depth,) height, width, channels]', got: describe(x) });
  }
  return { batch: x[0]!, size: x.slice(1, -1), channels: x.at(-1)! };
}

/** @throws ShapeError unless there is a sensible number for each of the `axes`. */
export function expectWindow(op: string, axes: number, kernel: Spatial, window: SlidingWindow): void {
  const expect = (what: string, values: readonly number[], count: number, least: number) => {
    const fits = (value: number) => Number.isInteger(value) && value >= least && value <= MOST;
    if (values.length !== count || !values.every(fits)) {
      throw new ShapeError({
        where: op,
        expected: `${what} as ${count} integers from ${least} to ${MOST}`,
        got: describe(values),
      });
    }
  };
  expect('kernel', kernel, axes, 1);
  expect('strides', window.strides, axes, 1);
  expect('dilations', window.dilations, axes, 1);
  expect('pads', window.pads, 2 * axes, 0);
}

/** The room of each axis for the window to move in, in elements: what is left of the padded input beside one window. */
export function roomOf(size: Spatial, kernel: Spatial, { dilations, pads }: SlidingWindow): number[] {
  return size.map((extent, axis) => {
    const padded = extent + pads[axis]! + pads[axis + size.length]!;
    return padded - (kernel[axis]! - 1) * dilations[axis]! - 1;
  });
}
