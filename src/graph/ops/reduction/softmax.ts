import { emitSoftmax } from '../../../kernels/reduction/softmax.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, sizeOf } from '../../node.ts';

/** y = exp(x − max) / Σ exp(x − max), where max and Σ are along `axis`. */
export const softmaxOp = defineOp<{ readonly axis: number }>({
  name: 'softmax',
  shape: ([x], { axis }) => {
    if (!Number.isInteger(axis) || axis < 0 || axis >= x!.length || sizeOf(x!) < 1) {
      throw new ShapeError({ where: 'softmax', expected: `an axis of ${describe(x!)}`, got: axis });
    }
    return x!;
  },
  lower: (emit, { inputs: [x], output, shape }, { axis }) =>
    emitSoftmax(
      emit,
      { x: x!, y: output },
      { outer: sizeOf(shape.slice(0, axis)), rows: shape[axis]!, channels: sizeOf(shape.slice(axis + 1)) },
    ),
  gradient: 'inference',
});

/** The softmax of `x` along `axis`; a negative one counts from the end. @throws ShapeError for an axis x has not. */
export const softmax = (x: Node, axis: number) =>
  apply(softmaxOp, [x], { axis: axis < 0 ? axis + x.shape.length : axis });
