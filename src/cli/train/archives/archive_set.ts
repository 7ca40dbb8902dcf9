/**
 * Archives: pictures packed into tar archives, as WebDataset has them. Only where each picture lies is kept in memory, 12 bytes
 * a picture; it is read when it is asked for. What else is in an archive, such as .cls and .json, is passed over.
 */
import { createHash } from 'node:crypto';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { kindOfExtension } from '../../../image/file/sniff.ts';
import { EnvironmentError, FormatError } from '../../../runtime/errors.ts';
import { readError } from '../../../runtime/file_errors.ts';
import { extensionOf, isPhotograph } from '../../paths/walk.ts';
import { isForValidation, type PictureFile, type PictureList } from '../../shared/scan.ts';
import { eachMember } from './members.ts';

const ENDING = '.tar';

interface Archive {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Its first picture among all. */
  readonly first: number;
  readonly count: number;
}

/** The archives that `paths` name, themselves or by a folder that they lie in; undefined where none of them does. */
export async function archivePaths(paths: readonly string[]): Promise<string[] | undefined> {
  const found: string[][] = [];
  for (const path of paths) {
    const entries = path.endsWith(ENDING) ? [] : await readdir(path).catch(() => []);
    const names = entries.filter((name) => name.endsWith(ENDING) && !name.startsWith('.')).sort();
    found.push(path.endsWith(ENDING) ? [resolve(path)] : names.map((name) => resolve(join(path, name))));
  }
  const without = found.findIndex((archives) => archives.length === 0);
  if (without < 0 && found.length) return [...new Set(found.flat())];
  if (found.every((archives) => archives.length === 0)) return undefined;
  throw new FormatError({
    where: `'${paths[without]}'`,
    expected: 'archives (.tar), as the others',
    got: 'a folder without',
    hint: 'train on archives or on folders of photographs, not on both',
  });
}

/** The pictures of some archives. */
export class ArchiveSet implements PictureList {
  readonly #archives: readonly Archive[];
  readonly #offsets: Float64Array;
  readonly #sizes: Uint32Array;

  private constructor(archives: readonly Archive[], offsets: Float64Array, sizes: Uint32Array) {
    this.#archives = archives;
    this.#offsets = offsets;
    this.#sizes = sizes;
  }

  /**
   * Finds the pictures of archives.
   *
   * @throws FormatError for what is no archive, or a damaged one, or where there is no picture in any
   */
  static async find(paths: readonly string[], progress: (done: number, total: number) => void): Promise<ArchiveSet> {
    const archives: Archive[] = [];
    let offsets = new Float64Array(1024);
    let sizes = new Uint32Array(1024);
    let length = 0;
    for (const path of paths) {
      const file = await open(path).catch((cause: Error) => {
        throw readError(path, 'a tar archive', cause);
      });
      const first = length;
      try {
        await eachMember(file, path, ({ name, offset, size }) => {
          const kind = kindOfExtension(extensionOf(name));
          if (!kind || !isPhotograph(kind) || size === 0) return;
          if (length === offsets.length) {
            offsets = grown(offsets, new Float64Array(2 * length));
            sizes = grown(sizes, new Uint32Array(2 * length));
          }
          offsets[length] = offset;
          sizes[length++] = size;
        });
      } finally {
        await file.close();
      }
      archives.push({ path, size: (await stat(path)).size, first, count: length - first });
      progress(archives.length, paths.length);
    }
    if (length === 0) {
      throw new FormatError({
        where: paths.join(', '),
        expected: 'pictures in the archive',
        got: 'none',
        hint: 'name other archives',
      });
    }
    return new ArchiveSet(archives, offsets.slice(0, length), sizes.slice(0, length));
  }

  get length(): number {
    return this.#offsets.length;
  }

  /** Pictures of each archive, in order: they lie together on disk. */
  get parts(): number[] {
    return this.#archives.map(({ count }) => count);
  }

  /** SHA-256 over the archives' names, sizes and numbers of pictures. */
  get digest(): string {
    const told = this.#archives.map(({ path, size, count }) => [basename(path), size, count]);
    return createHash('sha256').update(JSON.stringify(told)).digest('hex');
  }

  /** A picture; its hash is of its place, and not of its content. */
  at(index: number): PictureFile {
    const archive = this.#archiveOf(index);
    const number = index - archive.first;
    const told = `${basename(archive.path)}\0${number}\0${this.#offsets[index]}\0${this.#sizes[index]}`;
    return {
      path: `${archive.path}, picture ${number + 1}`,
      hash: createHash('sha256').update(told).digest('hex'),
      read: () => readPart(archive.path, this.#offsets[index]!, this.#sizes[index]!),
    };
  }

  /** Those to train with, and those that are kept for validation, a tenth. */
  split(): { train: PictureList; validation: PictureList } {
    const train = new Subset(this, this.#archives.length);
    const validation = new Subset(this, this.#archives.length);
    this.#archives.forEach(({ first, count }, part) => {
      for (let i = first; i < first + count; i++) (isForValidation(this.at(i)) ? validation : train).add(i, part);
    });
    return { train, validation };
  }

  #archiveOf(index: number): Archive {
    let [low, high] = [0, this.#archives.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#archives[middle]!.first <= index) low = middle;
      else high = middle - 1;
    }
    return this.#archives[low]!;
  }
}

/** Some of the pictures of a set. */
class Subset implements PictureList {
  readonly parts: number[];
  readonly #all: PictureList;
  readonly #indices: Uint32Array;
  length = 0;

  constructor(all: PictureList, parts: number) {
    this.#all = all;
    this.#indices = new Uint32Array(all.length);
    this.parts = new Array<number>(parts).fill(0);
  }

  /** Takes a picture, of the archive with the number `part`. */
  add(index: number, part: number): void {
    this.#indices[this.length++] = index;
    this.parts[part]!++;
  }

  at(index: number): PictureFile | undefined {
    return this.#all.at(this.#indices[index]!);
  }
}

/** @throws EnvironmentError for an archive that is gone, or shorter than before */
async function readPart(path: string, offset: number, size: number): Promise<Uint8Array> {
  const file = await open(path).catch((cause: Error) => {
    throw readError(path, 'a tar archive', cause);
  });
  try {
    const content = new Uint8Array(size);
    const { bytesRead } = await file.read(content, 0, size, offset);
    if (bytesRead === size) return content;
  } finally {
    await file.close();
  }
  throw new EnvironmentError({
    where: path,
    expected: 'the archive found before',
    got: 'one cut short',
    hint: 'put it back, or start again',
  });
}

function grown<T extends Float64Array | Uint32Array>(from: T, into: T): T {
  into.set(from);
  return into;
}
