import { expect, test } from 'vitest';
import { emitMatmul, emitVectorMatmul, type MatmulGeometry } from '../../../src/kernels/nn/matmul.ts';
import { expectClose } from '../../reference/close.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

type Batch = MatmulGeometry['batch'];

/** Batched product in float64. */
function matmul(a: Float32Array, b: Float32Array, g: MatmulGeometry): Float64Array {
  const { rows, inner, columns } = g;
  const y: number[] = [];
  const matrix = (extents: Batch, at: readonly number[]) =>
    extents.reduce((i, extent, axis) => i * extent + (extent === 1 ? 0 : at[axis]!), 0);
  for (let i = 0; i < g.batch[0]; i++)
    for (let j = 0; j < g.batch[1]; j++)
      for (let k = 0; k < g.batch[2]; k++) {
        const [ofA, ofB] = [matrix(g.batchA, [i, j, k]), matrix(g.batchB, [i, j, k])];
        for (let r = 0; r < rows; r++)
          for (let c = 0; c < columns; c++) {
            let sum = 0;
            for (let t = 0; t < inner; t++)
              sum += a[(ofA * rows + r) * inner + t]! * b[(ofB * inner + t) * columns + c]!;
            y.push(sum);
          }
      }
  return Float64Array.from(y);
}

const product = (batch: Batch): number => batch[0] * batch[1] * batch[2];

const CASES: readonly (readonly [rows: number, inner: number, columns: number, a: Batch, b: Batch])[] = [
  [1, 1, 1, [1, 1, 2], [1, 1, 2]],
  [4, 4, 4, [1, 1, 3], [1, 1, 3]],
  [3, 5, 7, [1, 2, 3], [1, 2, 3]],
  [5, 3, 8, [1, 1, 5], [1, 1, 5]],
  [5, 8, 3, [1, 1, 5], [1, 1, 5]],
  [7, 6, 5, [2, 1, 3], [1, 4, 1]],
  [8, 4, 8, [1, 1, 1], [2, 3, 2]],
  [2, 9, 4, [3, 1, 2], [3, 5, 1]],
  [17, 64, 33, [1, 4, 2], [1, 4, 2]],
  [1, 1023, 1, [1, 1, 7], [1, 1, 7]],
  [1, 5003, 5, [1, 1, 2], [1, 1, 2]],
  [64, 64, 64, [1, 2, 2], [1, 2, 2]],
];

test.each(CASES)('%ix%ix%i, batches %j and %j', async (rows, inner, columns, batchA, batchB) => {
  const batch = batchA.map((extent, axis) => Math.max(extent, batchB[axis]!)) as unknown as Batch;
  const g = { batch, batchA, batchB, rows, inner, columns };
  const a = random(product(batchA) * rows * inner, 1);
  const b = random(product(batchB) * inner * columns, 2);
  const y = poisoned(product(batch) * rows * columns);
  await run((emit) => emitMatmul(emit, { a: upload(a), b: upload(b), y }, g));
  const got = await gpu.readFloats(y, product(batch) * rows * columns);
  // A random walk of `inner` products below 1, rounded at each step.
  expectClose(got, matmul(a, b, g), { absolute: 6e-8 * inner + 1e-7 });
});

test.each([
  [1, 1],
  [31, 5],
  [32, 1],
  [1009, 7],
  [1536, 1001],
  [2080, 1000],
  [64, 20000],
])('a vector of %i times a matrix of %i columns', async (inner, columns) => {
  const [a, b] = [random(inner, 1), random(inner * columns, 2)];
  const y = poisoned(columns);
  await run((emit) => emitVectorMatmul(emit, { a: upload(a), b: upload(b), y }, { inner, columns }));
  const ones: Batch = [1, 1, 1];
  const want = matmul(a, b, { batch: ones, batchA: ones, batchB: ones, rows: 1, inner, columns });
  expectClose(await gpu.readFloats(y, columns), want, { absolute: 6e-8 * inner + 1e-7 });
});

test('what lies behind a matrix does not leak in', async () => {
  const nan = Number.NaN;
  // The inner extent of 3 leaves a term of a vec4 unused: it meets the next matrix of NaNs, or the buffer's end.
  const a = upload(Float32Array.of(1, 2, 3, nan, nan, nan));
  const b = upload(Float32Array.of(4, 5, 6, nan, nan, nan));
  const y = poisoned(2);
  const ones: Batch = [1, 1, 2];
  await run((emit) =>
    emitMatmul(emit, { a, b, y }, { batch: ones, batchA: ones, batchB: ones, rows: 1, inner: 3, columns: 1 }),
  );
  expect([...(await gpu.readFloats(y, 2))]).toEqual([32, nan]);
});
