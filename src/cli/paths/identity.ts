/** Identity of files: a path is what it leads to, whichever way it is written. */
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { FormatError } from '../../runtime/errors.ts';

/**
 * The path behind all links, absolute. For what does not exist, that which writing it would make: a link that leads
 * nowhere is not followed, as a file that is renamed to its name takes its place.
 */
export async function realTarget(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined) return real;
  const above = dirname(resolve(path));
  return above === resolve(path) ? above : join(await realTarget(above), basename(path));
}

/** Where a name is: its folder behind all links. If the name is a link itself, that is what writing replaces. */
export async function placeOf(path: string): Promise<string> {
  return join(await realTarget(dirname(path)), basename(path));
}

/** A path as disks see it that do not tell apart A from a, or ways to write é. */
export function folded(path: string): string {
  return path.normalize('NFC').toLowerCase();
}

/** The keys of a file: any two paths that share one are the same file, on some disk. */
export async function keysOf(path: string): Promise<string[]> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  // Some file systems of networks give no inodes.
  const inode = found?.ino ? [`${found.dev}:${found.ino}`] : [];
  return [folded(await realTarget(path)), ...inode];
}

/** Whether two paths lead to the same file. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const keys = await keysOf(one);
  return (await keysOf(other)).some((key) => keys.includes(key));
}

/** Files that are read, and must not be written. */
export class Originals {
  readonly #keys = new Set<string>();

  static async of(paths: Iterable<string>): Promise<Originals> {
    const originals = new Originals();
    for (const path of paths) {
      for (const key of await keysOf(path)) originals.#keys.add(key);
      originals.#keys.add(folded(await placeOf(path)));
    }
    return originals;
  }

  /** Whether writing `path` would replace one of them, or a name of one. */
  async has(path: string): Promise<boolean> {
    // A name that is a link is replaced itself, on some disks by whichever case or accents.
    const keys = [...(await keysOf(path)), folded(await placeOf(path))];
    return keys.some((key) => this.#keys.has(key));
  }
}

/**
 * Refuses to write what is read.
 *
 * @param outputs paths by the option that names them
 * @throws FormatError for an output that is one of the originals, by whichever path
 */
export async function expectApart(
  originals: Originals,
  outputs: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  for (const [option, path] of Object.entries(outputs)) {
    if (path === undefined || !(await originals.has(path))) continue;
    throw new FormatError({
      where: `${option} ${path}`,
      expected: 'another file than those that are read',
      got: 'one',
      hint: 'name another',
    });
  }
}
