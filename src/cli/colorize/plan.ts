/** Plan of `koalarize IMAGE|FOLDER… -o OUT`: which file becomes which. Nothing is decoded or written here. */
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, relative, resolve } from 'node:path';
import { WRITABLE_EXTENSIONS } from '../../image/formats.ts';

export interface Job {
  readonly input: string;
  readonly output: string;
  /** Why it cannot be done, if that is known already. */
  readonly error?: string;
}

/** Which file becomes which; or what is wrong with the request. */
export async function planJobs(inputs: readonly string[], out: string): Promise<Job[] | string> {
  const isFolder = async (path: string) => (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  const intoFolder = inputs.length > 1 || /[/\\]$/.test(out) || (await isFolder(out)) || (await isFolder(inputs[0]!));
  const extension = extname(out).toLowerCase();
  if (!intoFolder && !WRITABLE_EXTENSIONS.includes(extension)) {
    return `-o: expected a file that ends in ${WRITABLE_EXTENSIONS.join(', ')}, or a folder (with a / at its end), got '${out}'`;
  }
  if (!intoFolder) return [withChecks({ input: inputs[0]!, output: out })];
  if ((await stat(out).catch(() => undefined))?.isFile())
    return `-o: expected a folder for several pictures, got the file '${out}'`;
  const taken = new Set<string>();
  const jobs: Job[] = [];
  for (const input of inputs) {
    const files = (await isFolder(input)) ? await picturesIn(input) : [input];
    if (files.length === 0)
      jobs.push({ input, output: out, error: `${input}: expected pictures in this folder, got none` });
    for (const file of files) {
      const name = file === input ? basename(file) : relative(input, file);
      jobs.push(withChecks({ input: file, output: free(join(out, writable(name)), taken) }));
    }
  }
  return jobs;
}

function withChecks(job: Job): Job {
  if (resolve(job.input) !== resolve(job.output)) return job;
  return { ...job, error: `${job.input}: expected another output file, got the input itself – choose another -o` };
}

const READABLE = new Set([...WRITABLE_EXTENSIONS, '.heic', '.heif', '.svg', '.jp2', '.jxl']);

async function picturesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && READABLE.has(extname(entry.name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The same name where its format can be written, else as PNG. */
function writable(name: string): string {
  const extension = extname(name);
  return WRITABLE_EXTENSIONS.includes(extension.toLowerCase())
    ? name
    : `${name.slice(0, name.length - extension.length)}.png`;
}

/** A path that no other picture of this call has: `a.jpg`, `a-2.jpg`, … */
function free(path: string, taken: Set<string>): string {
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  let candidate = path;
  for (let i = 2; taken.has(candidate); i++) candidate = `${stem}-${i}${extension}`;
  taken.add(candidate);
  return candidate;
}
