/**
 * Sampler of pictures, crops and mirror images for each batch. Everything follows from the seed and the step's number,
 * so a resumed run needs no random state.
 */

import type { Tone } from '../../kernels/image/lightness.ts';
import { Random, seedOf } from '../../util/random.ts';

/** One picture of a batch. Offsets are fractions in [0, 1) of the room there is. */
export interface Sample {
  readonly index: number;
  /** Where the square is cut out along the longer side. */
  readonly cropOffset: number;
  readonly top: number;
  readonly left: number;
  readonly mirror: boolean;
  readonly tone: Tone;
  /** Which view of the picture is shown, of those that the dataset has; default the first. */
  readonly view?: number;
}

/** Shares of the pictures, 0…1, that are shown with another tone. */
export interface ToneAugmentation {
  /** As by early film, more or less. */
  readonly film: number;
  /** With another tone curve: lighter, darker or faded. */
  readonly tone: number;
}

/** The tone of a picture that is shown as it is. */
export const IDENTITY_TONE: Tone = { blue: 0, gamma: 0, black: 0, white: 0 };

/** Draws without replacement: every picture once an epoch, in a new order each epoch. */
export class Sampler {
  readonly #length: number;
  readonly #batch: number;
  readonly #seed: number;
  readonly #augmentation: ToneAugmentation;
  readonly #views: number;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array();

  /**
   * @param length the number of pictures
   * @param batch pictures a step
   * @param augmentation default: all as they are
   * @param views of each picture, among which one is drawn each time
   */
  constructor(
    length: number,
    batch: number,
    seed: number,
    augmentation: ToneAugmentation = { film: 0, tone: 0 },
    views = 1,
  ) {
    this.#length = length;
    this.#batch = batch;
    this.#seed = seed;
    this.#augmentation = augmentation;
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
      cropOffset: random.uniform(),
      top: random.uniform(),
      left: random.uniform(),
      mirror: random.uniform() < 0.5,
      tone: randomTone(random, this.#augmentation),
      ...(this.#views > 1 && { view: Math.floor(random.uniform() * this.#views) }),
    };
  }
}

/** Draws a tone. */
export function randomTone(random: Random, augmentation: ToneAugmentation): Tone {
  const blue = random.uniform() < augmentation.film ? random.uniform() : 0;
  if (random.uniform() >= augmentation.tone) return { ...IDENTITY_TONE, blue };
  return { blue, gamma: 2 * random.uniform() - 1, black: random.uniform(), white: random.uniform() };
}

/** The center of picture `index`, as it is: for validation. */
export function centered(index: number): Sample {
  return { index, cropOffset: 0.5, top: 0.5, left: 0.5, mirror: false, tone: IDENTITY_TONE };
}
