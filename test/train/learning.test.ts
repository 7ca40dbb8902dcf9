/** Learning: a small network learns 16 colourful pictures by heart. The dearest test of this folder: about 30 s. */
import { expect, test } from 'vitest';
import { glorotUniform } from '../../src/graph/initial.ts';
import { colorizationNetwork } from '../../src/model/network.ts';
import { assembleBatch, sourceSize } from '../../src/train/batch.ts';
import { decayed } from '../../src/train/loop.ts';
import { centred } from '../../src/train/sampler.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { gpu } from '../gpu.ts';
import { datasetOf } from './pictures.ts';

const PICTURES = 16;
const SIZE = 32;
const STEPS = Number(process.env.N);

test('16 pictures are overfitted to a mean squared error below 0.001', async () => {
  const config = { size: SIZE, lightness: 'luma', chromaGain: 1, masked: false, embeddingWidth: 0, adam: {} } as const;
  const trainer = await Trainer.create(gpu, { ...config, batch: PICTURES, microBatch: PICTURES }, (lightness) =>
    colorizationNetwork({ widthDivisor: Number(process.env.D), embeddingWidth: 0 }, lightness),
  );
  trainer.load(glorotUniform(trainer.weights.layout, 1));
  const samples = Array.from({ length: PICTURES }, (_, i) => centred(i));
  const batch = await assembleBatch(datasetOf(PICTURES, sourceSize(SIZE)), samples, SIZE);
  let loss = Number.POSITIVE_INFINITY;
  const t = performance.now();
  for (let step = 1; step <= STEPS && loss >= 0.001; step++) {
    loss = await trainer.step(batch, step, decayed(Number(process.env.LR), process.env.K as 'cosine', step / STEPS));
    if (step % 20 === 1) console.log(step, loss, performance.now() - t);
  }
  console.log(loss, performance.now() - t);
  expect(loss).toBeLessThan(0.001);
  trainer.destroy();
});
