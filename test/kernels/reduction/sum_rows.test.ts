import { expect, test } from 'vitest';
import { emitSum, emitSumRows } from '../../../src/kernels/reduction/sum_rows.ts';
import { expectClose } from '../../reference/close.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

const SHAPES = [
  [1, 1, 1],
  [1, 3, 2],
  [1, 4, 3],
  [1, 5, 4],
  [1, 255, 64],
  [1, 256, 64],
  [1, 257, 64],
  [3, 1009, 5],
  [1, 4096, 1],
  [1, 4097, 1],
  [7, 784, 256],
  [2, 31, 1001],
  [1, 100003, 2],
  [1, 50176, 32],
] as const;

test.each(SHAPES)('outer %i, rows %i, channels %i', async (outer, rows, channels) => {
  const x = random(outer * rows * channels);
  const y = poisoned(outer * channels);
  const again = poisoned(outer * channels);
  const input = upload(x);
  await run((emit) => emitSumRows(emit, { x: input, y }, { outer, rows, channels }));
  await run((emit) => emitSumRows(emit, { x: input, y: again }, { outer, rows, channels }));
  const want = new Float64Array(outer * channels);
  x.forEach((v, i) => {
    want[Math.floor(i / (rows * channels)) * channels + (i % channels)]! += v;
  });
  const got = await gpu.readFloats(y, outer * channels);
  // Values below 1, added in chains of some 50: each partial sum is below rows, typically sqrt(rows).
  expectClose(got, want, { absolute: 2e-7 * Math.sqrt(rows) * 4 });
  expect(await gpu.readFloats(again, outer * channels), 'two runs agree to the bit').toEqual(got);
});

test.each([1, 2, 3, 4, 257, 5003, 300007])('the sum of %i numbers', async (count) => {
  const x = random(count).map((v) => v + 1);
  const y = poisoned(1);
  await run((emit) => emitSum(emit, { x: upload(x), y }, { count }));
  // Positive terms: the relative error is at most the depth of the additions times 6e-8, and mostly its root.
  expectClose(await gpu.readFloats(y, 1), [x.reduce((a, b) => a + b, 0)], { relative: 5e-7 });
});
