/**
 * The state of a run as a file: weights under their own names, so that whatever reads weights reads a checkpoint,
 * Adam's moments behind `adam.m.` and `adam.v.`, the weights' average behind `average.`, and the outer momentum of training in
 * rounds behind `outer.`. The sampler has no state but the step's number.
 */

import { decodeSafetensors, encodeCompact, encodeSafetensors } from '../formats/safetensors.ts';
import { expectFinite, type ParameterSlab, type Tensors } from '../graph/parameters.ts';
import { expectObject } from '../runtime/arguments.ts';
import { DivergedError, FormatError } from '../runtime/errors.ts';
import { decodeLossScale, encodeLossScale, type LossScaleState } from './optimizer/loss_scale.ts';
import type { Trainer } from './trainer.ts';

/** All that a run needs to go on, on the host. */
export interface TrainingState {
  readonly weights: Tensors;
  readonly moments: { readonly m: Tensors; readonly v: Tensors };
  /** The weights' moving average, of a run that has one. */
  readonly average?: Tensors;
  /** What rounds have changed so far, decayed: of a run in rounds with outer momentum. */
  readonly outer?: Tensors;
  /** Steps that are done. */
  readonly step: number;
  /** Of a run with float16. */
  readonly lossScale?: LossScaleState;
}

const PREFIXES = { m: 'adam.m.', v: 'adam.v.', average: 'average.', outer: 'outer.' } as const;

/**
 * Reads weights and moments back.
 *
 * @param step the one that they are of; default the trainer's last
 * @throws DivergedError when any number is not finite: such a state is never worth saving.
 */
export async function readState(trainer: Trainer, step: number = trainer?.lastStep): Promise<TrainingState> {
  expectObject('readState', 'a trainer', trainer);
  const read = async (what: string, slab: ParameterSlab) => {
    const tensors = await slab.read();
    for (const [name, { data }] of tensors) {
      const bad = data.find((value) => !Number.isFinite(value));
      if (bad !== undefined) throw new DivergedError(step, `${bad} in ${what} '${name}'`);
    }
    return tensors;
  };
  const {
    weights,
    adam: { moments },
    average,
    lossScale,
  } = trainer;
  const [w, m, v, a] = await Promise.all([
    read('weight', weights),
    read("Adam's m of", moments.m),
    read("Adam's v of", moments.v),
    average && read('the average of', average.slab),
  ]);
  return { weights: w, moments: { m, v }, step, ...(a && { average: a }), ...(lossScale && { lossScale }) };
}

/** The checkpoint's file. `metadata` says what the weights are for; the step is added to it. */
export function encodeCheckpoint(state: TrainingState, metadata: Readonly<Record<string, string>>) {
  const renamed = (prefix: string, tensors: Tensors) =>
    [...tensors].map(([name, tensor]) => [prefix + name, tensor] as const);
  const tensors = new Map([
    ...state.weights,
    ...renamed(PREFIXES.m, state.moments.m),
    ...renamed(PREFIXES.v, state.moments.v),
    ...renamed(PREFIXES.average, state.average ?? new Map()),
    ...renamed(PREFIXES.outer, state.outer ?? new Map()),
  ]);
  const { step, lossScale } = state;
  const scaling = lossScale && { loss_scale: encodeLossScale(lossScale) };
  return encodeSafetensors({ tensors, metadata: { ...metadata, ...scaling, step: String(step) } });
}

/** Reads a checkpoint's file. `name` is for messages. @throws FormatError for anything else. */
export function decodeCheckpoint(
  file: Uint8Array,
  name: string,
): TrainingState & { metadata: Readonly<Record<string, string>> } {
  const { tensors, metadata } = decodeSafetensors(file, name);
  expectFinite(name, tensors);
  const { step: text } = metadata;
  const step = Number(text);
  if (!Number.isInteger(step) || step < 0) {
    throw new FormatError({
      where: name,
      expected: 'a step in its header',
      got: `'${text}'`,
      hint: 'is it a checkpoint?',
    });
  }
  const { loss_scale: scaling } = metadata;
  const lossScale = scaling === undefined ? undefined : decodeLossScale(scaling);
  if (scaling !== undefined && !lossScale) {
    throw new FormatError({
      where: name,
      expected: 'a loss scale and two counts in its header',
      got: `'${scaling}'`,
      hint: 'is it damaged?',
    });
  }
  const behind = (prefix: string): Tensors =>
    new Map(
      [...tensors].flatMap(([key, tensor]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), tensor]] : [])),
    );
  const { m, v, average, outer } = PREFIXES;
  const own = [...tensors].filter(([key]) => !Object.values(PREFIXES).some((prefix) => key.startsWith(prefix)));
  const averaged = behind(average);
  const momentum = behind(outer);
  return {
    weights: new Map(own),
    moments: { m: behind(m), v: behind(v) },
    step,
    metadata,
    ...(averaged.size > 0 && { average: averaged }),
    ...(momentum.size > 0 && { outer: momentum }),
    ...(lossScale && { lossScale }),
  };
}

/** The file of the weights alone, averaged where they are, for use: float16, or float32 where one is out of its range. */
export function encodeWeights(state: TrainingState, metadata: Readonly<Record<string, string>>) {
  const { weights, average: tensors = weights, step } = state;
  return encodeCompact({ tensors, metadata: { ...metadata, step: String(step) } });
}
