/** What each color weighs in the loss: the table, and the loss with it. */
import { expect, test } from 'vitest';
import { countColors } from '../../../src/cli/train/colors.ts';
import { compile } from '../../../src/graph/compile.ts';
import { glorotUniform } from '../../../src/graph/initializers.ts';
import { reachable } from '../../../src/graph/node.ts';
import { ParameterLayout, ParameterSlab } from '../../../src/graph/parameters.ts';
import { colorizationNetwork } from '../../../src/model/network.ts';
import { assembleBatch, type DecodedPicture, sourceSize } from '../../../src/train/data/batch.ts';
import { BINS, binOf, colorWeights } from '../../../src/train/data/rebalance.ts';
import { centered } from '../../../src/train/data/sampler.ts';
import { lossGraph } from '../../../src/train/loss.ts';
import { labOf } from '../../reference/lab.ts';
import { gpu } from '../../support/gpu.ts';
import { datasetOf } from '../../support/pictures.ts';
import { random } from '../../support/random.ts';
import { refusal } from '../../support/refusal.ts';

const GREY = binOf(0, 0);
/** Grey, a common color and a rare one, far from each other. */
const counts = new Array<number>(BINS ** 2).fill(0);
counts[GREY] = 9000;
counts[binOf(50, 0)] = 990;
counts[binOf(-50, -50)] = 10;

test('weights follow the formula, and are 1 in the mean of what was counted', () => {
  const weights = colorWeights(counts, 0.5);
  const share = (bin: number) => counts[bin]! / 10_000;
  const mean = counts.reduce((sum, _, bin) => sum + share(bin) * weights[bin]!, 0);
  expect(mean).toBeCloseTo(1, 6);
  // A Gaussian of half a bin keeps 1 / (1 + 2 exp(−2)) in each direction.
  const kept = (1 / (1 + 2 * Math.exp(-2))) ** 2;
  const formula = (bin: number) => 1 / (0.5 * kept * share(bin) + 0.5 / 3);
  for (const bin of [binOf(50, 0), binOf(-50, -50)]) {
    expect(weights[bin]! / weights[GREY]!).toBeCloseTo(formula(bin) / formula(GREY), 5);
  }
  // Never seen, and not next to what was: as if rare.
  expect(weights[binOf(90, 90)]! / weights[GREY]!).toBeCloseTo(formula(binOf(90, 90)) / formula(GREY), 5);
});

test('the nearer λ is to 0, the more a rare color weighs; 1 weighs all alike', () => {
  const rare = [1, 0.5, 0.1].map((lambda) => colorWeights(counts, lambda)[binOf(-50, -50)]!);
  expect(rare[0]).toBe(1);
  expect(rare[1]!).toBeGreaterThan(1);
  expect(rare[2]!).toBeGreaterThan(2 * rare[1]!);
  expect(new Set(colorWeights(counts, 1))).toEqual(new Set([1]));
});

test('a table of nothing is refused', () => {
  const none = new Array<number>(BINS ** 2).fill(0);
  expect(() => colorWeights(none, 0.5)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: rebalance: expected 529 counts above 0 in all, got 529 and 0]`,
  );
  expect(() => colorWeights([1], 0.5)).toThrow(refusal('ShapeError', 'rebalance', '1 and 1', '529 counts above 0'));
});

test('pixels are counted by color, at a distance from each other in large pictures', async () => {
  const blue: DecodedPicture = { width: 200, height: 100, data: new Uint8Array(200 * 100 * 4) };
  for (let i = 0; i < blue.data.length; i += 4) blue.data.set([0, 0, 255, 255], i);
  const grey: DecodedPicture = { width: 30, height: 40, data: new Uint8Array(30 * 40 * 4).fill(128) };
  const colors = await countColors({ length: 2, picture: async (i) => [blue, grey][i]! });
  const [, a, b] = labOf([0, 0, 255]);
  // Every third pixel of every third row: 20,000 are more than 4096 · 2².
  expect(colors[binOf(a, b)]).toBe(67 * 34);
  expect(colors[GREY]).toBe(30 * 40);
  expect(colors.reduce((sum, count) => sum + count)).toBe(67 * 34 + 30 * 40);
});

test.each([
  [1, false],
  [1.5, true],
])('the loss weighs each pixel by its true color: gain %f, masked %s', async (gain, masked) => {
  const size = 32;
  const microBatch = 2;
  const weights = random(BINS ** 2, 8).map((value) => value + 1.5);
  const config = { microBatch, size, lightness: 'luma', chromaScale: gain, masked } as const;
  const { loss, answer, target } = lossGraph({ ...config, colorWeights: weights }, (lightness) =>
    colorizationNetwork({ widthDivisor: 8, embeddingWidth: 0 }, lightness),
  );
  const parameters = new ParameterSlab(gpu, 'test', new ParameterLayout(reachable([loss])));
  parameters.write(glorotUniform(parameters.layout, 7));
  const executable = await compile(gpu, { label: 'test', parameters, outputs: { loss, answer, target } });
  const whole = datasetOf(microBatch, sourceSize(size));
  const padded = {
    length: microBatch,
    pad: 'white' as const,
    picture: async (i: number) => (await datasetOf(microBatch, 20 + i).picture(i)) as DecodedPicture,
  };
  const batch = await assembleBatch(masked ? padded : whole, [centered(0), centered(1)], size);
  executable.feed('pixels', batch.pixels);
  executable.feed('crops', batch.crops);
  executable.run();
  const [got, y, t] = await Promise.all(['loss', 'answer', 'target'].map((name) => executable.read(name)));
  let want = 0;
  let bars = 0;
  for (let i = 0; i < microBatch * size * size; i++) {
    const side = 20 + Math.floor(i / size ** 2);
    const first = Math.floor((sourceSize(size) - side) / 2) - Math.floor((sourceSize(size) - size) / 2);
    const inside = [Math.floor(i / size) % size, i % size].every((at) => at >= first && at < first + side);
    if (masked && !inside) {
      bars++;
      expect([t![2 * i], t![2 * i + 1]]).toEqual([0, 0]);
      continue;
    }
    const weight = weights[binOf((127 * t![2 * i]!) / gain, (127 * t![2 * i + 1]!) / gain)]!;
    want += weight * ((y![2 * i]! - t![2 * i]!) ** 2 + (y![2 * i + 1]! - t![2 * i + 1]!) ** 2);
  }
  expect(bars).toBe(masked ? 2 * size ** 2 - 20 ** 2 - 21 ** 2 : 0);
  // A pixel on a bin's edge may fall to either side: one of 2048, a factor of 2.5 at most.
  expect(Math.abs((2 * microBatch * size * size * got![0]!) / want - 1)).toBeLessThan(1e-3);
  executable.close();
  parameters.close();
});
