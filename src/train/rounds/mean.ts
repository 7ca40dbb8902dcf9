/** Mean of the states that shares end a round with: weighted, added up in the order of the shares, in float64. */
import type { Tensors } from '../../graph/parameters.ts';
import { ShapeError } from '../../runtime/errors.ts';
import type { TrainingState } from '../checkpoint.ts';
import type { LossScaleState } from '../optimizer/loss_scale.ts';

/** Adds up states one by one, so that one alone is in memory. */
export class MeanState {
  readonly #weights = new MeanTensors('weights');
  readonly #m = new MeanTensors("Adam's m");
  readonly #v = new MeanTensors("Adam's v");
  readonly #average = new MeanTensors('the average');
  #lossScale: LossScaleState | undefined;

  /**
   * Adds a state. Adam's moments are averaged as the weights are, so that shares have no state of their own.
   *
   * @param weight what it counts for: the batches that it has seen; above 0
   * @throws ShapeError for a state that is not of the same network
   */
  add({ weights, moments, average, lossScale }: TrainingState, weight: number): void {
    this.#weights.add(weights, weight);
    this.#m.add(moments.m, weight);
    this.#v.add(moments.v, weight);
    if (average) this.#average.add(average, weight);
    if (lossScale) this.#lossScale = this.#lossScale ? moreCautious(this.#lossScale, lossScale) : lossScale;
  }

  /** The mean, as the state after `step`. Of one state it is that state, to the bit. */
  state(step: number): TrainingState {
    const average = this.#average.mean();
    return {
      step,
      weights: this.#weights.mean(),
      moments: { m: this.#m.mean(), v: this.#v.mean() },
      ...(average.size > 0 && { average }),
      ...(this.#lossScale && { lossScale: this.#lossScale }),
    };
  }
}

class MeanTensors {
  readonly #what: string;
  readonly #sums = new Map<string, { readonly shape: readonly number[]; readonly data: Float64Array }>();
  #states = 0;
  #total = 0;

  constructor(what: string) {
    this.#what = what;
  }

  add(tensors: Tensors, weight: number): void {
    if (this.#states++ === 0) {
      for (const [name, { shape, data }] of tensors) {
        this.#sums.set(name, { shape, data: new Float64Array(data.length) });
      }
    }
    if (tensors.size !== this.#sums.size) {
      throw new ShapeError({ where: this.#what, expected: `${this.#sums.size} arrays`, got: tensors.size });
    }
    for (const [name, sum] of this.#sums) {
      const tensor = tensors.get(name);
      if (tensor?.shape.join() !== sum.shape.join()) {
        const got = tensor ? `[${tensor.shape}]` : 'none';
        throw new ShapeError({ where: this.#what, expected: `'${name}' of [${sum.shape}]`, got });
      }
      const { data } = tensor;
      // Exact for whole weights: 24 bits times 29.
      for (let i = 0; i < data.length; i++) sum.data[i]! += weight * data[i]!;
    }
    this.#total += weight;
  }

  mean(): Tensors {
    return new Map(
      [...this.#sums].map(([name, { shape, data }]) => [
        name,
        { shape, data: Float32Array.from(data, (sum) => sum / this.#total) },
      ]),
    );
  }
}

/** A scale that no share found too large, and the fewest finite steps since. */
function moreCautious(a: LossScaleState, b: LossScaleState): LossScaleState {
  return {
    scale: Math.min(a.scale, b.scale),
    good: Math.min(a.good, b.good),
    skipped: Math.min(a.skipped, b.skipped),
  };
}
