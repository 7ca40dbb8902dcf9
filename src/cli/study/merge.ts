/** Many people's answers to one study, put together: rates over all, over each person and over each picture. */

import type { Answer, Kind, Sitting, Study } from '../../evaluation/answers.ts';
import { type Estimate, RESAMPLES, SEED } from '../../evaluation/bootstrap.ts';
import { clustered } from '../../evaluation/clustered.ts';
import { type Rate, type Rates, ratesOf } from '../../evaluation/rates.ts';
import { FormatError } from '../../runtime/errors.ts';
import { readSaved } from './saved.ts';

/** A rate with its interval seen in three ways; null where there are too few people or pictures for it. */
export interface KindRate extends Rate {
  readonly overPeople: Omit<Estimate, 'value'> | null;
  readonly overPeopleAndPictures: Omit<Estimate, 'value'> | null;
}

export interface PersonReport extends Rates {
  /** The name given; of those without, the sitting. */
  readonly person: string;
  readonly sittings: number;
  readonly answers: number;
}

export interface PictureReport extends Rates {
  readonly name: string;
  readonly sha256: string;
}

export interface StudyReport {
  readonly study: Study;
  readonly intervals: string;
  readonly people: number;
  readonly sittings: number;
  /** Sittings that were stopped before their end. */
  readonly unfinished: number;
  /** Sittings that were in more than one file, or saved more than once. */
  readonly repeated: number;
  readonly answers: number;
  /** Half of the answers came faster than this; milliseconds, null without answers. */
  readonly medianMs: number | null;
  /** Taken for real, of each kind. */
  readonly takenForReal: Readonly<Record<Kind, KindRate>>;
  readonly right: Rate;
  readonly byPerson: readonly PersonReport[];
  /** By the rate at which ours was taken for real, highest first; those never shown so last. */
  readonly byPicture: readonly PictureReport[];
}

/** Reads and sums up. @throws FormatError for files that cannot be read, are no answers, or belong to different studies. */
export async function mergeFiles(paths: readonly string[]): Promise<StudyReport> {
  const files = [];
  for (const path of paths) files.push({ path, saved: await readSaved(path) });
  const [{ saved: first, path: firstPath }] = files as [(typeof files)[number]];
  const sittings = new Map<string, Sitting>();
  let count = 0;
  for (const { path, saved } of files) {
    if (saved.study.id !== first.study.id) {
      throw new FormatError({
        where: path,
        expected: `answers to the study ${first.study.id} of ${firstPath}`,
        got: saved.study.id,
        hint: 'merge each study by itself',
      });
    }
    for (const sitting of saved.sittings) {
      count++;
      const known = sittings.get(sitting.id);
      if (!known || known.answers.length < sitting.answers.length) sittings.set(sitting.id, sitting);
    }
  }
  return { ...sum(first.study, [...sittings.values()]), repeated: count - sittings.size };
}

/** Sums up sittings, each given once. */
export function sum(study: Study, sittings: readonly Sitting[]): Omit<StudyReport, 'repeated'> {
  const people = new Map<string, Sitting[]>();
  for (const sitting of sittings) {
    const person = sitting.person.trim() || `(${sitting.id.slice(0, 6)})`;
    people.set(person, [...(people.get(person) ?? []), sitting]);
  }
  const answersOf = (some: readonly Sitting[]) => some.flatMap(({ answers }) => answers);
  const all = answersOf(sittings);
  const { right, ...rates } = ratesOf(all);
  const kind = (which: Kind): KindRate => {
    const grouped = [...people].map(([person, its]) => ({
      person,
      answers: answersOf(its).filter(({ shown }) => shown === which),
    }));
    const interval = (over: Parameters<typeof clustered>[1]) => {
      const estimate = clustered(grouped, over);
      return estimate && { low: estimate.low, high: estimate.high };
    };
    return {
      ...rates[which],
      overPeople: interval('people'),
      overPeopleAndPictures: interval('people and pictures'),
    };
  };
  const byPicture = study.pictures.map(({ name, sha256 }) => ({
    name,
    sha256,
    ...ratesOf(all.filter(({ picture }) => picture === sha256)),
  }));
  return {
    study,
    intervals: `95 %. Wilson's score over the answers, as if each were a draw of its own; bootstrap over people, and over people and pictures, each drawn whole: percentiles of ${RESAMPLES} resamples, seed ${SEED}; too narrow for fewer than about ten people`,
    people: people.size,
    sittings: sittings.length,
    unfinished: sittings.filter(({ answers, planned }) => answers.length < planned).length,
    answers: all.length,
    medianMs: median(all),
    takenForReal: { ours: kind('ours'), real: kind('real') },
    right,
    byPerson: [...people].map(([person, its]) => ({
      person,
      sittings: its.length,
      answers: answersOf(its).length,
      ...ratesOf(answersOf(its)),
    })),
    byPicture: byPicture.sort((one, other) => (other.ours.value ?? -1) - (one.ours.value ?? -1)),
  };
}

function median(answers: readonly Answer[]): number | null {
  const times = answers.map(({ ms }) => ms).sort((one, other) => one - other);
  if (times.length === 0) return null;
  return (times[(times.length - 1) >> 1]! + times[times.length >> 1]!) / 2;
}
