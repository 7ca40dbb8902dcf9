/** The product of matrices, with numpy's rules for vectors and for batches. */
import { emitConv2d } from '../../../kernels/conv/index.ts';
import { emitMatmul, emitVectorMatmul } from '../../../kernels/nn/matmul.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, type Shape, sizeOf } from '../../node.ts';
import { reshape } from '../movement/reshape.ts';

/** y[.., r, c] = Σ over k of a[.., r, k] · b[.., k, c]. Batch axes are broadcast; a and b are matrices at least. */
export const matmulOp = defineOp({
  name: 'matmul',
  shape: ([a, b]) => {
    if (Math.min(a!.length, b!.length) < 2 || [...a!, ...b!].some((extent) => extent < 1)) {
      throw new ShapeError({
        where: 'matmul',
        expected: 'two arrays of matrices',
        got: `${describe(a!)} and ${describe(b!)}`,
      });
    }
    if (a!.at(-1) !== b!.at(-2)) {
      throw new ShapeError({
        where: 'matmul',
        expected: 'as many rows of b as columns of a',
        got: `a ${describe(a!)} and b ${describe(b!)}`,
      });
    }
    const rank = Math.max(a!.length, b!.length);
    const [left, right] = [batchOf(a!, rank - 2), batchOf(b!, rank - 2)];
    if (rank > 5 || left.some((extent, axis) => extent !== right[axis] && extent !== 1 && right[axis] !== 1)) {
      throw new ShapeError({
        where: 'matmul',
        expected: 'at most three batch axes, equal or 1 on one side',
        got: `a ${describe(a!)} and b ${describe(b!)}`,
      });
    }
    return [...left.map((extent, axis) => Math.max(extent, right[axis]!)), a!.at(-2)!, b!.at(-1)!];
  },
  lower: (emit, { inputs: [a, b], shapes: [ofA, ofB], shape, output }) => {
    const [rows, inner, columns] = [ofA!.at(-2)!, ofA!.at(-1)!, ofB!.at(-1)!];
    const oneMatrix = sizeOf(ofB!) === inner * columns;
    if (oneMatrix && sizeOf(ofA!) === inner) {
      emitVectorMatmul(emit, { a: a!, b: b!, y: output }, { inner, columns });
      return;
    }
    if (oneMatrix) {
      // One matrix b for all rows there are: a 1x1 convolution of a picture with one long row.
      const pixels = sizeOf(ofA!) / inner;
      emitConv2d(
        emit,
        { x: a!, w: b!, y: output },
        {
          ...{ batch: 1, inHeight: 1, inWidth: pixels, inChannels: inner },
          ...{ outHeight: 1, outWidth: pixels, outChannels: columns },
          ...{ kernelHeight: 1, kernelWidth: 1, strideY: 1, strideX: 1, padTop: 0, padLeft: 0 },
        },
        { activation: 'none' },
      );
      return;
    }
    const [batch, batchA, batchB] = [batchOf(shape, 3), batchOf(ofA!, 3), batchOf(ofB!, 3)];
    emitMatmul(emit, { a: a!, b: b!, y: output }, { batch, batchA, batchB, rows, inner, columns });
  },
  gradient: 'inference',
});

/**
 * Multiplies as numpy's `matmul` does: a vector on the left is a row, on the right a column, and leaves no axis behind.
 *
 * @throws ShapeError for scalars, for more than three batch axes, and for shapes that do not match.
 */
export function matmul(a: Node, b: Node): Node {
  const [row, column] = [a.shape.length === 1, b.shape.length === 1];
  const y = apply(
    matmulOp,
    [row ? reshape(a, [1, ...a.shape]) : a, column ? reshape(b, [...b.shape, 1]) : b],
    undefined,
  );
  if (!row && !column) return y;
  const batch = y.shape.slice(0, -2);
  return reshape(y, [...batch, ...(row ? [] : y.shape.slice(-2, -1)), ...(column ? [] : y.shape.slice(-1))]);
}

/** The extents before the last two, filled up to `axes` by ones in front. */
function batchOf(shape: Shape, axes: number): [number, number, number] {
  const batch = shape.slice(0, -2);
  return [...Array.from({ length: axes - batch.length }, () => 1), ...batch] as [number, number, number];
}
