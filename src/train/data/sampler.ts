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

/** Pictures among which the next one is drawn, where they lie in parts: enough to mix several parts. */
const WINDOW = 8192;

/** Draws without replacement: every picture once an epoch, in a new order each epoch. */
export class Sampler {
  readonly #length: number;
  readonly #batch: number;
  readonly #seed: number;
  readonly #augmentation: ToneAugmentation;
  readonly #views: number;
  readonly #parts: readonly number[] | undefined;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array();

  /**
   * @param length the number of pictures
   * @param batch pictures a step
   * @param augmentation default: all as they are
   * @param views of each picture, among which one is drawn each time
   * @param parts lengths of the stretches of pictures that are to be read together; default there are none
   */
  constructor(
    length: number,
    batch: number,
    seed: number,
    augmentation: ToneAugmentation = { film: 0, tone: 0 },
    views = 1,
    parts?: readonly number[],
  ) {
    this.#length = length;
    this.#batch = batch;
    this.#seed = seed;
    this.#augmentation = augmentation;
    this.#views = views;
    this.#parts = parts;
  }

  /** The samples of step `step` (from 0). An epoch's last batch is filled up from the next epoch. */
  batch(step: number): Sample[] {
    return Array.from({ length: this.#batch }, (_, i) => this.#sample(step * this.#batch + i));
  }

  #sample(position: number): Sample {
    const epoch = Math.floor(position / this.#length);
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      const random = new Random(seedOf(this.#seed, epoch));
      this.#order = this.#parts ? orderOfParts(random, this.#parts) : random.permutation(this.#length);
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

/**
 * The numbers of all pictures: part after part in random order, through a shuffle buffer. No picture comes more than
 * `window` places early, so that parts are read from front to back, a few at a time.
 */
export function orderOfParts(random: Random, parts: readonly number[], window = WINDOW): Uint32Array<ArrayBuffer> {
  const firsts: number[] = [];
  let length = 0;
  for (const part of parts) {
    firsts.push(length);
    length += part;
  }
  const order = new Uint32Array(length);
  let filled = 0;
  for (const part of random.permutation(parts.length)) {
    for (let i = 0; i < parts[part]!; i++) order[filled++] = firsts[part]! + i;
  }
  for (let i = 0; i < length; i++) {
    const j = i + random.below(Math.min(window, length - i));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
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
