/** Candidates of a comparison: which files the arguments mean, and what their columns are called. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultWeights } from '../../model/package_files.ts';
import { FormatError } from '../../runtime/errors.ts';
import { listPictures } from '../paths/walk.ts';

/** Weights that will color the photographs. */
export interface WeightsCandidate {
  readonly kind: 'weights';
  readonly label: string;
  readonly path: string;
}

/** Pictures that somebody else colored. */
export interface PicturesCandidate {
  readonly kind: 'pictures';
  readonly label: string;
  /** The folder. */
  readonly path: string;
  readonly files: readonly string[];
  /** Finds the picture for a photograph, by its path inside the folder of photographs. */
  find(photograph: string): string | undefined;
}

export type Candidate = WeightsCandidate | PicturesCandidate;

const WEIGHTS = '.safetensors';

/** Finds out what the arguments mean. @throws FormatError for what does not exist or holds nothing to compare. */
export async function candidatesOf(given: readonly string[]): Promise<Candidate[]> {
  if (given.length === 0) {
    return [{ kind: 'weights', label: 'koalarize', path: fileURLToPath(defaultWeights()) }];
  }
  const found: { label: string | undefined; path: string; files?: Map<string, string> }[] = [];
  for (const argument of given) {
    const { label, path } = splitLabel(argument);
    const kind = await stat(path).catch(() => undefined);
    if (!kind) {
      throw new FormatError({
        where: `'${path}'`,
        expected: 'weights or a folder',
        got: 'nothing',
        hint: 'check the path',
      });
    }
    if (kind.isFile()) {
      if (!path.endsWith(WEIGHTS)) {
        throw new FormatError({
          where: `'${path}'`,
          expected: `a ${WEIGHTS} file or a folder`,
          got: 'another file',
          hint: 'check the path',
        });
      }
      found.push({ label, path });
      continue;
    }
    const weights = await weightsIn(path);
    for (const file of weights) {
      found.push({ label: label && (weights.length > 1 ? `${label} ${stem(file)}` : label), path: file });
    }
    if (weights.length) continue;
    const { pictures } = await listPictures([path]);
    if (pictures.length === 0) {
      throw new FormatError({
        where: `'${path}'`,
        expected: `weights (${WEIGHTS}) or pictures in this folder`,
        got: 'none',
        hint: 'name another folder',
      });
    }
    found.push({
      label,
      path,
      files: new Map(pictures.map((file) => [withoutEnding(relative(resolve(path), file)), file])),
    });
  }
  const labels = labelsOf(found);
  return found.map(({ path, files }, i) => {
    const label = labels[i]!;
    if (!files) return { kind: 'weights', label, path };
    return { kind: 'pictures', label, path, files: [...files.values()], find: finder(files) };
  });
}

/** `LABEL=PATH`, unless there is a file of just that name. */
function splitLabel(argument: string): { label: string | undefined; path: string } {
  const at = argument.indexOf('=');
  if (at <= 0 || existsSync(argument)) return { label: undefined, path: argument };
  return { label: argument.slice(0, at), path: argument.slice(at + 1) };
}

/** The weights in a folder; of a run, its checkpoints, oldest first, and then its weights. */
async function weightsIn(folder: string): Promise<string[]> {
  const inside = async (path: string) =>
    (await readdir(path).catch(() => []))
      .filter((name) => name.endsWith(WEIGHTS))
      .sort()
      .map((name) => join(path, name));
  return [...(await inside(join(folder, 'checkpoints'))), ...(await inside(folder))];
}

/** Same path without the ending, or with the ending kept (`a.jpg.png`, as 'koalarize eval -o' writes), or same name. */
function finder(files: ReadonlyMap<string, string>): PicturesCandidate['find'] {
  const byName = new Map<string, string | undefined>();
  // Undefined for names that are in several folders.
  for (const [key, path] of files) byName.set(basename(key), byName.has(basename(key)) ? undefined : path);
  return (photograph) =>
    files.get(photograph) ??
    files.get(withoutEnding(photograph)) ??
    byName.get(basename(photograph)) ??
    byName.get(basename(withoutEnding(photograph)));
}

function withoutEnding(path: string): string {
  return path.slice(0, path.length - extname(path).length);
}

function stem(path: string): string {
  return withoutEnding(basename(path));
}

/** The labels given; for the rest the last part of the path, and as much before it as tells them apart. */
function labelsOf(found: readonly { readonly label: string | undefined; readonly path: string }[]): string[] {
  const tail = (path: string, parts: number): string => {
    const name = path.endsWith(WEIGHTS) ? stem(path) : basename(path);
    const above = dirname(path);
    return parts <= 1 || above === path ? name : `${tail(above, parts - 1)}/${name}`;
  };
  const lengths = found.map(() => 1);
  for (;;) {
    const labels = found.map(({ label, path }, i) => label ?? tail(resolve(path), lengths[i]!));
    const alike = labels.map((label) => labels.flatMap((other, i) => (other === label ? [i] : [])));
    // More of the path helps where there are different paths, and no label was given.
    const longer = found.filter(
      ({ label, path }, i) => label === undefined && alike[i]!.some((j) => resolve(found[j]!.path) !== resolve(path)),
    );
    const grown = longer
      .map((one) => found.indexOf(one))
      .filter((i) => tail(resolve(found[i]!.path), lengths[i]! + 1) !== labels[i]);
    if (grown.length === 0) return labels.map((label, i) => (alike[i]!.length > 1 ? `${label} (${i + 1})` : label));
    for (const i of grown) lengths[i]!++;
  }
}
