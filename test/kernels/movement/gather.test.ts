/** gather: slices in another order, around vec4s and workgroups. */
import { expect, test } from 'vitest';
import { widthFor } from '../../../src/kernels/core/vector_width.ts';
import { gather } from '../../../src/kernels/movement/gather.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

test.each([
  [1, 1, 1, 1],
  [1, 300, 257, 1],
  [3, 5, 7, 4],
  [2, 9, 31, 6],
  [5, 3, 2, 13],
  [2, 2, 64, 12],
])('[%i, %i → %i, %i]', async (outer, extent, count, inner) => {
  const x = random(outer * extent * inner);
  const index = random(count, 2).map((v) => Math.floor(Math.abs(v) * extent));
  const elements = outer * count * inner;
  const y = poisoned(elements);
  const params = { outer, extent, count, inner };
  await run((emit) =>
    emit.call(gather, { x: upload(x), index: upload(index), y }, params, { vector: widthFor(inner) }),
  );
  const want = Float32Array.from({ length: elements }, (_, at) => {
    const o = Math.floor(at / (count * inner));
    const k = Math.floor(at / inner) % count;
    return x[(o * extent + index[k]!) * inner + (at % inner)]!;
  });
  const got = await gpu.readFloats(y);
  expect(got.slice(0, elements)).toEqual(want);
  expect(got.slice(elements).every(Number.isNaN), 'what lies behind stays').toBe(true);
});
