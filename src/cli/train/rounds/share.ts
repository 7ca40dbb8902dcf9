/** A share of a round on this device: its local steps, from the round's start to what they come to. */
import { DivergedError } from '../../../runtime/errors.ts';
import { readState, type TrainingState } from '../../../train/checkpoint.ts';
import type { Dataset } from '../../../train/data/batch.ts';
import { type StepReport, train } from '../../../train/loop.ts';
import { rateAt } from '../../../train/optimizer/schedule.ts';
import { localStepsBefore, type RoundPlan, type Share, stepAt } from '../../../train/rounds/plan.ts';
import type { Trainer } from '../../../train/trainer.ts';
import type { Settings } from '../settings.ts';
import type { ShareResult } from './files.ts';

/** What a share is trained with, and who hears of it. */
export interface ShareTraining {
  readonly trainer: Trainer;
  readonly dataset: Dataset;
  readonly settings: Settings;
  readonly stopping: AbortSignal;
  told(report: StepReport, done: number): void;
}

/**
 * Takes the share's steps, beginning with `start`. All that is random follows from the run's seed and the batches' numbers.
 *
 * @returns undefined where it was stopped before the last step
 * @throws DivergedError with the step counted in the batches of all shares
 */
export async function trainShare(
  { trainer, dataset, settings, stopping, told }: ShareTraining,
  start: TrainingState,
  plan: RoundPlan,
  { first, batches }: Share,
): Promise<ShareResult | undefined> {
  const before = localStepsBefore(plan);
  const globalStep = (step: number) => stepAt(plan, step - before);
  trainer.load(start.weights, start.moments, start.lossScale, start.average);
  let sum = 0;
  let done = 0;
  try {
    for await (const report of train({
      trainer,
      dataset,
      seed: settings.seed,
      looks: settings,
      from: before,
      steps: before + batches,
      batchAt: (step) => first + (step - before) - 1,
      learningRate: (step) => rateAt(settings, globalStep(step), (globalStep(step) - 1) / plan.to),
      stopAfter: () => stopping.aborted,
    })) {
      sum += report.loss;
      told(report, ++done);
    }
    if (done < batches) return undefined;
    return { state: await readState(trainer), loss: sum / batches };
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    const got = `${error.got} at --lr ${settings.lr}; the last good checkpoint is of step ${plan.from}`;
    throw new DivergedError(globalStep(error.step), got, { cause: error });
  }
}
