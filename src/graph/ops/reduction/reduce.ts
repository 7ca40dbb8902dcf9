/** The mean, the sum, the product or the maximum along some axes. */
import { emitReduce, type Rows } from '../../../kernels/reduction/reduce.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, type Shape, sizeOf } from '../../node.ts';

export type Reduction = 'mean' | 'sum' | 'max' | 'prod';

export interface ReduceAttrs {
  readonly fn: Reduction;
  /** Ascending, each of them once. */
  readonly axes: readonly number[];
  /** Leaves an extent of 1 where an axis was. */
  readonly keepDims: boolean;
}

/** y = mean, sum, product or max of x along `axes`. Runs of neighboring axes are reduced one after the other. */
export const reduceOp = defineOp<ReduceAttrs>({
  name: 'reduce',
  shape: ([x], { fn, axes, keepDims }) => {
    if (axes.some((axis, i) => !Number.isInteger(axis) || axis <= (axes[i - 1] ?? -1) || axis >= x!.length)) {
      throw new ShapeError({ where: 'reduce', expected: `different axes of ${describe(x!)}`, got: describe(axes) });
    }
    if (x!.some((extent) => extent < 1)) {
      throw new ShapeError({ where: 'reduce', expected: `elements to take the ${fn} of`, got: describe(x!) });
    }
    return x!.flatMap((extent, axis) => (!axes.includes(axis) ? [extent] : keepDims ? [1] : []));
  },
  lower: (emit, { inputs, shapes, output }, { fn, axes }) => {
    let x: typeof output = inputs[0]!;
    runsOf(shapes[0]!, axes).forEach((run, i, runs) => {
      const y = i === runs.length - 1 ? output : emit.scratch(run.outer * run.channels);
      emitReduce(emit, { x, y }, fn, run);
      x = y;
    });
  },
  gradient: 'inference',
});

/**
 * Reduces `x` along `axes`, in any order and negative ones counted from the end. No axes leave every element as it is.
 *
 * @throws ShapeError for axes that `x` does not have, or that come twice.
 */
export function reduce(fn: Reduction, x: Node, axes: readonly number[], keepDims: boolean): Node {
  const rank = x.shape.length;
  const ascending = axes.map((axis) => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b);
  return apply(reduceOp, [x], { fn, axes: ascending, keepDims });
}

/** The steps of a reduction, one for each run of neighboring axes; the last axes first, so that what is left is less. */
function runsOf(shape: Shape, axes: readonly number[]): Rows[] {
  const left = [...shape];
  const runs: Rows[] = [];
  for (let last = axes.length - 1; last >= 0; ) {
    let first = last;
    while (first > 0 && axes[first - 1] === axes[first]! - 1) first--;
    const [from, to] = [axes[first]!, axes[last]! + 1];
    const [outer, rows] = [sizeOf(left.slice(0, from)), sizeOf(left.slice(from, to))];
    runs.push({ outer, rows, channels: sizeOf(left.slice(to)) });
    left.fill(1, from, to);
    last = first - 1;
  }
  // A copy is a reduction of one row.
  return runs.length > 0 ? runs : [{ outer: 1, rows: 1, channels: sizeOf(shape) }];
}
