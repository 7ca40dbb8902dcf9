/** Photographs that are wanted: which there should be, from a list or from the folders themselves. */
import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { FormatError } from '../../runtime/errors.ts';
import { readError } from '../../runtime/file_errors.ts';
import { Walk } from '../paths/walk.ts';

/** Photographs by their paths inside the folders that were colored, with `/` between folders. */
export interface Wanted {
  /** How often each name is there: once for each folder that has it. */
  readonly names: ReadonlyMap<string, number>;
  /** Where the files are, if folders were named. */
  readonly files: ReadonlyMap<string, readonly string[]>;
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

/** Finds the photographs of folders, as coloring does. @param except the output folder. @throws FormatError for none */
export async function wantedOf(folders: readonly string[], except: string): Promise<Wanted> {
  const files = new Map<string, string[]>();
  const walk = new Walk({ except: [except] });
  for (const folder of folders) {
    for (const path of await walk.pictures(folder)) {
      const name = relative(folder, path).split(sep).join('/');
      files.set(name, [...(files.get(name) ?? []), path]);
    }
  }
  const [refused] = walk.unreadable;
  if (refused) throw new FormatError(refused.reason);
  return { names: new Map([...files].map(([name, paths]) => [name, paths.length])), files };
}
