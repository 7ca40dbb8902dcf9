import { stridesOf } from '../../../kernels/core/six_axes.ts';
import { type Copy, emitStridedCopy } from '../../../kernels/movement/strided_copy.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, type Shape } from '../../node.ts';
import { copied, expectElements, viewSteps } from './axes.ts';

export interface TransposeAttrs {
  /** Axis i of the output is axis `perm[i]` of the input. */
  readonly perm: readonly number[];
}

/** y[i₀, i₁, …] = x[j₀, j₁, …] where j of axis perm[k] is i of axis k. */
export const transposeOp = defineOp<TransposeAttrs>({
  name: 'transpose',
  shape: ([x], { perm }) => {
    expectElements('transpose', x!);
    if (x!.map((_, axis) => perm.indexOf(axis)).includes(-1) || perm.length !== x!.length) {
      throw new ShapeError({
        where: 'transpose',
        expected: `the axes of ${describe(x!)} in some order`,
        got: `[${perm.join(', ')}]`,
      });
    }
    return copied('transpose', copyOf(x!, perm));
  },
  lower: (emit, { inputs: [x], shapes, output }, { perm }) =>
    emitStridedCopy(emit, { x: x!, y: output }, copyOf(shapes[0]!, perm)),
  gradient: 'inference',
});

function copyOf(x: Shape, perm: readonly number[]): Copy {
  const steps = stridesOf(x);
  const extents = perm.map((axis) => x[axis]!);
  return { extents, x: { first: 0, steps: perm.map((axis) => steps[axis]!) }, y: viewSteps(extents, undefined) };
}

/** Reorders axes: axis i of the result is axis `perm[i]` of `x`. @throws ShapeError */
export const transpose = (x: Node, perm: readonly number[]) => apply(transposeOp, [x], { perm });
