import { afterEach, expect, test } from 'vitest';
import { glorotUniform } from '../../src/graph/initializers.ts';
import { sizeOf } from '../../src/graph/node.ts';
import type { Tensors } from '../../src/graph/parameters.ts';
import { rgbaToLab } from '../../src/image/color/lab.ts';
import { colorizationNetwork } from '../../src/model/network.ts';
import { ArgumentError, DeviceError, DivergedError, ShapeError } from '../../src/runtime/errors.ts';
import { decodeCheckpoint, encodeCheckpoint, encodeWeights, readState } from '../../src/train/checkpoint.ts';
import { assembleBatch, sourceSize } from '../../src/train/data/batch.ts';
import { Sampler } from '../../src/train/data/sampler.ts';
import { type TrainOptions, train } from '../../src/train/loop.ts';
import type { NetworkBuilder } from '../../src/train/loss.ts';
import { chooseMicroBatch } from '../../src/train/micro_batch.ts';
import { decayed } from '../../src/train/optimizer/schedule.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { Validator } from '../../src/train/validator.ts';
import { gpu } from '../support/gpu.ts';
import { datasetOf } from '../support/pictures.ts';

const SIZE = 32;
const BATCH = 8;
const dataset = datasetOf(12, sourceSize(SIZE));
const network: NetworkBuilder = (lightness) => colorizationNetwork({ widthDivisor: 8, embeddingWidth: 0 }, lightness);

const bytesBefore = gpu.allocatedBytes;
const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
  expect(gpu.allocatedBytes, 'buffers left behind').toBe(bytesBefore);
});

async function makeTrainer(microBatch = BATCH): Promise<Trainer> {
  const config = { size: SIZE, lightness: 'luma', chromaScale: 1, masked: false, adam: {} } as const;
  const trainer = await Trainer.create(gpu, { ...config, batch: BATCH, microBatch }, network);
  open.push(trainer);
  trainer.load(glorotUniform(trainer.weights.layout, 7));
  return trainer;
}

/** The losses of the steps up to `steps`. */
async function loop(trainer: Trainer, steps: number, options: Partial<TrainOptions> = {}): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss } of train({ trainer, dataset, seed: 5, steps, ...options })) losses.push(loss);
  return losses;
}

/** The largest difference between two sets of weights. */
function distance(a: Tensors, b: Tensors): number {
  let largest = 0;
  for (const [name, { data }] of a) {
    const other = b.get(name)!.data;
    for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(data[i]! - other[i]!));
  }
  return largest;
}

test('a batch in parts gives the loss and the weights of the whole', async () => {
  const whole = await makeTrainer();
  const parts = await makeTrainer(2);
  const [a, b] = [await loop(whole, 3), await loop(parts, 3)];
  for (let i = 0; i < 3; i++) expect(Math.abs(a[i]! - b[i]!)).toBeLessThan(1e-5);
  // Adam's first steps are of the size of the learning rate whatever the gradient: a gradient of rounding noise alone
  // may point either way, so a few weights may lie up to 2 learning rates a step apart.
  expect(distance(await whole.weights.read(), await parts.weights.read())).toBeLessThan(6e-3);
  const close = await Promise.all([whole.adam.moments.m.read(), parts.adam.moments.m.read()]);
  expect(distance(...close)).toBeLessThan(1e-5);
});

test('the loop submits ahead, and gives what single steps give', async () => {
  const [one, two] = [await makeTrainer(), await makeTrainer()];
  const losses: number[] = [];
  const ahead: number[] = [];
  for await (const report of train({
    trainer: one,
    dataset,
    seed: 5,
    steps: 5,
    settleAfter: (step) => step % 2 === 0,
  })) {
    losses.push(report.loss);
    ahead.push(one.lastStep - report.step);
    expect(report.settled, `step ${report.step}`).toBe([2, 4, 5].includes(report.step));
  }
  expect(ahead).toEqual([1, 0, 1, 0, 0]);
  const sampler = new Sampler(dataset.length, BATCH, 5);
  for (let i = 0; i < 5; i++) {
    const batch = await assembleBatch(dataset, sampler.batch(i), SIZE);
    expect(await two.step(batch, i + 1, 1e-3)).toBe(losses[i]);
  }
  expect(distance(await one.weights.read(), await two.weights.read())).toBe(0);
});

test('a checkpoint goes on to the bit', async () => {
  const straight = await makeTrainer();
  const losses = await loop(straight, 6);

  const first = await makeTrainer();
  await loop(first, 3);
  const file = encodeCheckpoint(await readState(first), { seed: '5' });
  const { step, weights, moments, metadata } = decodeCheckpoint(file, 'test');
  expect({ step, metadata }).toEqual({ step: 3, metadata: { seed: '5', step: '3' } });
  const second = await makeTrainer();
  second.load(weights, moments);
  expect(await loop(second, 6, { from: 3 })).toEqual(losses.slice(3));
  const [a, b] = await Promise.all([readState(straight, 6), readState(second, 6)]);
  expect(Buffer.compare(encodeCheckpoint(b, {}), encodeCheckpoint(a, {}))).toBe(0);
});

test('the file for use holds half the bytes, unless a weight is too large for float16', () => {
  const file = (value: number) => {
    const weights = new Map([['a', { shape: [1000], data: new Float32Array(1000).fill(value) }]]);
    return encodeWeights({ weights, moments: { m: weights, v: weights }, step: 1 }, {});
  };
  expect(file(0.5).length).toBeLessThan(2200);
  expect(file(1e5).length).toBeGreaterThan(4000);
});

test('a file that is no checkpoint is refused', () => {
  const weights = new Map([['a', { shape: [1], data: new Float32Array(1) }]]);
  const file = encodeWeights({ weights, moments: { m: weights, v: weights }, step: Number.NaN }, {});
  expect(() => decodeCheckpoint(file, 'x.safetensors')).toThrowErrorMatchingInlineSnapshot(
    `[FormatError: x.safetensors: expected a step in its header, got 'NaN' – is it a checkpoint?]`,
  );
});

test('a weight that is not finite stops the run in its step, though ReLU would hide it, and is not saved', async () => {
  const trainer = await makeTrainer();
  const learningRate = (step: number) => {
    if (step === 4) gpu.write(trainer.weights.buffer, Float32Array.of(Number.NaN));
    return 1e-3;
  };
  const failure = loop(trainer, 20, { learningRate });
  await expect(failure).rejects.toThrow(/^step 4: expected finite numbers, got NaN/);
  await expect(failure).rejects.toBeInstanceOf(DivergedError);
  await expect(readState(trainer, 4)).rejects.toBeInstanceOf(DivergedError);
});

test('a picture that cannot be read ends the loop after the steps before it', async () => {
  const trainer = await makeTrainer();
  let asked = 0;
  const broken = {
    length: 12,
    picture: (index: number) => (++asked > 3 * BATCH ? Promise.reject(new Error('gone')) : dataset.picture(index)),
  };
  const seen: number[] = [];
  const body = async () => {
    for await (const { step } of train({ trainer, dataset: broken, steps: 9 })) seen.push(step);
  };
  await expect(body()).rejects.toEqual(new Error('gone'));
  expect({ seen, last: trainer.lastStep }).toEqual({ seen: [1, 2, 3], last: 3 });
});

test('whoever breaks off has whole weights of a step that is known, and may go on', async () => {
  const [one, two] = [await makeTrainer(), await makeTrainer()];
  for await (const { step } of train({ trainer: one, dataset, seed: 5 })) if (step === 2) break;
  expect(one.lastStep).toBe(3); // It works ahead by one.
  expect((await readState(one)).step).toBe(3);
  const rest = await loop(one, 5);
  expect(rest).toEqual((await loop(two, 5)).slice(3));
});

test('what is left out of a trainer has defaults, random weights among them', async () => {
  const made = async (seed?: number) => {
    const trainer = await Trainer.create(gpu, { size: SIZE, ...(seed !== undefined && { seed }) }, network);
    open.push(trainer);
    return trainer;
  };
  const trainer = await made();
  expect(trainer.config).toMatchObject({ batch: 8, microBatch: 8, lightness: 'luma', chromaScale: 1, masked: false });
  expect(distance(await trainer.weights.read(), glorotUniform(trainer.weights.layout, 1))).toBe(0);
  expect(distance(await (await made(2)).weights.read(), glorotUniform(trainer.weights.layout, 2))).toBe(0);
  await expect(train({ trainer, dataset, stepps: 3 } as never).next()).rejects.toThrow("do you mean 'steps'?");
});

test('validation scores the network beside its baselines, also where the last batch is not full', async () => {
  const trainer = await makeTrainer(4);
  // All weights 0: the network's answer is tanh(0), grey.
  const zeros = [...trainer.weights.layout.slots].map(
    ([name, { shape }]) => [name, { shape, data: new Float32Array(sizeOf(shape)) }] as const,
  );
  trainer.load(new Map(zeros));
  const validator = await Validator.create(gpu, trainer, network, datasetOf(5, sourceSize(SIZE)));
  open.push(validator);
  const { mse, grey, meanColor, count } = await validator.score();
  const pictures = await validator.compare(8);
  expect(count).toBe(5);
  expect(mse).toBe(grey);
  const truth = pictures.flatMap(({ truth: { data } }) => {
    const lab = rgbaToLab(data);
    return Array.from({ length: data.length / 4 }, (_, i) => lab.subarray(i * 3, i * 3 + 3));
  });
  const mean = (of: (lab: Float32Array) => number) => truth.reduce((sum, lab) => sum + of(lab), 0) / truth.length;
  const squares = mean(([, a, b]) => (a! ** 2 + b! ** 2) / 2 / 127 ** 2);
  const means = (mean(([, a]) => a! / 127) ** 2 + mean(([, , b]) => b! / 127) ** 2) / 2;
  // a* and b* of the shader and of src/image differ by up to 0.003: in the white's last digits, and float32.
  expect(grey).toBeCloseTo(squares, 4);
  expect(meanColor).toBeCloseTo(squares - means, 4);
  expect(pictures).toHaveLength(5);
  for (const { grey: seen, output } of pictures) expect(output.data).toEqual(seen.data);
});

test('a trainer that is closed says so; one on the same device goes on', async () => {
  const [gone, kept] = [await makeTrainer(), await makeTrainer()];
  const batch = await assembleBatch(dataset, new Sampler(12, BATCH, 1).batch(0), SIZE);
  const validator = await Validator.create(gpu, gone, network, datasetOf(2, sourceSize(SIZE)));
  validator.close();
  validator.close();
  gone.close();
  gone.close();
  await expect(gone.step(batch, 1, 1e-3)).rejects.toThrow(
    new DeviceError('trainer: expected an open one, got a closed one – create another one'),
  );
  expect(() => gone.load(glorotUniform(gone.weights.layout, 7))).toThrow(DeviceError);
  await expect(readState(gone, 1)).rejects.toThrow(DeviceError);
  await expect(validator.score()).rejects.toThrow(DeviceError);
  expect(await kept.step(batch, 1, 1e-3)).toBeGreaterThan(0);
});

test('options, batches and weights that are none are refused', async () => {
  const config = { size: SIZE, lightness: 'luma', chromaScale: 1, masked: false, adam: {} } as const;
  const create = (more: object) => Trainer.create(gpu, { ...config, batch: 4, microBatch: 2, ...more }, network);
  await expect(create({ learningRate: 1 })).rejects.toThrow("expected an option that exists, got 'learningRate'");
  await expect(create({ microbatch: 2 })).rejects.toThrow("do you mean 'microBatch'?");
  await expect(create({ adam: { beta: 0.9 } })).rejects.toThrow('Trainer.create adam: expected an option that exists');
  for (const sizes of [{ microBatch: 3 }, { batch: Number.NaN }, { batch: -4, microBatch: -2 }, { microBatch: 0 }]) {
    await expect(create(sizes)).rejects.toThrow(ShapeError);
  }
  const trainer = await makeTrainer();
  const batch = await assembleBatch(dataset, new Sampler(12, BATCH, 1).batch(0), SIZE);
  const step = (more: object) => trainer.step({ ...batch, ...more }, 1, 1e-3);
  await expect(step({ pixels: Float32Array.from(batch.pixels) })).rejects.toThrow(
    "feed 'pixels': expected Uint32Array or Uint8Array or Uint8ClampedArray, got Float32Array – convert it",
  );
  await expect(step({ crops: Int32Array.from(batch.crops) })).rejects.toThrow(ArgumentError);
  await expect(trainer.step(undefined as never, 1, 1e-3)).rejects.toThrow('expected a batch as an object');
  await expect(trainer.step(batch, 1, Number.NaN)).rejects.toThrow("adam: expected 'step_size' as a number");
  await expect(trainer.step(batch, 0, 1e-3)).rejects.toThrow("adam: expected 'step_size' as a number");
  const [first] = [...trainer.weights.layout.slots];
  const [name, { shape }] = first!;
  const write = (data: unknown) => () =>
    trainer.load(new Map([...glorotUniform(trainer.weights.layout, 7), [name, { shape, data: data as Float32Array }]]));
  expect(write(new Float64Array(sizeOf(shape)))).toThrow(`weights: expected '${name}' as a Float32Array of`);
  expect(write(new Float32Array(sizeOf(shape) + 1))).toThrow(ArgumentError);
  expect(write(new Float32Array(sizeOf(shape)).fill(Number.NaN))).toThrow(`in '${name}' that are not (NaN at 0)`);
});

test('the learning rate is constant, or falls to 1 % along a cosine', () => {
  expect([0, 0.5, 1].map((progress) => decayed(2, 'constant', progress))).toEqual([2, 2, 2]);
  expect(decayed(2, 'cosine', 0)).toBe(2);
  expect(decayed(2, 'cosine', 0.5)).toBeCloseTo(1.01, 12);
  expect(decayed(2, 'cosine', 1)).toBeCloseTo(0.02, 12);
  expect(decayed(2, 'cosine', 3)).toBeCloseTo(0.02, 12);
});

test('the micro-batch divides the batch and fits the device', () => {
  const device = (bytes: number, software: boolean) =>
    ({ software, device: { limits: { maxStorageBufferBindingSize: bytes, maxBufferSize: bytes } } }) as typeof gpu;
  const MiB = 2 ** 20;
  expect(chooseMicroBatch(device(4096 * MiB, false), 100, 224, 1)).toBe(100);
  expect(chooseMicroBatch(device(4096 * MiB, true), 100, 224, 1)).toBe(50);
  // enc2 gives 6.1 MiB a picture.
  expect(chooseMicroBatch(device(128 * MiB, false), 100, 224, 1)).toBe(20);
  expect(chooseMicroBatch(device(MiB, false), 100, 224, 1)).toBe(1);
  expect(chooseMicroBatch(device(128 * MiB, true), 16, 64, 1)).toBe(16);
});
