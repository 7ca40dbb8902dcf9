/** End of a round: the mean of its shares and the outer step, as a checkpoint. */
import { encodeCheckpoint, encodeWeights, type TrainingState } from '../../../train/checkpoint.ts';
import { MeanState } from '../../../train/rounds/mean.ts';
import { outerStep } from '../../../train/rounds/outer.ts';
import { endOf, type RoundPlan, sharesOf } from '../../../train/rounds/plan.ts';
import type { RoundSettings, RunFolder } from '../run_folder.ts';
import type { Round, RoundFiles } from './files.ts';

/** What a round has come to. */
export interface RoundResult {
  readonly state: TrainingState;
  /** The mean of all steps of all shares. */
  readonly loss: number;
}

/** Reads what the shares have come to, in their order, weighted by their batches. @throws FormatError for one that is not there */
export async function meanOfRound(
  files: RoundFiles,
  round: Round,
  plan: RoundPlan,
  { outer }: RoundSettings,
): Promise<RoundResult> {
  const before = await files.start(round);
  const mean = new MeanState();
  const end = endOf(plan);
  let loss = 0;
  for (const [share, { batches }] of sharesOf(plan).entries()) {
    if (batches === 0) continue;
    const result = await files.finished(round, share);
    mean.add(result.state, batches);
    loss += (result.loss * batches) / (end - plan.from);
  }
  const state = mean.state(end);
  const begun = { weights: before.weights, ...(before.outer && { momentum: before.outer }) };
  const { weights, momentum } = outerStep(begun, state.weights, outer, end);
  return { state: { ...state, weights, ...(momentum && { outer: momentum }) }, loss };
}

/** Writes the checkpoint, and where `weights` says so the weights for use. @returns the checkpoint's bytes */
export async function saveRound(
  folder: RunFolder,
  state: TrainingState,
  metadata: Readonly<Record<string, string>>,
  also: { readonly weights: boolean },
): Promise<Uint8Array> {
  const file = encodeCheckpoint(state, metadata);
  // The checkpoint says that all of it is done.
  if (also.weights) await folder.writeWeights(encodeWeights(state, metadata));
  await folder.writeCheckpoint(state.step, file);
  return file;
}
