/** Plan of `koalarize IMAGE|FOLDER… -o OUT`: which file becomes which. Nothing is decoded or written here. */
import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative } from 'node:path';
import { WRITABLE_EXTENSIONS } from '../../image/codec/formats.ts';
import { isSameFile, Originals, placeOf, realTarget } from '../paths/identity.ts';
import { Walk } from '../paths/walk.ts';
import { UsageError } from '../shared/messages.ts';
import { isBucket } from '../storage/open.ts';
import { Names, writable } from './names.ts';

export interface Job {
  readonly input: string;
  /** The folder that was named; of a file that was named itself, that which it is in. */
  readonly folder: string;
  /** Its path inside of that; empty for what is no photograph, such as a folder that cannot be read. */
  readonly name: string;
  readonly output: string;
  /** Why it cannot be done, if that is known already. */
  readonly error?: string;
  /** From 0; where none is named, the first is taken, with a warning if there are several. */
  readonly page?: number;
  /** Why it is done although its output is there. */
  readonly again?: string;
}

export interface Plan {
  /** The folder that is written into; undefined where one photograph was named. */
  readonly folder?: string;
  readonly jobs: readonly Job[];
  /** Files in folders that are no pictures, by extension. */
  readonly leftOut: ReadonlyMap<string, number>;
}

/** A picture, and its name in the output folder but for the format. */
export interface Source {
  readonly path: string;
  readonly folder: string;
  readonly name: string;
}

/**
 * Finds the pictures and their outputs' names. No output is one of the inputs, by whichever path, and none lies where it
 * would be taken for a photograph the next time.
 *
 * @throws UsageError for a request that makes no sense
 */
export async function planJobs(inputs: readonly string[], out: string): Promise<Plan> {
  const isFolder = async (path: string) => (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  const bucket = [...inputs, out].find(isBucket);
  if (bucket !== undefined) {
    const hint = "what is in a bucket is colored by 'koalarize enqueue' and 'koalarize work'";
    throw new UsageError({ expected: 'files and folders', got: `'${bucket}'`, hint });
  }
  const several = inputs.length > 1 || (await isFolder(inputs[0]!));
  const namesFile = !/[/\\]$/.test(out) && !(await isFolder(out));
  const isWritable = WRITABLE_EXTENSIONS.includes(extname(out).toLowerCase());
  if (namesFile && (several ? isWritable || (await stat(out).catch(() => undefined))?.isFile() : !isWritable)) {
    const expected = several
      ? 'a folder for several pictures (with a / at its end)'
      : `a file that ends in ${WRITABLE_EXTENSIONS.join(', ')}, or a folder (with a / at its end)`;
    throw new UsageError({ where: '-o', expected, got: `${several ? 'the file ' : ''}'${out}'` });
  }
  if (namesFile && !several) {
    const [input] = inputs as [string];
    const job = { input, ...nameOf(input), output: out };
    return { jobs: [(await isSameFile(input, out)) ? itself(job) : job], leftOut: new Map() };
  }
  const walk = new Walk({ except: [out] });
  const sources = new Map<string, Source>();
  const jobs: Job[] = [];
  for (const input of inputs) {
    if (!(await isFolder(input))) {
      await add(sources, { path: input, ...nameOf(input) });
      continue;
    }
    if (await isSameFile(input, out)) {
      throw new UsageError({ where: '-o', expected: 'another folder than that of the photographs', got: `'${out}'` });
    }
    const seen = walk.folders.has(await realTarget(input));
    const pictures = await walk.pictures(input);
    for (const path of pictures) await add(sources, { path, folder: input, name: relative(input, path) });
    const isRead = walk.folders.has(await realTarget(input));
    if (pictures.length === 0 && isRead && !seen) {
      jobs.push({
        input,
        folder: input,
        name: '',
        output: out,
        error: `${input}: expected pictures in this folder, got none`,
      });
    }
  }
  for (const { path, reason } of walk.unreadable) {
    jobs.push({ input: path, folder: path, name: '', output: out, error: reason });
  }
  const originals = await Originals.of([...sources.values()].map(({ path }) => path));
  const names = new Names(originals);
  for (const source of sources.values()) jobs.push(await jobOf(source, out, names, walk.folders));
  return { jobs, leftOut: walk.leftOut, ...(several && { folder: out }) };
}

/** Of a file that was named itself. */
function nameOf(path: string): Pick<Source, 'folder' | 'name'> {
  return { folder: dirname(path), name: basename(path) };
}

/** Adds a picture, unless it was found before by another way. */
async function add(sources: Map<string, Source>, source: Source): Promise<void> {
  const place = await placeOf(source.path);
  if (!sources.has(place)) sources.set(place, source);
}

/** Gives a picture its output. */
export async function jobOf(
  { path, folder, name }: Source,
  out: string,
  names: Names,
  folders: ReadonlySet<string>,
): Promise<Job> {
  const wanted = join(out, await writable(path, name));
  const job = { input: path, folder, name, output: wanted };
  if (await isSameFile(path, wanted)) return itself(job);
  const output = await names.free(wanted);
  if (!(await liesIn(folders, output, out))) return { ...job, output };
  const error = `${path}: expected an output outside of the folders of photographs, got '${output}' – choose another -o`;
  return { ...job, error };
}

function itself(job: Job): Job {
  return { ...job, error: `${job.input}: expected another output file, got the input itself – choose another -o` };
}

/** Whether a file lies in one of `folders` rather than in `out`, which may be inside of them. */
async function liesIn(folders: ReadonlySet<string>, path: string, out: string): Promise<boolean> {
  const end = await realTarget(out);
  for (let at = dirname(await placeOf(path)); at !== end; at = dirname(at)) {
    if (folders.has(at)) return true;
    if (at === dirname(at)) return false;
  }
  return false;
}
