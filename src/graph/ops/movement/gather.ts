import { widthFor } from '../../../kernels/core/vector_width.ts';
import { gather as gatherKernel } from '../../../kernels/movement/gather.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, type Shape, sizeOf } from '../../node.ts';
import { tensor } from '../core/tensor.ts';
import { expectAxis, expectElements } from './axes.ts';

export interface GatherAttrs {
  readonly axis: number;
}

/** Whole numbers up to here are exact in float32. */
const MAX_EXTENT = 2 ** 24;

/** y[…, k, …] = x[…, index[k], …] at `axis`.   index [count], constant: made by `gather`, which checks it. */
export const gatherOp = defineOp<GatherAttrs>({
  name: 'gather',
  shape: ([x, index], { axis }) => {
    expectElements('gather', x!, index!);
    expectAxis('gather', axis, x!);
    if (index!.length !== 1)
      throw new ShapeError({ where: 'gather', expected: 'indices [count]', got: describe(index!) });
    return x!.with(axis, index![0]!);
  },
  lower: (emit, { inputs: [x, index], shapes, output, shape }, { axis }) => {
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    const params = { outer, extent: shapes[0]![axis]!, count: shape[axis]!, inner };
    emit.call(gatherKernel, { x: x!, index: index!, y: output }, params, { vector: widthFor(inner) });
  },
  gradient: 'inference',
});

/** Takes the slices `indices` (from 0) of `axis`, in their order. @throws ShapeError for an index that `x` lacks. */
export const gather = (x: Node, axis: number, indices: readonly number[]): Node =>
  apply(gatherOp, [x, indexTensor('gather', x.shape, axis, indices)], { axis });

/** Indices (from 0) into `axis` of an array of `x`, as a tensor. @throws ShapeError for one that is not there. */
export function indexTensor(op: string, x: Shape, axis: number, indices: readonly number[], shape = [indices.length]) {
  expectAxis(op, axis, x);
  const extent = x[axis]!;
  if (extent > MAX_EXTENT) {
    throw new ShapeError({
      where: op,
      expected: `an axis of at most ${MAX_EXTENT}`,
      got: extent,
      hint: 'split it by reshape',
    });
  }
  const wrong = indices.find((index) => !Number.isInteger(index) || index < 0 || index >= extent);
  if (wrong !== undefined) {
    throw new ShapeError({ where: op, expected: `indices from 0 to ${extent - 1} in axis ${axis}`, got: wrong });
  }
  // Tensors of one name are taken for one.
  return tensor(`indices ${indices.join(' ')}`, shape, () => Float32Array.from(indices));
}
