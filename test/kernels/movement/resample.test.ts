/** resample: weighted sums of slices, around vec4s and workgroups. */
import { expect, test } from 'vitest';
import { widthFor } from '../../../src/kernels/core/vector_width.ts';
import { resample } from '../../../src/kernels/movement/resample.ts';
import { expectClose } from '../../reference/close.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

test.each([
  [1, 1, 1, 1, 1],
  [1, 300, 257, 1, 2],
  [3, 5, 7, 4, 4],
  [2, 9, 31, 6, 2],
  [5, 3, 2, 13, 3],
])('[%i, %i → %i, %i], %i taps', async (outer, extent, count, inner, taps) => {
  const x = random(outer * extent * inner);
  const index = random(count * taps, 2).map((v) => Math.floor(Math.abs(v) * extent));
  const weight = random(count * taps, 3);
  const elements = outer * count * inner;
  const y = poisoned(elements);
  const buffers = { x: upload(x), index: upload(index), weight: upload(weight), y };
  const params = { outer, extent, count, inner, taps };
  await run((emit) => emit.call(resample, buffers, params, { vector: widthFor(inner) }));
  const want = Array.from({ length: elements }, (_, at) => {
    const o = Math.floor(at / (count * inner));
    const k = Math.floor(at / inner) % count;
    const term = (t: number) => weight[t]! * x[(o * extent + index[t]!) * inner + (at % inner)]!;
    return Array.from({ length: taps }, (_, t) => term(k * taps + t)).reduce((sum, each) => sum + each, 0);
  });
  const got = await gpu.readFloats(y);
  expectClose(got.slice(0, elements), want, { absolute: taps * 1.2e-7 });
  expect(got.slice(elements).every(Number.isNaN), 'what lies behind stays').toBe(true);
});

test('a weight of 0 takes nothing, not even NaN', async () => {
  const y = poisoned(1);
  const x = upload(Float32Array.of(Number.NaN, 3));
  const buffers = { x, index: upload(Float32Array.of(0, 1)), weight: upload(Float32Array.of(0, 2)), y };
  await run((emit) =>
    emit.call(resample, buffers, { outer: 1, extent: 2, count: 1, inner: 1, taps: 2 }, { vector: 'scalar' }),
  );
  expect((await gpu.readFloats(y))[0]).toBe(6);
});
