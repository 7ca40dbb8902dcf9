/**
 * Sampler of pictures, crops and mirror images for each batch. Everything follows from the seed and the step's number,
 * so a resumed run needs no random state.
 */

import type { Look } from '../../kernels/image/lightness.ts';
import { Random, seedOf } from '../../util/random.ts';

/** One picture of a batch. Offsets are fractions in [0, 1) of the room there is. */
export interface Sample {
  readonly index: number;
  /** Where the square is cut out along the longer side. */
  readonly slide: number;
  readonly top: number;
  readonly left: number;
  readonly mirror: boolean;
  readonly look: Look;
  /** Which view of the picture is shown, of those that the dataset has; default the first. */
  readonly view?: number;
}

/** Shares of the pictures, 0…1, that are shown with another look. */
export interface Looks {
  /** As by early film, more or less. */
  readonly film: number;
  /** With another tone curve: lighter, darker or faded. */
  readonly tone: number;
}

/** The look of a picture that is shown as it is. */
export const AS_IT_IS: Look = { blue: 0, gamma: 0, black: 0, white: 0 };

/** Draws without replacement: every picture once an epoch, in a new order each epoch. */
export class Sampler {
  readonly #length: number;
  readonly #batch: number;
  readonly #seed: number;
  readonly #looks: Looks;
  readonly #views: number;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array();

  /**
   * @param length the number of pictures
   * @param batch pictures a step
   * @param looks default: all as they are
   * @param views of each picture, among which one is drawn each time
   */
  constructor(length: number, batch: number, seed: number, looks: Looks = { film: 0, tone: 0 }, views = 1) {
    this.#length = length;
    this.#batch = batch;
    this.#seed = seed;
    this.#looks = looks;
    this.#views = views;
  }

  /** The samples of step `step` (from 0). An epoch's last batch is filled up from the next epoch. */
  batch(step: number): Sample[] {
    return Array.from({ length: this.#batch }, (_, i) => this.#sample(step * this.#batch + i));
  }

  #sample(position: number): Sample {
    const epoch = Math.floor(position / this.#length);
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#order = new Random(seedOf(this.#seed, epoch)).permutation(this.#length);
    }
    const random = new Random(seedOf(this.#seed, position, 1));
    return {
      index: this.#order[position % this.#length]!,
      slide: random.uniform(),
      top: random.uniform(),
      left: random.uniform(),
      mirror: random.uniform() < 0.5,
      look: randomLook(random, this.#looks),
      ...(this.#views > 1 && { view: Math.floor(random.uniform() * this.#views) }),
    };
  }
}

/** Draws a look. */
export function randomLook(random: Random, looks: Looks): Look {
  const blue = random.uniform() < looks.film ? random.uniform() : 0;
  if (random.uniform() >= looks.tone) return { ...AS_IT_IS, blue };
  return { blue, gamma: 2 * random.uniform() - 1, black: random.uniform(), white: random.uniform() };
}

/** The center of picture `index`, as it is: for validation. */
export function centered(index: number): Sample {
  return { index, slide: 0.5, top: 0.5, left: 0.5, mirror: false, look: AS_IT_IS };
}
