/** Training with Winograd's algorithm in all three directions reaches the loss that the direct algorithm reaches. */
import { afterEach, expect, test, vi } from 'vitest';
import { glorotUniform } from '../../src/graph/initializers.ts';
import { candidates } from '../../src/kernels/conv/candidates.ts';
import { keyOf } from '../../src/kernels/conv/task.ts';
import { traitsOf } from '../../src/kernels/core/record.ts';
import { Tuner } from '../../src/kernels/tuning/tuner.ts';
import { colorizationNetwork } from '../../src/model/network.ts';
import { Gpu } from '../../src/runtime/gpu.ts';
import { sourceSize } from '../../src/train/data/batch.ts';
import { train } from '../../src/train/loop.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { datasetOf } from '../support/pictures.ts';

const SIZE = 32;
const BATCH = 4;
const STEPS = 60;
const dataset = datasetOf(BATCH, sourceSize(SIZE));

afterEach(() => vi.restoreAllMocks());

/** The losses of a training in which the algorithm `name` computes every convolution that it fits. */
async function losses(name: string): Promise<{ losses: number[]; used: number }> {
  const gpu = await Gpu.open({ tune: true });
  vi.spyOn(Tuner.prototype, 'tune').mockImplementation(async (tasks) => {
    const fits = tasks.filter((task) =>
      candidates[task.direction].some((each) => each.name === name && each.fits(traitsOf(gpu), task as never)),
    );
    return new Map(fits.map((task) => [keyOf(task), name]));
  });
  const config = { size: SIZE, lightness: 'luma', chromaScale: 1, masked: false, adam: {} } as const;
  const trainer = await Trainer.create(gpu, { ...config, batch: BATCH, microBatch: BATCH }, (lightness) =>
    colorizationNetwork({ widthDivisor: 8, embeddingWidth: 0 }, lightness),
  );
  trainer.load(glorotUniform(trainer.weights.layout, 7));
  const all: number[] = [];
  for await (const { loss } of train({ trainer, dataset, seed: 5, steps: STEPS })) all.push(loss);
  const used = trainer.tuned.size;
  trainer.close();
  await gpu.close();
  return { losses: all, used };
}

test('winograd4 and winograd2 learn as the direct algorithm does', async () => {
  const direct = await losses('direct');
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const end = mean(direct.losses.slice(-10));
  expect(end).toBeLessThan(0.8 * direct.losses[0]!);
  for (const name of ['winograd4', 'winograd2']) {
    const { losses: all, used } = await losses(name);
    // Every stride-1 convolution of the encoder and decoder, and its two gradients.
    expect(used, name).toBeGreaterThan(15);
    expect(all[0]! / direct.losses[0]!, name).toBeCloseTo(1, 5);
    // Rounding grows with the steps.
    expect(mean(all.slice(-10)) / end, name).toBeCloseTo(1, 3);
  }
});
