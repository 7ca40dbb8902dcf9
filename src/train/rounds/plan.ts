/**
 * Shares of a round: which batches of the run's one order each takes. All shares together take those that one process would take
 * meanwhile, so whatever counts batches means the same with any number of shares.
 */
import { ShapeError } from '../../runtime/errors.ts';

/** Batches of a run, from `from` (so many are done) to `to`, in rounds of `shares` times `localSteps`. */
export interface RoundPlan {
  readonly from: number;
  /** The run's last batch, counted from 1. */
  readonly to: number;
  readonly shares: number;
  /** Steps that a share takes in a round; fewer in the last one. */
  readonly localSteps: number;
}

/** The batches of a share: `batches` of them, from number `first` (from 0). */
export interface Share {
  readonly first: number;
  readonly batches: number;
}

/** Batches that are done after the round. */
export function endOf({ from, to, shares, localSteps }: RoundPlan): number {
  return Math.min(to, from + shares * localSteps);
}

/**
 * The shares of the round, behind each other in the run's order; in the last round the first ones may have a batch more, and some
 * may have none. @throws ShapeError where nothing is left, or a count is none
 */
export function sharesOf(plan: RoundPlan): Share[] {
  const { from, to, shares, localSteps } = plan;
  const isCount = (value: number, least: number) => Number.isSafeInteger(value) && value >= least;
  if (!(isCount(from, 0) && isCount(to, from + 1) && isCount(shares, 1) && isCount(localSteps, 1))) {
    const got = JSON.stringify({ from, to, shares, localSteps });
    throw new ShapeError({ where: 'round', expected: 'whole numbers, with from before to', got });
  }
  const batches = endOf(plan) - from;
  const each = Math.floor(batches / shares);
  const longer = batches % shares;
  return Array.from({ length: shares }, (_, share) => ({
    first: from + share * each + Math.min(share, longer),
    batches: each + (share < longer ? 1 : 0),
  }));
}

/** Steps that each share has taken before the round: what Adam and the weights' average count. */
export function localStepsBefore({ from, shares }: RoundPlan): number {
  return Math.ceil(from / shares);
}

/**
 * The run's step, counted in batches from 1, at which a share's step `local` (1 for its first in the round) is taken, as all shares
 * go on side by side: what the learning rate counts.
 */
export function stepAt({ from, shares }: RoundPlan, local: number): number {
  return from + (local - 1) * shares + 1;
}
