/**
 * Outer optimizer of training in rounds: Nesterov momentum over what rounds change (DiLoCo, Douillard et al. 2023, arXiv
 * 2311.08105, algorithm 1).
 */
import type { Tensors } from '../../graph/parameters.ts';
import { DivergedError } from '../../runtime/errors.ts';

export interface OuterOptions {
  /** What the change of a round is multiplied by. */
  readonly rate: number;
  /** The share of earlier rounds' change that is added to it, in 0 … 1. */
  readonly momentum: number;
}

/** DiLoCo's own. */
export const DILOCO: OuterOptions = { rate: 0.7, momentum: 0.9 };
/** The mean of the shares as it is. */
export const PLAIN_MEAN: OuterOptions = { rate: 1, momentum: 0 };

/** What a round leaves. */
export interface OuterState {
  readonly weights: Tensors;
  /** The sum of the rounds' changes, decayed; absent without momentum. */
  readonly momentum?: Tensors;
}

/**
 * The weights after a round. With Δ = before − mean: momentum ← μ · momentum + Δ, weights = before − rate · (Δ + μ · momentum),
 * as PyTorch's SGD with `nesterov`; in float64, kept in float32.
 *
 * @param before what the round began with, and the momentum then: none before the first
 * @param mean of the shares' weights
 * @param step for messages
 * @throws DivergedError where a number is not finite
 */
export function outerStep(
  before: OuterState,
  mean: Tensors,
  { rate, momentum }: OuterOptions,
  step: number,
): OuterState {
  if (rate === 1 && momentum === 0) return { weights: mean };
  const weights = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  const sums = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, { shape, data }] of mean) {
    const old = before.weights.get(name)!.data;
    const earlier = before.momentum?.get(name)?.data;
    const sum = new Float32Array(data.length);
    const moved = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) {
      const change = old[i]! - data[i]!;
      const total = momentum * (earlier?.[i] ?? 0) + change;
      sum[i] = total;
      moved[i] = old[i]! - rate * (change + momentum * total);
    }
    const bad = moved.find((value) => !Number.isFinite(value));
    if (bad !== undefined) throw new DivergedError(step, `${bad} in weight '${name}' after the outer step`);
    weights.set(name, { shape, data: moved });
    sums.set(name, { shape, data: sum });
  }
  return momentum ? { weights, momentum: sums } : { weights };
}
