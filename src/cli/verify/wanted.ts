/** Photographs that are wanted: which there should be, from a list or from the folders themselves. */
import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { FormatError } from '../../runtime/errors.ts';
import { readError } from '../../runtime/file_errors.ts';
import { bucketPhotographs } from '../paths/bucket.ts';
import { Walk } from '../paths/walk.ts';
import { isBucket, openStore } from '../storage/open.ts';
import type { FileStat, FileStore } from '../storage/store.ts';

/** A photograph of a folder or bucket. */
export interface Photograph {
  readonly store: FileStore;
  readonly name: string;
  /** What the listing told of it. */
  readonly listed?: FileStat;
}

/** Photographs by their paths inside the folders that were colored, with `/` between folders. */
export interface Wanted {
  /** How often each name is there: once for each folder that has it. */
  readonly names: ReadonlyMap<string, number>;
  /** Where the files are, if folders were named. */
  readonly files: ReadonlyMap<string, readonly Photograph[]>;
}

/** Reads a list of paths, one a line; `./` before them, and empty lines, mean nothing. @throws EnvironmentError, FormatError */
export async function readWanted(path: string): Promise<Wanted> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw readError(path, 'a list of photographs', cause);
  });
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const absolute = lines.findIndex((line) => line.startsWith('/'));
  if (absolute >= 0) {
    throw new FormatError({
      where: `${path}, line ${absolute + 1}`,
      expected: 'a path inside the folder that was colored',
      got: `'${lines[absolute]}'`,
      hint: "list them from inside of it: (cd FOLDER && find . -name '*.jpg') > FILE",
    });
  }
  return { names: new Map(lines.map((line) => [line.replace(/^(\.\/)+/, ''), 1])), files: new Map() };
}

/** Finds the photographs of folders and buckets, as coloring does. @param out what is written into. @throws FormatError for none */
export async function wantedOf(places: readonly string[], out: FileStore): Promise<Wanted> {
  const files = new Map<string, Photograph[]>();
  const add = (photograph: Photograph) => {
    const { name } = photograph;
    files.set(name, [...(files.get(name) ?? []), photograph]);
  };
  const walk = new Walk({ except: out.folder === undefined ? [] : [out.folder] });
  for (const place of places) {
    const store = await openStore(place);
    if (isBucket(place)) await addBucket(store, out, add);
    else {
      for (const path of await walk.pictures(place)) add({ store, name: relative(place, path).split(sep).join('/') });
    }
  }
  const [refused] = walk.unreadable;
  if (refused) throw new FormatError(refused.reason);
  return { names: new Map([...files].map(([name, photographs]) => [name, photographs.length])), files };
}

async function addBucket(store: FileStore, out: FileStore, add: (photograph: Photograph) => void): Promise<void> {
  let count = 0;
  for await (const some of bucketPhotographs(store, out.name, { failed: () => undefined, leftOut: new Map() })) {
    for (const { name, bytes = 0, modified = 0 } of some) add({ store, name, listed: { bytes, modified } });
    count += some.length;
  }
  const hint = 'check the name';
  if (count === 0) throw new FormatError({ where: store.name, expected: 'photographs', got: 'none', hint });
}
