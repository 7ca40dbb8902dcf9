/** Learning: a small network learns 16 colorful pictures by heart. The slowest test: 10 to 30 s on lavapipe. */
import { expect, test } from 'vitest';
import { glorotUniform } from '../../src/graph/initializers.ts';
import { colorizationNetwork } from '../../src/model/network.ts';
import { assembleBatch, sourceSize } from '../../src/train/data/batch.ts';
import { centered } from '../../src/train/data/sampler.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { gpu } from '../support/gpu.ts';
import { datasetOf } from '../support/pictures.ts';

const PICTURES = 16;
const SIZE = 32;
/** About 200 are needed; other devices round otherwise. */
const MOST_STEPS = 400;

test('16 pictures are learned by heart, to a mean squared error below 0.001', async () => {
  const config = { size: SIZE, lightness: 'luma', chromaScale: 1, masked: false, adam: {} } as const;
  const trainer = await Trainer.create(gpu, { ...config, batch: PICTURES, microBatch: PICTURES }, (lightness) =>
    colorizationNetwork({ widthDivisor: 8, embeddingWidth: 0 }, lightness),
  );
  trainer.load(glorotUniform(trainer.weights.layout, 1));
  const samples = Array.from({ length: PICTURES }, (_, i) => centered(i));
  const batch = await assembleBatch(datasetOf(PICTURES, sourceSize(SIZE)), samples, SIZE);
  const losses: number[] = [];
  while (losses.length < MOST_STEPS && (losses.at(-1) ?? 1) >= 0.001) {
    losses.push(await trainer.step(batch, losses.length + 1, 2e-3));
  }
  trainer.close();
  // The first answers are nearly grey.
  expect(losses[0]).toBeGreaterThan(0.03);
  expect(losses.at(-1)).toBeLessThan(0.001);
}, 900_000); // minutes on SwiftShader
