import { argMax as argMaxKernel } from '../../../kernels/reduction/arg_max.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, type Node, sizeOf } from '../../node.ts';
import { expectAxis, expectElements } from '../movement/axes.ts';

export interface ArgMaxAttrs {
  readonly axis: number;
  /** Takes the last of equal elements, not the first. */
  readonly last: boolean;
}

/** Whole numbers up to here are exact in float32. */
const MAX_EXTENT = 2 ** 24;

/** y = the index along `axis` at which x is largest, as a float; the axis becomes 1. NaN is larger than all others. */
export const argMaxOp = defineOp<ArgMaxAttrs>({
  name: 'arg_max',
  shape: ([x], { axis }) => {
    expectElements('arg_max', x!);
    expectAxis('arg_max', axis, x!);
    if (x![axis]! > MAX_EXTENT) {
      throw new ShapeError({
        where: 'arg_max',
        expected: `an axis of at most ${MAX_EXTENT}`,
        got: x![axis]!,
        hint: 'split it by reshape',
      });
    }
    return x!.with(axis, 1);
  },
  lower: (emit, { inputs: [x], shapes: [shape], output }, { axis, last }) =>
    emit.call(
      argMaxKernel,
      { x: x!, y: output },
      {
        outer: sizeOf(shape!.slice(0, axis)),
        rows: shape![axis]!,
        channels: sizeOf(shape!.slice(axis + 1)),
        last: last ? 1 : 0,
      },
    ),
  gradient: 'inference',
});

/** Finds the largest elements along `axis` (from 0). @throws ShapeError for an axis that `x` does not have. */
export const argMax = (x: Node, axis: number, last = false) => apply(argMaxOp, [x], { axis, last });
