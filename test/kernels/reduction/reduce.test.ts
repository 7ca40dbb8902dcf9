/** Sums, means and maxima over rows, against float64. */
import { describe, expect, test } from 'vitest';
import { emitReduce } from '../../../src/kernels/reduction/reduce.ts';
import { expectClose } from '../../reference/close.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

/** Around a chain, a workgroup and a chunk of rows; one to many columns. */
const SHAPES = [
  [1, 1, 1],
  [1, 1, 1003],
  [5, 3, 2],
  [100003, 5, 1],
  [7, 255, 4],
  [3, 256, 3],
  [2, 257, 6],
  [1, 64, 1536],
  [2, 4095, 1],
  [1, 4097, 1],
  [3, 1009, 5],
  [2, 22201, 32],
  [1, 100003, 2],
  [1, 1000003, 1],
  [7000, 300, 1],
] as const;

describe.each(SHAPES)('outer %i, rows %i, channels %i', (outer, rows, channels) => {
  // Not centered, so that sums are large and their rounding errors too.
  const x = random(outer * rows * channels).map((v) => v + 0.5);

  test.each(['sum', 'mean', 'max'] as const)('%s', async (reduction) => {
    const want = new Float64Array(outer * channels).fill(reduction === 'max' ? Number.NEGATIVE_INFINITY : 0);
    x.forEach((v, i) => {
      const at = Math.floor(i / (rows * channels)) * channels + (i % channels);
      want[at] = reduction === 'max' ? Math.max(want[at]!, v) : want[at]! + v / (reduction === 'mean' ? rows : 1);
    });
    const input = upload(x);
    const [y, again] = [poisoned(outer * channels), poisoned(outer * channels)];
    await run((emit) => emitReduce(emit, { x: input, y }, reduction, { outer, rows, channels }));
    await run((emit) => emitReduce(emit, { x: input, y: again }, reduction, { outer, rows, channels }));
    const got = await gpu.readFloats(y, outer * channels);
    // Chains of tens, then trees: a few roundings of sums of up to `rows` numbers of some 0.7.
    const absolute = { sum: 4e-7 * rows, mean: 4e-7, max: 0 }[reduction];
    expectClose(got, want, { absolute });
    expect(await gpu.readFloats(again, outer * channels), 'two runs agree to the bit').toEqual(got);
    for (const buffer of [input, y, again]) gpu.free(buffer);
  });
});

test('a sum of ten million ones and a maximum with a NaN are exact', async () => {
  const count = 10_000_001;
  const x = new Float32Array(count).fill(1);
  const y = poisoned(1);
  await run((emit) => emitReduce(emit, { x: upload(x), y }, 'sum', { outer: 1, rows: count, channels: 1 }));
  expect([...(await gpu.readFloats(y, 1))]).toEqual([count]);
  x[4_000_000] = Number.NaN;
  await run((emit) => emitReduce(emit, { x: upload(x), y }, 'max', { outer: 1, rows: count, channels: 1 }));
  expect([...(await gpu.readFloats(y, 1))]).toEqual([Number.NaN]);
});

test('the maximum of infinities is one', async () => {
  const inf = Number.POSITIVE_INFINITY;
  const y = poisoned(2);
  const x = upload(Float32Array.of(-inf, 3, -inf, inf, -inf, 5));
  await run((emit) => emitReduce(emit, { x, y }, 'max', { outer: 1, rows: 3, channels: 2 }));
  expect([...(await gpu.readFloats(y, 2))]).toEqual([-inf, inf]);
});
