/**
 * Which pictures, crops and mirror images make up each batch. Everything follows from the seed and the step's number,
 * so a resumed run needs no random state.
 */
import { Random, seedOf } from '../graph/random.ts';

/** One picture of a batch. Offsets are fractions in [0, 1) of the room there is. */
export interface Sample {
  readonly index: number;
  /** Where the square is cut out along the longer side. */
  readonly slide: number;
  readonly top: number;
  readonly left: number;
  readonly mirror: boolean;
  /** How the network sees it: from 0, the grey of today, to 1, that of film that sees no red. */
  readonly blue: number;
}

/** Draws without replacement: every picture once an epoch, in a new order each epoch. */
export class Sampler {
  readonly #length: number;
  readonly #batch: number;
  readonly #seed: number;
  readonly #film: number;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array();

  /** @param length the number of pictures  @param batch pictures a step  @param film share seen as by early film */
  constructor(length: number, batch: number, seed: number, film = 0) {
    this.#length = length;
    this.#batch = batch;
    this.#seed = seed;
    this.#film = film;
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
      blue: random.uniform() < this.#film ? random.uniform() : 0,
    };
  }
}

/** The centre of picture `index`, as it is: for validation. */
export function centred(index: number): Sample {
  return { index, slide: 0.5, top: 0.5, left: 0.5, mirror: false, blue: 0 };
}
