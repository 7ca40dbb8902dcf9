/** Walk through folders of pictures: what is in them, what is left out, and what cannot be read. Nothing is decoded. */
import type { Dirent } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { HEAD_BYTES, type ImageKind, kindOfBytes, kindOfExtension } from '../../image/file/sniff.ts';
import { EnvironmentError, FormatError } from '../../runtime/errors.ts';
import { readError } from '../../runtime/file_errors.ts';
import { isInShard, type Shard } from '../shared/shard.ts';
import { realTarget } from './identity.ts';

/** What is not there any more, or a link that leads nowhere; where others have their extension. */
const BROKEN_LINK = 'broken link';
/** Extensions that a list of what was left out names. */
const MOST_NAMED = 8;
/** An extension that says what a file is, such as .txt or .cr2; what follows a dot otherwise is part of a name. */
const EXTENSION = /^\.(?=.*[a-z])[a-z\d]{1,12}$/i;

export interface WalkOptions {
  /** Which pictures are wanted; others are left out. Default all. */
  readonly wanted?: (kind: ImageKind) => boolean;
  /** Folders from which nothing is taken, such as the one that is written into; they need not exist. */
  readonly except?: readonly string[];
}

/** Looks through folders, each once: links are followed, and may lead in circles. */
export class Walk {
  /** Files that are no pictures, by extension: `.txt`, `` for none. Hidden ones are not counted. */
  readonly leftOut = new Map<string, number>();
  /** Folders that cannot be read, and why. */
  readonly unreadable: { readonly path: string; readonly reason: string }[] = [];
  /** Real paths of the folders that were looked into. */
  readonly folders = new Set<string>();
  readonly #wanted: (kind: ImageKind) => boolean;
  readonly #except: readonly string[];
  /** Real paths, found when the walk begins. */
  #excluded: ReadonlySet<string> | undefined;
  readonly #roots = new Set<string>();

  constructor({ wanted = () => true, except = [] }: WalkOptions = {}) {
    this.#wanted = wanted;
    this.#except = except;
  }

  /** The pictures below `dir`, sorted; none for a folder that was seen before. Runs of `koalarize train` are left out. */
  async pictures(dir: string): Promise<string[]> {
    const all: string[] = [];
    for await (const pictures of this.folderByFolder(dir)) for (const path of pictures) all.push(path);
    return all.sort();
  }

  /** The same, those of one folder at a time, sorted: what is kept does not grow with their number. */
  async *folderByFolder(dir: string): AsyncGenerator<string[]> {
    this.#excluded ??= new Set(await Promise.all(this.#except.map(realTarget)));
    this.#roots.add(await realTarget(dir));
    // Links come last, so that a folder is found where it is rather than where one leads to it.
    const links: string[] = [];
    yield* this.#visit(dir, links);
    for (const link of links) yield* this.#visit(link, links);
  }

  async *#visit(dir: string, links: string[]): AsyncGenerator<string[]> {
    const pictures: string[] = [];
    let entries: Dirent[];
    let isRoot: boolean;
    try {
      const real = await realpath(dir);
      if (this.folders.has(real) || this.#isExcluded(real)) return;
      isRoot = this.#roots.has(real);
      entries = await readdir(dir, { withFileTypes: true });
      this.folders.add(real);
    } catch (cause) {
      this.unreadable.push({ path: dir, reason: readError(dir, 'a folder', cause as Error).message });
      return;
    }
    const names = new Set(entries.map(({ name }) => name));
    const isRun = RUN.every((name) => names.has(name));
    if (isRun && !isRoot) return;
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || (isRun && RUN.includes(entry.name))) continue;
      const path = join(dir, entry.name);
      const isLink = entry.isSymbolicLink();
      const kind = isLink ? await stat(path).catch(() => undefined) : entry;
      if (!kind) this.#leaveOut(BROKEN_LINK);
      else if (kind.isDirectory() && isLink) links.push(path);
      else if (kind.isDirectory()) yield* this.#visit(path, links);
      else if (!kind.isFile() || !(await this.#isWanted(path))) this.#leaveOut(extensionOf(path));
      else if (!isLink || !this.#isExcluded(await realTarget(path))) pictures.push(path);
    }
    if (pictures.length) yield pictures;
  }

  async #isWanted(path: string): Promise<boolean> {
    const kind = await kindOf(path);
    return kind !== undefined && this.#wanted(kind);
  }

  /** Whether it lies in a folder that is left out, unless it is in one that was asked for inside of that. */
  #isExcluded(real: string): boolean {
    for (let at = real; !this.#roots.has(at); at = dirname(at)) {
      if (this.#excluded!.has(at)) return true;
      if (at === dirname(at)) return false;
    }
    return false;
  }

  #leaveOut(what: string): void {
    this.leftOut.set(what, (this.leftOut.get(what) ?? 0) + 1);
  }
}

/** What the folder of a run holds: see train/run_folder.ts. */
const RUN = ['config.json', 'checkpoints', 'sheets'];

/** A file's extension, lower case; `` where its name has none that means anything, as in `photo.2019`. */
export function extensionOf(path: string): string {
  const extension = extname(path);
  return EXTENSION.test(extension) ? extension.toLowerCase() : '';
}

/** The kind of a picture: by its name, and where that has no extension by how it begins. */
export function kindOf(path: string): Promise<ImageKind | undefined> {
  return kindOfFile(path, async () => {
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }).catch(() => undefined);
}

/** The same of a file that is anywhere. @param head reads its first `HEAD_BYTES`. @throws what `head` does */
export async function kindOfFile(name: string, head: () => Promise<Uint8Array>): Promise<ImageKind | undefined> {
  const extension = extensionOf(name);
  return extension === '' ? kindOfBytes(await head()) : kindOfExtension(extension);
}

/** `3 .txt, 1 without extension`: what a walk left out, the most frequent first; empty for nothing. */
export function leftOutText(leftOut: ReadonlyMap<string, number>): string {
  const sorted = [...leftOut].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const named = sorted.slice(0, MOST_NAMED).map(([what, count]) => {
    if (what === BROKEN_LINK) return `${count} broken link${count > 1 ? 's' : ''}`;
    return `${count} ${what || 'without extension'}`;
  });
  const rest = sorted.slice(MOST_NAMED).reduce((sum, [, count]) => sum + count, 0);
  return [...named, ...(rest ? [`${rest} others`] : [])].join(', ');
}

/** Photographs as training and measuring take them: GIF has few colors, and SVG is drawn. */
export function isPhotograph(kind: ImageKind): boolean {
  return kind !== 'gif' && kind !== 'svg';
}

export interface Listing extends Pick<Walk, 'leftOut' | 'unreadable'> {
  /** Absolute paths, sorted, each once. */
  readonly pictures: readonly string[];
  /** Pictures of other shards. */
  readonly elsewhere: number;
}

/**
 * Lists the photographs below `dirs`.
 *
 * @param except folders that are not entered
 * @param shard the share that is wanted, by their paths inside `dirs`; default all
 * @throws EnvironmentError for what is no folder, or one that cannot be read; folders inside that cannot be are listed
 */
export async function listPictures(
  dirs: readonly string[],
  except: readonly string[] = [],
  shard?: Shard,
): Promise<Listing> {
  const walk = new Walk({ wanted: isPhotograph, except });
  const pictures: string[] = [];
  let elsewhere = 0;
  for (const dir of dirs) {
    const kind = await stat(dir).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return undefined;
      throw readError(`'${dir}'`, 'a folder', cause);
    });
    if (!kind?.isDirectory()) {
      throw new EnvironmentError({
        where: `'${dir}'`,
        expected: 'a folder',
        got: kind ? 'a file' : 'nothing',
        hint: 'check the path',
      });
    }
    const root = resolve(dir);
    for (const path of await walk.pictures(root)) {
      if (isInShard(relative(root, path), shard)) pictures.push(path);
      else elsewhere++;
    }
    const refused = walk.unreadable.find(({ path }) => path === root);
    if (refused) throw new FormatError(refused.reason);
  }
  return { pictures: pictures.sort(), elsewhere, leftOut: walk.leftOut, unreadable: walk.unreadable };
}

/** What there is in place of pictures, in words: `none (left out: 3 .txt)`. */
export function noneText({ leftOut, unreadable, elsewhere }: Omit<Listing, 'pictures'>): string {
  const parts = [
    ...(elsewhere ? [`in other shards: ${elsewhere}`] : []),
    ...(leftOut.size ? [`left out: ${leftOutText(leftOut)}`] : []),
    ...unreadable.map(({ path }) => `cannot be read: ${path}`),
  ];
  return parts.length ? `none (${parts.join('; ')})` : 'none';
}
