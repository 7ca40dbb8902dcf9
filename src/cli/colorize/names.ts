/** Names of what is written: none is an original's, none is given twice, none is longer than disks allow. */
import { basename, dirname, extname, join } from 'node:path';
import { WRITABLE_EXTENSIONS } from '../../image/codec/formats.ts';
import type { ImageKind } from '../../image/file/sniff.ts';
import { folded, type Originals, placeOf } from '../paths/identity.ts';
import { extensionOf, kindOf } from '../paths/walk.ts';

/** What file systems allow for a name, in bytes of UTF-8. */
const NAME_BYTES = 255;

/** Gives names in one call. */
export class Names {
  readonly #taken = new Set<string>();
  readonly #originals: Pick<Originals, 'has'>;
  readonly #placeOf: (path: string) => Promise<string>;

  /**
   * @param originals all files that the call reads
   * @param place where a path leads; default on this machine's disks
   */
  constructor(originals: Pick<Originals, 'has'>, place = placeOf) {
    this.#originals = originals;
    this.#placeOf = place;
  }

  /** A path that is no original's and that no other picture of this call has: `a.jpg`, `a-2.jpg`, … */
  async free(path: string): Promise<string> {
    const extension = extname(path);
    const stem = basename(path).slice(0, basename(path).length - extension.length);
    for (let i = 1; ; i++) {
      const candidate = join(dirname(path), named(stem, i === 1 ? extension : `-${i}${extension}`));
      if (await this.take([candidate])) return candidate;
    }
  }

  /** Takes all of `paths`, if none is an original's or another picture's. @returns whether it did */
  async take(paths: readonly string[]): Promise<boolean> {
    const keys: string[] = [];
    for (const path of paths) {
      const key = folded(await this.#placeOf(path));
      if (this.#taken.has(key) || (await this.#originals.has(path))) return false;
      keys.push(key);
    }
    for (const key of keys) this.#taken.add(key);
    return true;
  }
}

/** A name for `path` in a format that can be written: its own, else JPEG for a JPEG file, else PNG. */
export async function writable(path: string, name: string): Promise<string> {
  return WRITABLE_EXTENSIONS.includes(extensionOf(name)) ? name : writableAs(await kindOf(path), name);
}

/** The same for a picture of a kind that is known. */
export function writableAs(kind: ImageKind | undefined, name: string): string {
  const extension = extensionOf(name);
  if (WRITABLE_EXTENSIONS.includes(extension)) return name;
  const stem = kind && extension ? name.slice(0, name.length - extension.length) : name;
  return join(dirname(stem), named(basename(stem), kind === 'jpeg' ? '.jpg' : '.png'));
}

/** A name of at most 255 bytes: where it would be longer, its stem is cut. */
export function named(stem: string, end: string): string {
  const characters = [...stem];
  while (Buffer.byteLength(characters.join('')) + Buffer.byteLength(end) > NAME_BYTES && characters.length > 1) {
    characters.pop();
  }
  return characters.join('') + end;
}
