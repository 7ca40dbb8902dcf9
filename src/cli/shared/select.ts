/**
 * Selection of the pictures of a folder that are evaluated, why the others are not, and the mean color of those that
 * are.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { meanColor } from '../../evaluation/metrics/chroma.ts';
import { rgbaToLab } from '../../image/color/lab.ts';
import { GREY_THRESHOLD, isGrey } from '../../image/raster/picture.ts';
import { EnvironmentError, FormatError } from '../../runtime/errors.ts';
import { readError } from '../../runtime/file_errors.ts';
import { type Listing, noneText } from '../paths/walk.ts';
import { type Color, readSquare } from './center_crops.ts';
import { eachOf, type PictureFile } from './scan.ts';

/** Files hashed at a time. */
const HASHED_AT_ONCE = 16;
/** Pictures decoded at a time. */
const DECODED_AT_ONCE = 8;

export const REASONS = ['unreadable', 'grey', 'repeated'] as const;

/** A picture that is not evaluated. */
export interface LeftOut {
  readonly path: string;
  readonly kind: (typeof REASONS)[number];
  readonly reason: string;
}

export interface Selection {
  /** By ascending SHA-256, so that names and places of files make no difference, and the first of them are a fair sample. */
  readonly pictures: readonly PictureFile[];
  /** Grey pictures that are kept, in the same order. They have no true colors. */
  readonly grey: readonly PictureFile[];
  readonly leftOut: readonly LeftOut[];
  /** Picture files in the folder, and folders in it that cannot be read. */
  readonly found: number;
  /** Files that are no pictures, by extension. */
  readonly others: Readonly<Record<string, number>>;
  /** The mean over all pixels of the pictures' squares. */
  readonly meanColor: Color;
}

export interface SelectOptions {
  /** Pixels a side of the squares. */
  readonly size: number;
  /** Most pictures; may be infinite. */
  readonly limit: number;
  /** Sorted by it, files are a fair sample. Default their SHA-256. */
  readonly rank?: (hash: string) => string;
  /** Whether grey pictures are kept, beside those with colors; they count for `limit`. Default no. */
  readonly keepGrey?: boolean;
  readonly progress: (done: number, total: number) => void;
}

/**
 * Reads and judges the pictures of a folder, until there are enough.
 *
 * @param folder for messages
 * @throws FormatError when there is nothing to take in it.
 */
export async function select(folder: string, listing: Listing, options: SelectOptions): Promise<Selection> {
  const { size, limit, rank = (hash) => hash, keepGrey = false, progress } = options;
  const { pictures: paths, unreadable } = listing;
  const leftOut: LeftOut[] = unreadable.map((one) => ({ ...one, kind: 'unreadable' }));
  const candidates = await distinct(paths, leftOut, rank);
  const pictures: PictureFile[] = [];
  const grey: PictureFile[] = [];
  const count = () => pictures.length + grey.length;
  const color = { a: 0, b: 0 };
  for (let first = 0; first < candidates.length && count() < limit; first += DECODED_AT_ONCE) {
    const files = candidates.slice(first, first + DECODED_AT_ONCE);
    const judged = await Promise.all(files.map((file) => classify(file, size)));
    for (const [i, found] of judged.entries()) {
      if (count() === limit) break;
      if ('reason' in found) {
        if (keepGrey && found.kind === 'grey') grey.push(files[i]!);
        else leftOut.push(found);
        continue;
      }
      pictures.push(files[i]!);
      color.a += found.a;
      color.b += found.b;
    }
    progress(count(), Math.min(limit, candidates.length));
  }
  if (count() === 0) {
    const left = (wanted: LeftOut['kind']) => leftOut.filter(({ kind }) => kind === wanted).length;
    throw new FormatError({
      where: `'${folder}'`,
      expected: 'color pictures',
      got: paths.length ? `${left('unreadable')} unreadable and ${left('grey')} grey ones` : noneText(listing),
      hint: 'name another folder',
    });
  }
  const mean = { a: color.a / (pictures.length || 1), b: color.b / (pictures.length || 1) };
  const order = (one: LeftOut, other: LeftOut) => (one.path < other.path ? -1 : 1);
  return {
    pictures,
    grey,
    leftOut: leftOut.sort(order),
    found: paths.length + unreadable.length,
    others: Object.fromEntries(listing.leftOut),
    meanColor: mean,
  };
}

/** The files by ascending rank of their hash; of equal ones the first by name. */
async function distinct(
  paths: readonly string[],
  leftOut: LeftOut[],
  rank: (hash: string) => string,
): Promise<PictureFile[]> {
  const hashes = new Map<string, string>();
  await eachOf(paths, HASHED_AT_ONCE, async (path) => {
    try {
      hashes.set(
        path,
        createHash('sha256')
          .update(await readFile(path))
          .digest('hex'),
      );
    } catch (cause) {
      leftOut.push({ path, kind: 'unreadable', reason: readError(path, 'a picture', cause as Error).message });
    }
  });
  const byHash = new Map<string, string>();
  for (const path of paths) {
    const hash = hashes.get(path);
    if (hash === undefined) continue;
    const same = byHash.get(hash);
    if (same === undefined) byHash.set(hash, path);
    else leftOut.push({ path, kind: 'repeated', reason: `the same file as ${same}` });
  }
  return [...byHash]
    .map(([hash, path]) => ({ file: { hash, path }, rank: rank(hash) }))
    .sort((one, other) => (one.rank < other.rank ? -1 : 1))
    .map(({ file }) => file);
}

/** The mean color of a picture's square, or why it is left out. */
async function classify(file: PictureFile, size: number): Promise<Color | LeftOut> {
  const { path } = file;
  try {
    const square = await readSquare(file, size);
    if (!isGrey(square)) return meanColor(rgbaToLab(square.data));
    const reason = `grey: R, G and B of its square are less than ${GREY_THRESHOLD} codes apart on average`;
    return { path, kind: 'grey', reason };
  } catch (cause) {
    if (!(cause instanceof FormatError || cause instanceof EnvironmentError)) throw cause;
    return { path, kind: 'unreadable', reason: cause.message };
  }
}
