/** Layout of arrays in memory, for ops that move them; and checks that those share. */
import { stridesOf } from '../../../kernels/core/six_axes.ts';
import { type Copy, joinAxes } from '../../../kernels/movement/strided_copy.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { type ChannelView, describe, type Shape } from '../../node.ts';

/** Where an output of `shape` lies: at the start of its buffer without gaps, or in a range of wider pixels. */
export function viewSteps(shape: Shape, view: ChannelView | undefined): { first: number; steps: number[] } {
  if (!view) return { first: 0, steps: stridesOf(shape) };
  const pixels = stridesOf(shape.slice(0, -1));
  return { first: view.first, steps: [...pixels.map((step) => step * view.stride), 1] };
}

/** @throws ShapeError where a shape is of no elements. */
export function expectElements(op: string, ...shapes: readonly Shape[]): void {
  for (const shape of shapes) {
    if (!shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
      throw new ShapeError({
        where: op,
        expected: 'extents of 1 or more',
        got: describe(shape),
        hint: 'leave out empty arrays',
      });
    }
  }
}

/** @throws ShapeError where `axis` is not one of `shape`'s. */
export function expectAxis(op: string, axis: number, shape: Shape): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
    throw new ShapeError({ where: op, expected: `an axis of ${describe(shape)}, 0 to ${shape.length - 1}`, got: axis });
  }
}

/** @throws ShapeError where `values` are not one integer for each axis of `shape`. */
export function expectPerAxis(op: string, what: string, values: readonly number[], shape: Shape): void {
  if (values.length !== shape.length || !values.every(Number.isInteger)) {
    throw new ShapeError({
      where: op,
      expected: `${shape.length} whole ${what}, one for each axis of ${describe(shape)}`,
      got: `[${values.join(', ')}]`,
    });
  }
}

/** Returns the shape of the output that `copy` fills. @throws ShapeError for more axes than the kernel has. */
export function copied(op: string, copy: Copy): Shape {
  joinAxes(op, copy);
  return copy.extents;
}
