import { expect, test } from 'vitest';
import { chromaWeight } from '../../../src/kernels/loss/chroma_weight.ts';
import { BINS, BINS_PER_UNIT, binOf } from '../../../src/train/data/rebalance.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

const table = Float32Array.from({ length: BINS ** 2 }, (_, bin) => bin + 1);

/** What the device finds for a* and b*, with the network's unit and a gain. */
async function weightsOf(ab: readonly number[], gain = 1): Promise<number[]> {
  const count = ab.length / 2;
  const y = poisoned(count);
  const chroma = upload(Float32Array.from(ab, (value) => (gain * value) / 127));
  const params = { count, side: BINS, scale: BINS_PER_UNIT / gain };
  await run((emit) => emit.call(chromaWeight, { chroma, table: upload(table), y }, params));
  return [...(await gpu.readFloats(y, count))];
}

test.each([1, 255, 256, 257, 5003])('%i pixels take the weight of their color', async (count) => {
  // Off the bins' edges, where a rounding decides.
  const ab = Array.from(random(2 * count, 4), (v) => 130 * v).map((v) => (Math.abs((v / 10) % 1) === 0.5 ? v + 1 : v));
  const want = Array.from({ length: count }, (_, i) => table[binOf(ab[2 * i]!, ab[2 * i + 1]!)]!);
  expect(await weightsOf(ab)).toEqual(want);
  expect(await weightsOf(ab, 1.25), 'a gain makes no difference').toEqual(want);
});

test('grey has a bin of its own in the middle, and colors past the table take its edge', async () => {
  const middle = (BINS - 1) / 2;
  expect(await weightsOf([0, 0, 4.9, -4.9, 5.1, 0, 0, -5.1, 500, -500])).toEqual([
    middle * BINS + middle + 1,
    middle * BINS + middle + 1,
    (middle + 1) * BINS + middle + 1,
    middle * BINS + middle,
    (BINS - 1) * BINS + 1,
  ]);
});
