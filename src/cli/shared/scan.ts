/** Scan of a folder for pictures, without what cannot be learned from: damaged, grey and repeated ones. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { decodeForTraining } from '../../image/node.ts';
import { isGrey } from '../../image/raster/picture.ts';
import { FormatError } from '../../runtime/errors.ts';
import type { DecodedPicture } from '../../train/data/batch.ts';
import { listPictures, noneText } from '../paths/walk.ts';
import type { Shard } from './shard.ts';

/** Files read and decoded at a time: enough to keep every decoding thread busy. */
const AT_ONCE = 16;

/** A picture to train with. */
export interface PictureFile {
  readonly path: string;
  /** SHA-256 of the file's content, hexadecimal. */
  readonly hash: string;
}

/** What is known of a file. It holds as long as the file's size and time stay. */
export interface Finding {
  readonly bytes: number;
  readonly modified: number;
  readonly hash: string;
  readonly kind: 'good' | 'grey' | 'unreadable';
}

/** Findings by absolute path. */
export type Findings = Map<string, Finding>;

export interface ScanResult {
  /** By ascending hash, so that names and places of files make no difference. */
  readonly pictures: readonly PictureFile[];
  readonly grey: number;
  /** Files, and folders. */
  readonly unreadable: readonly string[];
  readonly repeated: number;
  /** Files that are no pictures, by extension. */
  readonly leftOut: ReadonlyMap<string, number>;
}

export interface ScanOptions {
  /** Pixels of the pictures' shorter side. */
  readonly shorter: number;
  /** What an earlier scan found; new findings are added. */
  readonly findings: Findings;
  /** Folders from which nothing is taken. Default none. */
  readonly except?: readonly string[];
  /** The share of the pictures that is wanted, which may be none of a few. Default all. */
  readonly shard?: Shard;
  /** Is given every good picture that had to be decoded. */
  readonly decoded: (hash: string, picture: DecodedPicture) => void;
  readonly progress: (done: number, total: number) => void;
}

/**
 * Reads and judges every picture below `dirs`.
 *
 * @throws FormatError when a folder does not exist, or there is no picture to train with.
 */
export async function scan(dirs: readonly string[], options: ScanOptions): Promise<ScanResult> {
  const listing = await listPictures(dirs, options.except, options.shard);
  const { pictures: paths, leftOut, unreadable: folders } = listing;
  const where = dirs.map((dir) => `'${dir}'`).join(', ');
  if (paths.length + listing.elsewhere === 0) {
    throw new FormatError({
      where,
      expected: 'pictures',
      got: noneText(listing),
      hint: 'name another folder',
    });
  }
  const { findings, progress } = options;
  const found = new Map<string, Finding>();
  let done = 0;
  await eachOf(paths, AT_ONCE, async (path) => {
    const finding = await classify(path, findings.get(path), options);
    findings.set(path, finding);
    found.set(path, finding);
    progress(++done, paths.length);
  });

  const good = new Map<string, string>();
  let repeated = 0;
  for (const path of paths) {
    const { hash, kind } = found.get(path)!;
    if (kind !== 'good') continue;
    if (good.has(hash)) repeated++;
    else good.set(hash, path);
  }
  const pathsOf = (wanted: Finding['kind']) => paths.filter((path) => found.get(path)!.kind === wanted);
  const unreadable = [...folders.map(({ path }) => path), ...pathsOf('unreadable')];
  const grey = pathsOf('grey').length;
  if (good.size === 0 && !options.shard) {
    throw new FormatError({
      where,
      expected: 'color pictures',
      got: `${unreadable.length} unreadable and ${grey} grey ones`,
      hint: 'name another folder',
    });
  }
  const pictures = [...good].map(([hash, path]) => ({ path, hash }));
  return { pictures: pictures.sort((a, b) => (a.hash < b.hash ? -1 : 1)), grey, unreadable, repeated, leftOut };
}

async function classify(path: string, known: Finding | undefined, options: ScanOptions): Promise<Finding> {
  let bytes = 0;
  let modified = 0;
  let hash = '';
  try {
    const { size, mtimeMs } = await stat(path);
    if (known?.bytes === size && known.modified === mtimeMs) return known;
    bytes = size;
    modified = mtimeMs;
    const file = await readFile(path);
    hash = createHash('sha256').update(file).digest('hex');
    const picture = await decodeForTraining(file, { shorter: options.shorter, name: path });
    if (isGrey(picture)) return { bytes, modified, hash, kind: 'grey' };
    options.decoded(hash, picture);
    return { bytes, modified, hash, kind: 'good' };
  } catch (cause) {
    if (cause instanceof FormatError || (cause as NodeJS.ErrnoException).code) {
      return { bytes, modified, hash, kind: 'unreadable' };
    }
    throw cause;
  }
}

/** Works on all items, `atOnce` at a time. */
export async function eachOf<T>(items: readonly T[], atOnce: number, body: (item: T) => Promise<void>): Promise<void> {
  const iterator = items.values();
  const worker = async () => {
    for (const item of iterator) await body(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** The share of pictures kept for validation. */
const VALIDATION_SHARE = 0.1;

/** Whether a picture is kept for validation: by its content alone, so that it stays when others come or go. */
export function isForValidation({ hash }: PictureFile): boolean {
  return Number.parseInt(hash.slice(0, 8), 16) / 2 ** 32 < VALIDATION_SHARE;
}
