/** One sitting, without its looks: what comes next, what was answered, and the way back. */

import {
  type Answer,
  type Deck,
  drawOrder,
  type Kind,
  oursAt,
  type Sitting,
  type Verdict,
} from '../../src/evaluation/answers.ts';
import { Random } from '../../src/util/random.ts';

export class Quiz {
  readonly #deck: Deck;
  readonly #order: readonly { readonly picture: number; readonly shown: Kind }[];
  readonly #answers: Answer[] = [];
  readonly #about: Omit<Sitting, 'answers'>;

  /** Draws which pictures are shown which way, and their order: another one each time. */
  constructor(deck: Deck, person: string) {
    const [seed, ...name] = crypto.getRandomValues(new Uint32Array(4));
    this.#deck = deck;
    this.#order = drawOrder(deck.study.pictures.length, deck.study.both, new Random(seed!));
    this.#about = {
      id: name.map((part) => part.toString(16).padStart(8, '0')).join(''),
      person,
      started: new Date().toISOString(),
      planned: this.#order.length,
    };
  }

  /** How many are answered. */
  get done(): number {
    return this.#answers.length;
  }

  get planned(): number {
    return this.#order.length;
  }

  get isFinished(): boolean {
    return this.done === this.planned;
  }

  /** The data URL of the picture that is to be judged, or of one `ahead`; undefined past the end. */
  url(ahead = 0): string | undefined {
    const next = this.#order[this.done + ahead];
    return next && urlOf(this.#deck, next.picture, next.shown);
  }

  /** Notes what the picture was taken for, after so many milliseconds, and goes on. */
  answer(verdict: Verdict, ms: number): void {
    const { picture, shown } = this.#order[this.done]!;
    this.#answers.push({
      picture: this.#deck.study.pictures[picture]!.sha256,
      shown,
      verdict,
      ms: Math.round(ms),
    });
  }

  /** Takes the last answer back. */
  back(): void {
    this.#answers.pop();
  }

  get sitting(): Sitting {
    return { ...this.#about, answers: [...this.#answers] };
  }
}

/** The data URL of a picture, by its place in the study. */
export function urlOf({ cards }: Deck, picture: number, shown: Kind): string {
  const [one, other, code] = cards[picture]!;
  return (oursAt(code) === 0) === (shown === 'ours') ? one : other;
}
