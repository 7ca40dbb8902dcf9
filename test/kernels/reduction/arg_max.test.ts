/** arg_max: the place of the largest element, the first or the last of equal ones. */
import { expect, test } from 'vitest';
import { argMax } from '../../../src/kernels/reduction/arg_max.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

async function apply(x: Float32Array<ArrayBuffer>, outer: number, rows: number, channels: number, last: number) {
  const y = poisoned(outer * channels);
  await run((emit) => emit.call(argMax, { x: upload(x), y }, { outer, rows, channels, last }));
  const got = await gpu.readFloats(y);
  expect(got.slice(outer * channels).every(Number.isNaN), 'what lies behind stays').toBe(true);
  return Array.from(got.slice(0, outer * channels));
}

test.each([
  [1, 1, 1],
  [1, 1000, 1],
  [3, 7, 5],
  [1, 21, 65],
  [67, 2, 3],
])('[%i, %i, %i]', async (outer, rows, channels) => {
  // Few different numbers, so that there are equal ones.
  const x = random(outer * rows * channels).map((v) => Math.round(v * 4));
  const column = (i: number) =>
    Array.from({ length: rows }, (_, r) => x[(Math.floor(i / channels) * rows + r) * channels + (i % channels)]!);
  const columns = Array.from({ length: outer * channels }, (_, i) => column(i));
  expect(await apply(x, outer, rows, channels, 0)).toEqual(columns.map((of) => of.indexOf(Math.max(...of))));
  expect(await apply(x, outer, rows, channels, 1)).toEqual(columns.map((of) => of.lastIndexOf(Math.max(...of))));
});

test('NaN is the largest', async () => {
  const x = Float32Array.of(1, Number.NaN, 3, Number.NaN, Number.POSITIVE_INFINITY);
  expect(await apply(x, 1, 5, 1, 0)).toEqual([1]);
  expect(await apply(x, 1, 5, 1, 1)).toEqual([3]);
});
