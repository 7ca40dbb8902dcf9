/** Training with float16: loss scaling, steps that overflow, and going on from a checkpoint. */
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { glorotUniform } from '../../src/graph/initializers.ts';
import { candidates } from '../../src/kernels/conv/candidates.ts';
import { keyOf } from '../../src/kernels/conv/task.ts';
import { traitsOf } from '../../src/kernels/core/record.ts';
import { resolvePrecision } from '../../src/kernels/tuning/precision.ts';
import { Tuner } from '../../src/kernels/tuning/tuner.ts';
import { colorizationNetwork } from '../../src/model/network.ts';
import { Gpu } from '../../src/runtime/gpu.ts';
import { decodeCheckpoint, encodeCheckpoint, readState } from '../../src/train/checkpoint.ts';
import { assembleBatch, type Batch, sourceSize } from '../../src/train/data/batch.ts';
import { Sampler } from '../../src/train/data/sampler.ts';
import { train } from '../../src/train/loop.ts';
import type { NetworkBuilder } from '../../src/train/loss.ts';
import {
  decodeLossScale,
  encodeLossScale,
  INITIAL_LOSS_SCALE,
  type LossScaleState,
  nextLossScale,
} from '../../src/train/optimizer/loss_scale.ts';
import { Trainer, type TrainerConfig } from '../../src/train/trainer.ts';
import { gpu } from '../support/gpu.ts';
import { datasetOf } from '../support/pictures.ts';

describe('the loss scale', () => {
  const run = (from: LossScaleState, ...finite: boolean[]) => finite.reduce(nextLossScale, from);

  test('halves for each step that is left out, and counts them', () => {
    expect(run({ scale: 64, good: 7, skipped: 2 }, false, false)).toEqual({ scale: 16, good: 0, skipped: 4 });
  });

  test('doubles after 2000 finite steps in a row', () => {
    const almost = run({ scale: 64, good: 0, skipped: 0 }, ...new Array<boolean>(1999).fill(true));
    expect(almost).toEqual({ scale: 64, good: 1999, skipped: 0 });
    expect(run(almost, true)).toEqual({ scale: 128, good: 0, skipped: 0 });
    expect(run(almost, false)).toEqual({ scale: 32, good: 0, skipped: 1 });
  });

  test('is written and read', () => {
    for (const state of [INITIAL_LOSS_SCALE, { scale: 2 ** -3, good: 5, skipped: 17 }]) {
      expect(decodeLossScale(encodeLossScale(state))).toEqual(state);
    }
    for (const text of ['', '8', '8 1', '8 1 1 1', '7 1 1', '-8 1 1', '8 -1 0', '8 1.5 0', 'NaN 0 0', 'Infinity 0 0']) {
      expect(decodeLossScale(text), text).toBeUndefined();
    }
  });
});

const SIZE = 32;
const BATCH = 4;
const STEPS = 12;
/** Until it has learned the pictures in part. */
const LONG = 40;
const dataset = datasetOf(BATCH, sourceSize(SIZE));
const network: NetworkBuilder = (lightness) => colorizationNetwork({ widthDivisor: 8, embeddingWidth: 0 }, lightness);

const hasHalf = gpu.device.features.has('shader-f16');
test.runIf(!hasHalf)('a device without float16 refuses it', async () => {
  await expect(Gpu.open({ precision: 'f16' })).rejects.toThrow(/expected shader-f16 for precision f16/);
});

describe.runIf(hasHalf)('on a device with float16', async () => {
  const half = hasHalf ? await Gpu.open({ precision: 'f16', tune: true }) : gpu;
  afterAll(() => half.close());
  const open: Trainer[] = [];
  afterEach(() => {
    for (const trainer of open.splice(0)) trainer.close();
    vi.restoreAllMocks();
  });

  async function makeTrainer(on: Gpu, microBatch = BATCH, more: Partial<TrainerConfig> = {}): Promise<Trainer> {
    // A CPU would not choose float16, as it emulates it: as if it had been measured to be the fastest.
    vi.spyOn(Tuner.prototype, 'tune').mockImplementation(async (tasks) => {
      const half16 = (task: (typeof tasks)[number]) =>
        candidates[task.direction].find(
          ({ name, fits }) => name === 'gemm-f16 32x32' && fits(traitsOf(on), task as never),
        );
      return new Map(tasks.flatMap((task) => (half16(task) ? [[keyOf(task), half16(task)!.name]] : [])));
    });
    const config = {
      size: SIZE,
      lightness: 'luma',
      chromaScale: 1,
      masked: false,
      adam: {},
    } as const;
    const trainer = await Trainer.create(on, { ...config, batch: BATCH, microBatch, ...more }, network);
    open.push(trainer);
    trainer.load(glorotUniform(trainer.weights.layout, 7));
    return trainer;
  }

  const firstBatch = () => assembleBatch(dataset, new Sampler(dataset.length, BATCH, 5).batch(0), SIZE);

  /** Takes steps from a scale that is too large to the first that is not; expects nothing to change before. */
  async function overflow(trainer: Trainer, batch: Batch): Promise<number> {
    const before = await trainer.weights.read();
    trainer.load(before, undefined, { scale: 2 ** 40, good: 1999, skipped: 0 });
    const first = await trainer.step(batch, 1, 1e-3);
    expect(trainer.lossScale).toEqual({ scale: 2 ** 39, good: 0, skipped: 1 });
    let step = 1;
    while (trainer.lossScale!.good === 0) {
      // The same pictures and weights, so the same loss.
      expect(await trainer.step(batch, ++step, 1e-3)).toBe(first);
    }
    expect(trainer.lossScale).toEqual({ scale: 2 ** (41 - step), good: 1, skipped: step - 1 });
    return first;
  }

  async function losses(trainer: Trainer, steps: number, from = 0): Promise<number[]> {
    const all: number[] = [];
    for await (const { loss } of train({ trainer, dataset, seed: 5, from, steps })) all.push(loss);
    return all;
  }

  test('learns as with float32, and not to the bit the same', async () => {
    const [a, b] = [await makeTrainer(half), await makeTrainer(gpu)];
    expect([a.lossScale, b.lossScale]).toEqual([INITIAL_LOSS_SCALE, undefined]);
    expect([...a.tuned.values()]).toContain('gemm-f16 32x32');
    const [got, want] = [await losses(a, LONG), await losses(b, LONG)];
    expect(want.at(-1)!).toBeLessThan(0.8 * want[0]!);
    got.forEach((loss, i) => {
      expect(Math.abs(loss - want[i]!), `step ${i + 1}`).toBeLessThan(0.03 * want[i]!);
    });
    expect(got).not.toEqual(want);
    expect(a.lossScale).toEqual({ ...INITIAL_LOSS_SCALE, good: LONG });
  });

  test('a batch in parts does the same', async () => {
    const [whole, parts] = [await makeTrainer(half), await makeTrainer(half, 2)];
    const [a, b] = [await losses(whole, 3), await losses(parts, 3)];
    a.forEach((loss, i) => {
      expect(Math.abs(loss - b[i]!)).toBeLessThan(1e-3 * loss);
    });
  });

  test('steps that overflow are left out until the scale is small enough; Adam does not count them', async () => {
    const [a, b] = [await makeTrainer(half), await makeTrainer(half)];
    const batch = await firstBatch();
    const before = await a.weights.read();
    const loss = await overflow(a, batch);
    const { scale, skipped } = a.lossScale!;
    expect(skipped).toBeGreaterThan(3);
    // What it then did is what a run does that begins with that scale.
    b.load(before, undefined, { scale, good: 0, skipped: 0 });
    expect(await b.step(batch, 1, 1e-3)).toBe(loss);
    const [after, same] = [await a.weights.read(), await b.weights.read()];
    expect([...after.values()].every(({ data }, i) => data.every((v, j) => v === [...same.values()][i]!.data[j]))).toBe(
      true,
    );
    expect(await a.step(batch, skipped + 2, 1e-3)).toBeLessThan(loss);
  });

  test('a weight that is not finite stops the run: no scale is small enough', async () => {
    const trainer = await makeTrainer(half);
    trainer.load(glorotUniform(trainer.weights.layout, 7));
    half.write(trainer.weights.buffer, Float32Array.of(Number.POSITIVE_INFINITY));
    await expect(losses(trainer, 40)).rejects.toThrow(/expected finite numbers/);
  });

  test('a checkpoint goes on to the bit, with the scale and the steps that were left out', async () => {
    const probe = await makeTrainer(half);
    await overflow(probe, await firstBatch());
    const begin = { scale: probe.lossScale!.scale * 16, good: 0, skipped: 0 };
    const weights = (trainer: Trainer) => glorotUniform(trainer.weights.layout, 7);
    const straight = await makeTrainer(half);
    straight.load(weights(straight), undefined, begin);
    const all = await losses(straight, STEPS);
    const first = await makeTrainer(half);
    first.load(weights(first), undefined, begin);
    await losses(first, STEPS - 3);
    const state = await readState(first, STEPS - 3);
    expect(state.lossScale!.skipped).toBeGreaterThan(0);
    expect(state.lossScale!.good).toBeGreaterThan(0);
    const read = decodeCheckpoint(encodeCheckpoint(state, {}), 'test');
    expect(read.lossScale).toEqual(state.lossScale);
    const second = await makeTrainer(half);
    second.load(read.weights, read.moments, read.lossScale);
    expect(await losses(second, STEPS, STEPS - 3)).toEqual(all.slice(STEPS - 3));
    const [a, b] = await Promise.all([readState(straight, STEPS), readState(second, STEPS)]);
    expect(Buffer.compare(encodeCheckpoint(b, {}), encodeCheckpoint(a, {}))).toBe(0);
  });

  test('the average does not count steps that are left out, and clipping does not see the scale', async () => {
    const options = { adam: { clipNorm: 0.02 }, averageDecay: 0.9 };
    const [a, b] = [await makeTrainer(half, 2, options), await makeTrainer(half, 2, options)];
    const batch = await firstBatch();
    const before = await a.weights.read();
    await overflow(a, batch);
    const { scale, skipped } = a.lossScale!;
    b.load(before, undefined, { scale, good: 0, skipped: 0 });
    await b.step(batch, 1, 1e-3);
    const flat = async ({ average, adam }: Trainer) =>
      Promise.all([average!.slab, adam.moments.m].map((slab) => slab.read().then((all) => [...all.values()])));
    const [[average, m], same] = [await flat(a), await flat(b)];
    expect([average, m]).toEqual(same);
    // (1 − beta1) times the gradient.
    const norm = Math.hypot(...m!.flatMap(({ data }) => [...data])) / 0.1;
    expect(Math.abs(norm / 0.02 - 1)).toBeLessThan(1e-5);
    expect(skipped).toBeGreaterThan(0);
  });

  test('a damaged loss scale is refused', async () => {
    const tensors = new Map([['a', { shape: [1], data: new Float32Array(1) }]]);
    const state = { weights: tensors, moments: { m: tensors, v: tensors }, step: 1 };
    const file = encodeCheckpoint(state, { loss_scale: 'large' });
    expect(() => decodeCheckpoint(file, 'x.safetensors')).toThrow(
      /x.safetensors: expected a loss scale .* got 'large'/,
    );
  });

  test('the self-test comes first', async () => {
    await resolvePrecision(half);
    expect(half.validated.precision).toBe('f16');
  });
});
