/** Beyond plain Adam: clipping, the weights' average, warm-up; and that a checkpoint holds what they need. */
import { afterEach, expect, test } from 'vitest';
import { glorotUniform } from '../../../src/graph/initializers.ts';
import type { Tensors } from '../../../src/graph/parameters.ts';
import { colorizationNetwork } from '../../../src/model/network.ts';
import { decodeCheckpoint, encodeCheckpoint, encodeWeights, readState } from '../../../src/train/checkpoint.ts';
import { assembleBatch, sourceSize } from '../../../src/train/data/batch.ts';
import { BINS, colorWeights } from '../../../src/train/data/rebalance.ts';
import { Sampler } from '../../../src/train/data/sampler.ts';
import type { NetworkBuilder } from '../../../src/train/loss.ts';
import { warmup } from '../../../src/train/optimizer/schedule.ts';
import { decayAt } from '../../../src/train/optimizer/weight_average.ts';
import { Trainer, type TrainerConfig } from '../../../src/train/trainer.ts';
import { Validator } from '../../../src/train/validator.ts';
import { expectClose } from '../../reference/close.ts';
import { gpu } from '../../support/gpu.ts';
import { datasetOf } from '../../support/pictures.ts';
import { random } from '../../support/random.ts';

const SIZE = 32;
const BATCH = 4;
const dataset = datasetOf(8, sourceSize(SIZE));
const network: NetworkBuilder = (lightness) => colorizationNetwork({ widthDivisor: 16, embeddingWidth: 0 }, lightness);
const PLAIN: TrainerConfig = {
  batch: BATCH,
  microBatch: BATCH,
  size: SIZE,
  lightness: 'luma',
  chromaScale: 1,
  masked: false,
  adam: {},
};

const bytesBefore = gpu.allocatedBytes;
const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
  expect(gpu.allocatedBytes, 'buffers left behind').toBe(bytesBefore);
});

async function makeTrainer(config: Partial<TrainerConfig> = {}): Promise<Trainer> {
  const trainer = await Trainer.create(gpu, { ...PLAIN, ...config }, network);
  open.push(trainer);
  trainer.load(glorotUniform(trainer.weights.layout, 7));
  return trainer;
}

async function train(trainer: Trainer, from: number, to: number): Promise<void> {
  const sampler = new Sampler(dataset.length, BATCH, 5);
  for (let step = from + 1; step <= to; step++) {
    await trainer.step(await assembleBatch(dataset, sampler.batch(step - 1), SIZE), step, 1e-3);
  }
}

const flat = (tensors: Tensors) => Float64Array.from([...tensors.values()].flatMap(({ data }) => [...data]));
const norm = (values: Float64Array) => Math.hypot(...values);

test('clipping scales all gradients of a batch to the norm, also of a batch in parts', async () => {
  const firstMoment = async (config: Partial<TrainerConfig>) => {
    const trainer = await makeTrainer(config);
    await train(trainer, 0, 1);
    // (1 − beta1) times the gradient.
    return flat(await trainer.adam.moments.m.read()).map((value) => 10 * value);
  };
  const free = await firstMoment({});
  const limit = norm(free) / 5;
  for (const microBatch of [BATCH, 1]) {
    const clipped = await firstMoment({ microBatch, adam: { clipNorm: limit } });
    expectClose([norm(clipped)], [limit], { relative: 1e-5 });
    expectClose(
      clipped,
      free.map((value) => value / 5),
      { absolute: 1e-5 * limit },
    );
  }
  const loose = await firstMoment({ adam: { clipNorm: 2 * norm(free) } });
  expect(loose, 'a smaller gradient stays, to the bit').toEqual(free);
});

test('the average follows the weights, forgets the first ones soon, and is what is validated and used', async () => {
  const trainer = await makeTrainer({ averageDecay: 0.5 });
  const want = flat(await trainer.weights.read());
  expect(flat(await trainer.best.read()), 'it begins at the weights').toEqual(want);
  for (let step = 1; step <= 6; step++) {
    await train(trainer, step - 1, step);
    const now = flat(await trainer.weights.read());
    const decay = decayAt(step, 0.5);
    want.forEach((value, i) => {
      want[i] = decay * value + (1 - decay) * now[i]!;
    });
  }
  expectClose(flat(await trainer.average!.slab.read()), want, { absolute: 1e-6 });
  expect([1, 4, 8, 1000].map((step) => decayAt(step, 0.5))).toEqual([2 / 11, 5 / 14, 0.5, 0.5]);

  const scoreOf = async (one: Trainer) => {
    const validator = await Validator.create(gpu, one, network, dataset);
    open.push(validator);
    return (await validator.score()).mse;
  };
  const raw = await makeTrainer();
  raw.load(await trainer.average!.slab.read());
  expect(await scoreOf(trainer)).toBe(await scoreOf(raw));
  raw.load(await trainer.weights.read());
  expect(await scoreOf(trainer)).not.toBe(await scoreOf(raw));

  const state = await readState(trainer, 6);
  expect(encodeWeights(state, {})).toEqual(encodeWeights({ ...state, weights: state.average! }, {}));
  const { average: _, ...without } = state;
  expect(encodeWeights(state, {})).not.toEqual(encodeWeights(without, {}));
});

test('with everything on, a checkpoint goes on to the bit', async () => {
  const counts = random(BINS ** 2, 3).map((value) => Math.ceil(500 * (value + 1)));
  const config = {
    microBatch: 2,
    chromaScale: 1.2,
    colorWeights: colorWeights(counts, 0.5),
    adam: { clipNorm: 0.05 },
    averageDecay: 0.9,
  };
  const straight = await makeTrainer(config);
  await train(straight, 0, 7);
  const first = await makeTrainer(config);
  await train(first, 0, 4);
  const { weights, moments, lossScale, average } = decodeCheckpoint(
    encodeCheckpoint(await readState(first, 4), {}),
    'test',
  );
  const second = await makeTrainer(config);
  second.load(weights, moments, lossScale, average);
  await train(second, 4, 7);
  const [a, b] = await Promise.all([readState(straight, 7), readState(second, 7)]);
  expect(Buffer.compare(encodeCheckpoint(b, {}), encodeCheckpoint(a, {}))).toBe(0);
});

test('stronger targets, weights and masks leave the validation as it is', async () => {
  const table = colorWeights(
    random(BINS ** 2, 3).map((value) => value + 1),
    0.5,
  );
  const [plain, other] = [
    await makeTrainer(),
    await makeTrainer({ chromaScale: 2, colorWeights: table, masked: true, lightness: 'lab' }),
  ];
  const scores = [];
  for (const trainer of [plain, other]) {
    const validator = await Validator.create(gpu, trainer, network, dataset);
    open.push(validator);
    scores.push(await validator.score());
  }
  expect(scores[1]).toEqual(scores[0]);
});

test('a stronger target is learned', async () => {
  const [plain, stronger] = [await makeTrainer(), await makeTrainer({ chromaScale: 2 })];
  const squares: number[] = [];
  for (const trainer of [plain, stronger]) {
    await train(trainer, 0, 60);
    const validator = await Validator.create(gpu, trainer, network, dataset);
    open.push(validator);
    const pictures = await validator.compare(8);
    // How far the colors are from the greys, in codes.
    const strength = ({ grey, output }: (typeof pictures)[number]) =>
      Array.from(output.data).reduce((sum, value, i) => sum + (value - grey.data[i]!) ** 2, 0);
    squares.push(pictures.reduce((sum, picture) => sum + strength(picture), 0));
  }
  expect(squares[1]!).toBeGreaterThan(1.5 * squares[0]!);
});

test('the rate rises evenly to its whole', () => {
  expect([1, 2, 3, 4, 5].map((step) => warmup(step, 4))).toEqual([0.25, 0.5, 0.75, 1, 1]);
  expect(warmup(1, 0)).toBe(1);
});
