import { expect, test } from 'vitest';
import { emitCountNotFinite } from '../../../src/kernels/reduction/count_not_finite.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

async function count(values: Float32Array<ArrayBuffer>, length = values.length): Promise<number> {
  const y = poisoned(1);
  await run((emit) => emitCountNotFinite(emit, { x: upload(values), y }, { count: length }));
  return (await gpu.readFloats(y, 1))[0]!;
}

// 4099 is one more than a workgroup's chunk; 5,000,011 has more chunks than a workgroup has threads.
test.each([1, 3, 4, 4099, 100_003, 5_000_011])('NaN and infinities among %i numbers are counted', async (length) => {
  const values = new Float32Array(Math.ceil(length / 4) * 4).fill(Number.NaN); // what lies behind does not count
  values.set(random(length, 3));
  expect(await count(values, length)).toBe(0);
  values[0] = Number.NaN;
  values[length >> 1] = Number.POSITIVE_INFINITY;
  values[length - 1] = Number.NEGATIVE_INFINITY;
  expect(await count(values, length)).toBe(Math.min(length, 3));
});

test('the bits decide: every kind of NaN, and the numbers beside infinity', async () => {
  const bits = Uint32Array.of(0x7f800001, 0xffc00000, 0x7fffffff, 0xff800000, 0x7f7fffff, 0xff7fffff, 1, 0x80000000);
  expect(await count(new Float32Array(bits.buffer))).toBe(4);
});
