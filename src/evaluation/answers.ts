/** Questions and answers of a blind test: the data that page, saved files and command line share. */

/** What was shown: a picture in the colors it was given, or the photograph as it is. */
export type Kind = 'ours' | 'real';
/** What it was taken for. */
export type Verdict = 'fake' | 'real';

/** A picture that may be shown. */
export interface StudyPicture {
  /** SHA-256 of its file. */
  readonly sha256: string;
  /** Its path inside the folder. */
  readonly name: string;
}

/** How a test was made. Tests that differ in any of it have different names. */
export interface Study {
  /** Twelve hexadecimal digits that follow from all the rest. */
  readonly id: string;
  readonly pictures: readonly StudyPicture[];
  /** SHA-256 of the weights that gave the colors. */
  readonly weights: string;
  readonly strength: number;
  /** Pixels of the shorter side in the network. */
  readonly renderSize: number;
  /** How much colors of one grey were drawn together, 0 to 1; missing in studies that were made before it was written down. */
  readonly smoothing?: number;
  /** Pixels a side of the squares that are shown. */
  readonly size: number;
  /** How long a picture is seen; null for as long as one likes. */
  readonly seconds: number | null;
  /** Whether everybody sees each picture both ways, or one way only. */
  readonly both: boolean;
}

/** One answer. */
export interface Answer {
  /** SHA-256 of the picture's file. */
  readonly picture: string;
  readonly shown: Kind;
  readonly verdict: Verdict;
  /** From the moment it was seen, milliseconds. */
  readonly ms: number;
}

/** One person, once through the pictures, or as far as they went. */
export interface Sitting {
  /** Random: tells apart sittings, also of people without a name. */
  readonly id: string;
  /** What they called themselves; may be empty. */
  readonly person: string;
  /** ISO 8601. */
  readonly started: string;
  /** Pictures there were to judge. */
  readonly planned: number;
  readonly answers: readonly Answer[];
}

/** A saved file. */
export interface Saved {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly study: Study;
  readonly sittings: readonly Sitting[];
}

export const FORMAT = 'koalarize study';
export const VERSION = 1;

/** What a page carries: the test, and the pictures both ways. */
export interface Deck {
  readonly study: Study;
  /** For each picture: two data URLs, and a number that says which is which (see `oursAt`). */
  readonly cards: readonly (readonly [one: string, other: string, code: number])[];
}

/**
 * Which of a card's two pictures is ours: the parity of the code's bits. It keeps the answer from those who happen to see
 * the page's source; those who want to cheat can.
 */
export function oursAt(code: number): 0 | 1 {
  let bits = code >>> 0;
  for (const shift of [16, 8, 4, 2, 1]) bits ^= bits >>> shift;
  return (bits & 1) as 0 | 1;
}

/** What one sitting shows: pictures by their place in the study, in order. */
export function drawOrder(pictures: number, both: boolean, random: Shuffler): { picture: number; shown: Kind }[] {
  const ours = new Set(random.permutation(pictures).subarray(0, pictures >> 1));
  const round = (kindOf: (picture: number) => Kind) =>
    Array.from(random.permutation(pictures), (picture) => ({ picture, shown: kindOf(picture) }));
  const first = round((picture) => (ours.has(picture) ? 'ours' : 'real'));
  if (!both) return first;
  // The other way round in a second round, so that the same picture does not follow upon itself.
  const second = round((picture) => (ours.has(picture) ? 'real' : 'ours'));
  if (pictures > 1 && second[0]!.picture === first.at(-1)!.picture) second.push(second.shift()!);
  return [...first, ...second];
}

/** As `Random` of src/util/random.ts. */
interface Shuffler {
  permutation(n: number): Uint32Array;
}
