/** Finds the pictures of a folder, and leaves out what cannot be learnt from: damaged, grey and repeated ones. */
import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { decodeForTraining } from '../../image/node.ts';
import { isGrey } from '../../image/picture.ts';
import { FormatError } from '../../runtime/errors.ts';
import type { Picture } from '../../train/batch.ts';

const EXTENSIONS = /\.(jpe?g|png|webp|tiff?)$/i;
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
  readonly unreadable: readonly string[];
  readonly repeated: number;
}

export interface ScanOptions {
  /** Pixels of the pictures' shorter side. */
  readonly shorter: number;
  /** What an earlier scan found; new findings are added. */
  readonly findings: Findings;
  /** Is given every good picture that had to be decoded. */
  readonly decoded: (hash: string, picture: Picture) => void;
  readonly progress: (done: number, total: number) => void;
}

/**
 * Reads and judges every picture below `dirs`.
 *
 * @throws FormatError when a folder does not exist, or there is no picture to train with.
 */
export async function scan(dirs: readonly string[], options: ScanOptions): Promise<ScanResult> {
  const paths = await listPictures(dirs);
  const where = dirs.map((dir) => `'${dir}'`).join(', ');
  if (paths.length === 0) {
    throw new FormatError(`${where}: expected pictures, got no jpg, jpeg, png, webp or tiff – name another folder`);
  }
  const { findings, progress } = options;
  const found = new Map<string, Finding>();
  let done = 0;
  await eachOf(paths, AT_ONCE, async (path) => {
    const finding = await judge(path, findings.get(path), options);
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
  const unreadable = pathsOf('unreadable');
  const grey = pathsOf('grey').length;
  if (good.size === 0) {
    throw new FormatError(
      `${where}: expected colour pictures, got ${unreadable.length} unreadable and ${grey} grey ones – name another folder`,
    );
  }
  const pictures = [...good].map(([hash, path]) => ({ path, hash }));
  return { pictures: pictures.sort((a, b) => (a.hash < b.hash ? -1 : 1)), grey, unreadable, repeated };
}

/** All picture files below `dirs`, hidden ones left out, each once. Sorted, so that of equal ones the same is taken. */
export async function listPictures(dirs: readonly string[]): Promise<string[]> {
  const paths = new Set<string>();
  const visited = new Set<string>();
  const visit = async (dir: string): Promise<void> => {
    // A link may lead back to a folder above.
    const real = await realpath(dir);
    if (visited.has(real)) return;
    visited.add(real);
    for (const entry of await readdir(dir, { withFileTypes: true })) {
      if (entry.name.startsWith('.')) continue;
      const path = join(dir, entry.name);
      const kind = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
      if (kind?.isDirectory()) await visit(path);
      else if (kind?.isFile() && EXTENSIONS.test(entry.name)) paths.add(path);
    }
  };
  for (const dir of dirs) {
    const kind = await stat(dir).catch(() => undefined);
    if (!kind?.isDirectory()) {
      throw new FormatError(`'${dir}': expected a folder, got ${kind ? 'a file' : 'nothing'} – check the path`);
    }
    await visit(resolve(dir));
  }
  return [...paths].sort();
}

async function judge(path: string, known: Finding | undefined, options: ScanOptions): Promise<Finding> {
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
