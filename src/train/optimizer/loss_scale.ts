/**
 * Dynamic loss scaling (Micikevicius et al. 2018): the loss is multiplied by a power of two before it is differentiated,
 * so that small gradients don't vanish when they are rounded to float16, and Adam divides by it.
 */
export interface LossScaleState {
  /** A power of two, so that multiplying and dividing by it is exact. */
  readonly scale: number;
  /** Finite steps since the scale last changed. */
  readonly good: number;
  /** Steps that were left out since the beginning; Adam does not count them. */
  readonly skipped: number;
}

export const INITIAL_LOSS_SCALE: LossScaleState = { scale: 2 ** 16, good: 0, skipped: 0 };

/** Finite steps after which a larger scale is tried. */
const GROW_AFTER = 2000;
/** Gradients of float32 would be as infinite with a larger one. */
const LARGEST = 2 ** 40;

/** What follows a step: a step that is not finite is left out and halves the scale, a long run of finite ones doubles it. */
export function nextLossScale({ scale, good, skipped }: LossScaleState, finite: boolean): LossScaleState {
  if (!finite) return { scale: scale / 2, good: 0, skipped: skipped + 1 };
  if (good + 1 < GROW_AFTER || scale >= LARGEST) return { scale, good: good + 1, skipped };
  return { scale: scale * 2, good: 0, skipped };
}

/** Whether gradients that are not finite at this scale are no fault of the scale. */
export function isExhausted({ scale }: LossScaleState): boolean {
  return scale <= 1;
}

/** Writes a state as one line of text. */
export function encodeLossScale({ scale, good, skipped }: LossScaleState): string {
  return `${scale} ${good} ${skipped}`;
}

/** Reads what `encodeLossScale` wrote; undefined for anything else. */
export function decodeLossScale(text: string): LossScaleState | undefined {
  const [scale = Number.NaN, good = Number.NaN, skipped = Number.NaN, ...rest] = text.split(' ').map(Number);
  const counts = [good, skipped].every((count) => Number.isInteger(count) && count >= 0);
  return counts && rest.length === 0 && scale > 0 && Number.isInteger(Math.log2(scale))
    ? { scale, good, skipped }
    : undefined;
}
