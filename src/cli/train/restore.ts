/** Restoring of a run: the newest whole checkpoint, or the weights that it begins with. */
import { EnvironmentError, FormatError, ShapeError } from '../../runtime/errors.ts';
import { readBytes } from '../../runtime/node/adapters.ts';
import { decodeCheckpoint } from '../../train/checkpoint.ts';
import type { Trainer } from '../../train/trainer.ts';
import { reasonOf } from '../shared/messages.ts';
import { firstWeights } from './first_weights.ts';
import type { Progress } from './progress.ts';
import type { RunConfig, RunFolder } from './run_folder.ts';

/** Where a run stands. */
export interface Restored {
  /** Steps that are done. */
  readonly step: number;
  /** The checkpoint's path; absent before the first. */
  readonly path?: string;
}

/**
 * Loads the newest whole checkpoint, or without any the first weights; and drops what the log says of later steps.
 *
 * @param colors how often each occurs; there for a run that learns classes
 * @throws FormatError where there are checkpoints, and none can be used
 */
export async function restore(
  trainer: Trainer,
  folder: RunFolder,
  config: RunConfig,
  colors: readonly number[] | undefined,
  progress: Progress,
): Promise<Restored> {
  const paths = await folder.checkpoints();
  if (paths.length === 0) {
    trainer.load(await firstWeights(config, colors, trainer.weights.layout, progress));
    await folder.truncateLog(0);
    return { step: 0 };
  }
  let damage: Error | undefined;
  for (const path of paths) {
    const step = await loadCheckpoint(trainer, path).catch((error: Error) => {
      const isDamage = [FormatError, EnvironmentError, ShapeError].some((kind) => error instanceof kind);
      if (!isDamage) throw error;
      damage ??= error;
      progress.say(`damaged  ${reasonOf(error)}; left out`);
      return undefined;
    });
    if (step === undefined) continue;
    await folder.truncateLog(step);
    progress.say(`resume   from ${path}`);
    return { step, path };
  }
  throw new FormatError({
    where: folder.path,
    expected: 'a whole checkpoint to go on from',
    got: `${paths.length} that cannot be used`,
    hint: `put one back, or start a new run; the newest says: ${damage!.message}`,
  });
}

/** Loads a checkpoint. @returns its step. @throws FormatError or ShapeError for one that is damaged, or of another network */
async function loadCheckpoint(trainer: Trainer, path: string): Promise<number> {
  const file = await readBytes(path);
  const { step, weights, moments, lossScale, average } = decodeCheckpoint(file, path);
  if (trainer.average && !average) {
    throw new FormatError({
      where: path,
      expected: "the weights' average too",
      got: 'none',
      hint: "put back the run's own checkpoint",
    });
  }
  trainer.load(weights, moments, lossScale, average);
  return step;
}
