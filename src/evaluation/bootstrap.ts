/**
 * Intervals by the bootstrap (Efron 1979): pictures are drawn with replacement, as many as there are, many times over; the
 * 2.5th and 97.5th percentiles of what comes out bound the 95 % interval. All numbers of a picture are drawn together, so
 * ratios and differences get intervals too. The seed is fixed: the same scores give the same interval.
 */
import { Random } from '../util/random.ts';

export const RESAMPLES = 2000;
export const SEED = 1;

/** A statistic of the pictures, and its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Numbers of the same pictures, in the same order, by name. */
export class Bootstrap<Name extends string> {
  readonly #means: ReadonlyMap<Name, number>;
  /** For each resample. */
  readonly #resampled: ReadonlyMap<Name, Float64Array>;

  constructor(series: Readonly<Record<Name, readonly number[]>>) {
    const all = Object.entries(series) as [Name, readonly number[]][];
    const count = all[0]![1].length;
    const random = new Random(SEED);
    this.#means = new Map(all.map(([name, numbers]) => [name, numbers.reduce((sum, one) => sum + one, 0) / count]));
    this.#resampled = new Map(all.map(([name]) => [name, new Float64Array(RESAMPLES)]));
    const drawn = new Uint32Array(count);
    for (let i = 0; i < RESAMPLES; i++) {
      for (let k = 0; k < count; k++) drawn[k] = random.below(count);
      for (const [name, numbers] of all) {
        let sum = 0;
        for (let k = 0; k < count; k++) sum += numbers[drawn[k]!]!;
        this.#resampled.get(name)![i] = sum / count;
      }
    }
  }

  /** Estimates a mean over the pictures. */
  mean(name: Name): Estimate {
    return this.estimate((mean) => mean(name));
  }

  /** Estimates anything that is computed from means over the pictures. */
  estimate(statistic: (mean: (name: Name) => number) => number): Estimate {
    const values = Float64Array.from({ length: RESAMPLES }, (_, i) =>
      statistic((name) => this.#resampled.get(name)![i]!),
    ).sort();
    return {
      value: statistic((name) => this.#means.get(name)!),
      low: quantile(values, 0.025),
      high: quantile(values, 0.975),
    };
  }
}

/** A quantile of sorted numbers: between the neighbors, linearly. */
export function quantile(sorted: Float64Array, share: number): number {
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}
