import { widthFor } from '../../../kernels/core/vector_width.ts';
import { resample as resampleKernel } from '../../../kernels/movement/resample.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, sizeOf } from '../../node.ts';
import { tensor } from '../core/tensor.ts';
import { expectAxis, expectElements } from './axes.ts';
import { indexTensor } from './gather.ts';

export interface ResampleAttrs {
  readonly axis: number;
}

/** y[…, k, …] = Σ over t of weight[k, t] · x[…, index[k, t], …] at `axis`.   index, weight [count, taps], constant. */
export const resampleOp = defineOp<ResampleAttrs>({
  name: 'resample',
  shape: ([x, index, weight], { axis }) => {
    expectElements('resample', x!, index!, weight!);
    expectAxis('resample', axis, x!);
    if (index!.length !== 2 || index!.join() !== weight!.join()) {
      throw new ShapeError({
        where: 'resample',
        expected: 'indices and weights [count, taps]',
        got: `${describe(index!)} and ${describe(weight!)}`,
      });
    }
    return x!.with(axis, index![0]!);
  },
  lower: (emit, { inputs: [x, index, weight], shapes, output, shape }, { axis }) => {
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    const taps = shapes[1]![1]!;
    const params = { outer, extent: shapes[0]![axis]!, count: shape[axis]!, inner, taps };
    emit.call(resampleKernel, { x: x!, index: index!, weight: weight!, y: output }, params, {
      vector: widthFor(inner),
    });
  },
  gradient: 'inference',
});

/**
 * Interpolates along `axis`: slice k of the result is the sum of the slices `indices[k]` of x, times `weights[k]`.
 *
 * @throws ShapeError for an index that `x` lacks, or lists of different lengths.
 */
export function resample(
  x: Node,
  axis: number,
  indices: readonly (readonly number[])[],
  weights: readonly (readonly number[])[],
): Node {
  const taps = indices[0]?.length ?? 0;
  if (indices.some(({ length }, k) => length !== taps || weights[k]?.length !== taps)) {
    throw new ShapeError({
      where: 'resample',
      expected: `${taps} indices and weights for each slice`,
      got: 'other numbers',
    });
  }
  const shape = [indices.length, taps];
  const index = indexTensor('resample', x.shape, axis, indices.flat(), shape);
  const numbers = weights.flat();
  const weight = tensor(`weights ${numbers.join(' ')}`, shape, () => Float32Array.from(numbers));
  return apply(resampleOp, [x, index, weight], { axis });
}
