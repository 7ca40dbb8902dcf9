/**
 * Intervals that know that answers come in groups. Wilson's takes every answer to be a draw of its own; but some people are
 * easily fooled, and some pictures fool everybody. Here whole people, or people and pictures, are drawn with replacement.
 */

import { Random } from '../util/random.ts';
import type { Answer } from './answers.ts';
import { type Estimate, quantile, RESAMPLES, SEED } from './bootstrap.ts';

/** One person's answers of the kind in question. */
export interface PersonAnswers {
  readonly person: string;
  readonly answers: readonly Answer[];
}

/**
 * The 95 % interval of the share of answers `real`, by the bootstrap (Efron 1979): over people, and, with `pictures`, over
 * people and pictures, each drawn independently (Owen, "The pigeonhole bootstrap", 2007).
 *
 * @returns null where there are fewer than two people, or two pictures: nothing is known then of how they differ
 */
export function clustered(people: readonly PersonAnswers[], over: 'people' | 'people and pictures'): Estimate | null {
  const asked = people.filter(({ answers }) => answers.length > 0);
  const pictures = [...new Set(asked.flatMap(({ answers }) => answers.map(({ picture }) => picture)))];
  if (asked.length < 2 || (over === 'people and pictures' && pictures.length < 2)) return null;
  const places = new Map(pictures.map((picture, i) => [picture, i]));
  const cells = asked.map(({ answers }) =>
    answers.map(({ picture, verdict }) => ({ picture: places.get(picture)!, taken: Number(verdict === 'real') })),
  );
  const random = new Random(SEED);
  const shares: number[] = [];
  // People and pictures that were not shown to each other may be all that is drawn: that says nothing, and is drawn again.
  for (let tries = 0; shares.length < RESAMPLES && tries < 10 * RESAMPLES; tries++) {
    const weights = over === 'people' ? undefined : drawn(pictures.length, random);
    const times = drawn(asked.length, random);
    const share = shareOf(cells, times, weights);
    if (share !== null) shares.push(share);
  }
  if (shares.length < RESAMPLES) return null;
  const sorted = Float64Array.from(shares).sort();
  const value = shareOf(cells, new Uint32Array(asked.length).fill(1), undefined)!;
  return { value, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
}

type Cells = readonly (readonly { readonly picture: number; readonly taken: number }[])[];

function shareOf(cells: Cells, times: Uint32Array, weights: Uint32Array | undefined): number | null {
  let [taken, all] = [0, 0];
  cells.forEach((answers, person) => {
    if (times[person] === 0) return;
    for (const answer of answers) {
      const weight = times[person]! * (weights?.[answer.picture] ?? 1);
      taken += weight * answer.taken;
      all += weight;
    }
  });
  return all ? taken / all : null;
}

/** How often each of `count` is drawn, in `count` draws. */
function drawn(count: number, random: Random): Uint32Array {
  const times = new Uint32Array(count);
  for (let i = 0; i < count; i++) times[random.below(count)]!++;
  return times;
}
