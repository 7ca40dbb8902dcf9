import { expect, test } from 'vitest';
import { emitSoftmax } from '../../../src/kernels/reduction/softmax.ts';
import { expectClose } from '../../reference/close.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

/** In float64, of [outer, rows, channels]. */
function softmax(x: Float32Array, rows: number, channels: number): Float64Array {
  const column = (i: number) => Math.floor(i / (rows * channels)) * channels + (i % channels);
  const most = new Float64Array(x.length / rows).fill(Number.NEGATIVE_INFINITY);
  const sums = new Float64Array(x.length / rows);
  x.forEach((v, i) => {
    most[column(i)] = Math.max(most[column(i)]!, v);
  });
  const powers = Float64Array.from(x, (v, i) => Math.exp(v - most[column(i)]!));
  powers.forEach((v, i) => {
    sums[column(i)]! += v;
  });
  return powers.map((v, i) => v / sums[column(i)]!);
}

test.each([
  [1, 1, 1],
  [2, 3, 5],
  [3, 1001, 1],
  [1, 1000, 1],
  [5, 7, 4],
  [2, 255, 6],
  [1, 257, 257],
  [70001, 3, 1],
  [1, 100003, 1],
  [1, 100000, 8],
  [64, 64, 64],
])('outer %i, rows %i, channels %i', async (outer, rows, channels) => {
  const count = outer * rows * channels;
  const x = random(count).map((v) => 8 * v);
  const y = poisoned(count);
  await run((emit) => emitSoftmax(emit, { x: upload(x), y }, { outer, rows, channels }));
  const got = await gpu.readFloats(y, count);
  // WGSL allows exp(v) an error of 3 + 2 |v| ulp, here up to 35, and a division 2.5.
  expectClose(got, softmax(x, rows, channels), { relative: 40 * 1.2e-7, absolute: 1e-12 });
});

test.each([
  ['large', 3e38],
  ['very negative', -3e38],
  ['some thousands', 5000],
])('%s numbers do not overflow', async (_, offset) => {
  const x = Float32Array.of(offset, offset, offset / 2, offset, offset / 2, offset);
  const y = poisoned(x.length);
  await run((emit) => emitSoftmax(emit, { x: upload(x), y }, { outer: 2, rows: 3, channels: 1 }));
  expectClose(await gpu.readFloats(y, x.length), softmax(x, 3, 1), { relative: 1e-6, absolute: 1e-30 });
  const sums = softmax(x, 3, 1).reduce((a, b) => a + b, 0);
  expect(sums).toBeCloseTo(2, 12);
});
