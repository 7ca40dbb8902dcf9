/** A share's steps against the same steps taken one by one. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { trainShare } from '../../../../src/cli/train/rounds/share.ts';
import { settingsOf } from '../../../../src/cli/train/settings.ts';
import { colorizationNetwork } from '../../../../src/model/network.ts';
import { DivergedError } from '../../../../src/runtime/errors.ts';
import { readState, type TrainingState } from '../../../../src/train/checkpoint.ts';
import { assembleBatch, sourceSize } from '../../../../src/train/data/batch.ts';
import { Sampler } from '../../../../src/train/data/sampler.ts';
import { sharesOf } from '../../../../src/train/rounds/plan.ts';
import { Trainer } from '../../../../src/train/trainer.ts';
import { gpu } from '../../../support/gpu.ts';
import { datasetOf } from '../../../support/pictures.ts';

const [SIZE, BATCH, SEED] = [32, 4, 5];
const dataset = datasetOf(10, sourceSize(SIZE));
const settings = { ...settingsOf({ lr: 0.01, warmup: 8, lrDecay: 'cosine', seed: SEED }), microBatch: BATCH };
const stopping = new AbortController();

let trainer: Trainer;
let start: TrainingState;
beforeAll(async () => {
  trainer = await Trainer.create(gpu, { size: SIZE, batch: BATCH, averageDecay: 0.9 }, (lightness) =>
    colorizationNetwork({ widthDivisor: 16, embeddingWidth: 0 }, lightness),
  );
  for (let step = 1; step <= 2; step++) await trainer.step(await batchOf(step - 1), step, 0.01);
  start = await readState(trainer);
});
afterAll(() => trainer?.close());

const batchOf = (number: number) => assembleBatch(dataset, new Sampler(10, BATCH, SEED).batch(number), SIZE);

/** The second of two shares of the round from batch 4 to 10, of 15: batches 7, 8 and 9, at steps 5, 7 and 9 of the run. */
const plan = { from: 4, to: 15, shares: 2, localSteps: 3 };
const take = (shares = sharesOf(plan), signal = stopping.signal, lr = settings.lr) =>
  trainShare(
    { trainer, dataset, settings: { ...settings, lr }, stopping: signal, told: () => undefined },
    start,
    plan,
    shares[1]!,
  );

test('takes its own batches, at the rates of the whole run, with the counts of a share', async () => {
  const got = (await take())!;
  trainer.load(start.weights, start.moments, start.lossScale, start.average);
  const losses: number[] = [];
  for (const [i, number] of [7, 8, 9].entries()) {
    const step = 5 + 2 * i;
    const cosine = 0.01 + 0.99 * 0.5 * (1 + Math.cos((Math.PI * (step - 1)) / 15));
    // Two steps were taken before by each share; the eighth step of the run ends the warm-up.
    losses.push(await trainer.step(await batchOf(number), 3 + i, 0.01 * cosine * Math.min(1, step / 8)));
  }
  expect(got.loss).toBeCloseTo(losses.reduce((sum, loss) => sum + loss) / 3, 12);
  expect(got.state).toEqual(await readState(trainer));
  expect(got.state.average!.get('enc1.weight')).not.toEqual(got.state.weights.get('enc1.weight'));
});

test('the same share gives the same bits, whatever the device has done meanwhile', async () => {
  const first = await take();
  await take(sharesOf({ ...plan, from: 0 }));
  expect(await take()).toEqual(first);
});

test('one that is stopped has come to nothing', async () => {
  expect(await take(sharesOf(plan), AbortSignal.abort())).toBeUndefined();
});

test('a loss that is no number names the step of the run', async () => {
  const failure = await take(sharesOf(plan), stopping.signal, 1e35).catch((error: Error) => error);
  expect(failure).toBeInstanceOf(DivergedError);
  expect((failure as DivergedError).message).toMatch(
    /^step [579]: expected finite numbers, got .* at --lr 1e\+35; the last good checkpoint is of step 4/,
  );
});
