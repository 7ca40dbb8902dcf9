/** The learning rate over a run. */
export type Decay = 'constant' | 'cosine';

/**
 * The learning rate at `progress` in 0 … 1 of a run: constant, or falling to 1 % along half a cosine
 * (Loshchilov and Hutter 2017, without restarts).
 */
export function decayed(learningRate: number, decay: Decay, progress: number): number {
  if (decay === 'constant') return learningRate;
  return learningRate * (0.01 + 0.99 * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress))));
}

/** What the rate of step `step` (1 for the first) is multiplied by: rises evenly to 1 at step `steps`. */
export function warmup(step: number, steps: number): number {
  return step < steps ? step / steps : 1;
}

/** The rate of step `step` (1 for the first) of a run, at `progress` in 0 … 1 of it. */
export function rateAt(
  recipe: { readonly lr: number; readonly lrDecay: Decay; readonly warmup: number },
  step: number,
  progress: number,
): number {
  return decayed(recipe.lr, recipe.lrDecay, progress) * warmup(step, recipe.warmup);
}
