/** Trees of files and links at random, and calls of colorize on them: no file that is read is ever written. */
import { link, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { type Plan, planJobs } from '../../src/cli/colorize/plan.ts';
import { UsageError } from '../../src/cli/shared/messages.ts';
import { EnvironmentError } from '../../src/runtime/errors.ts';
import { makeFolder, writeWhole } from '../../src/runtime/node/whole_file.ts';
import { Random } from '../../src/util/random.ts';
import { temporaryFolder } from './fixtures.ts';

/** All files below the root by their paths, with what is in them. */
async function contents(root: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found.set(path, await readFile(path, 'utf8'));
  }
  return found;
}

/** Writes what a plan says, as the command does: what cannot be read or written stops nothing else. @returns outputs */
async function write({ jobs }: Plan): Promise<string[]> {
  const written: string[] = [];
  for (const { input, output, error } of jobs) {
    if (error || !(await stat(input).catch(() => undefined))) continue;
    try {
      await makeFolder(dirname(output));
      await writeWhole(output, `colored ${input}`);
      written.push(output);
    } catch (cause) {
      expect(cause).toBeInstanceOf(EnvironmentError);
    }
  }
  return written;
}

const NAMES = ['a.jpg', 'A.JPG', 'a-2.jpg', 'a.png', 'a.bmp', 'b.jfif', 'caf\u00e9.png', 'cafe\u0301.png', 'notes.txt'];
const FOLDERS = ['p', 'p/q', 'p/q/p', 'p/Q', 'r', 'r/p', 'out', 'out/p', 'out/q', 'r/out'];

/** A tree with links of every kind. */
async function plant(at: (name: string) => string, random: Random): Promise<void> {
  const any = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  const tryTo = (work: Promise<unknown>) => work.catch(() => undefined); // A name may be taken already.
  for (const folder of FOLDERS) {
    if (folder.startsWith('out') && random.below(2)) continue;
    await mkdir(at(folder), { recursive: true });
    for (let i = 1 + random.below(5); i > 0; i--) {
      const name = join(folder, any(NAMES));
      await writeFile(at(name), `original ${name}`);
    }
  }
  for (let i = 0; i < 8; i++) {
    const where = at(join(any(FOLDERS), any([...NAMES, 'link', 'q', 'p'])));
    if (!(await stat(dirname(where)).catch(() => undefined))) continue;
    const folder = at(any([...FOLDERS, '.']));
    const file = at(join(any(FOLDERS), any(NAMES)));
    if (i % 3 === 0) await tryTo(symlink(folder, where));
    else if (i % 3 === 1) await tryTo(symlink(file, where));
    else await tryTo(link(file, where));
  }
}

/** Plans a call on a tree, writes what is planned, and plans it again. */
export async function anyTree(seed: number): Promise<void> {
  const root = await temporaryFolder();
  const at = (name: string) => join(root, name);
  const random = new Random(seed);
  const any = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  await plant(at, random);
  const out = at(any([...FOLDERS, ...FOLDERS, '.', 'new', 'p/new', 'p/link', 'new.png', 'p/a.png']));
  const before = await contents(root);
  const files = [...before.keys()].filter((path) => !path.endsWith('.txt'));
  // Files that lie where is written are what it is about.
  const near = files.filter((path) => dirname(path) === out);
  const inputs = Array.from({ length: 1 + random.below(4) }, () =>
    any([at(any(FOLDERS)), any([...files, at('none.jpg')]), any([...near, at('p')]), any([...near, at('r')])]),
  );
  const inputsBefore = inputs.map((path) => stat(path).catch(() => undefined));
  await Promise.all(inputsBefore);
  const plan = await planJobs(inputs, out).catch((error: Error) => error);
  expect(await contents(root)).toEqual(before);
  if (plan instanceof Error) {
    expect(plan).toBeInstanceOf(UsageError);
    return;
  }
  const taken = plan.jobs.map(({ input }) => input);
  const read = new Map(
    await Promise.all(taken.map(async (path) => [path, await readFile(path, 'utf8').catch(() => '')] as const)),
  );
  const outputs = await write(plan);
  for (const [path, content] of read) expect(await readFile(path, 'utf8').catch(() => ''), path).toBe(content);
  const written = await Promise.all(outputs.map(async (path) => stat(path)));
  expect(new Set(written.map(({ ino }) => ino)).size).toBe(outputs.length);

  // A link that led nowhere when it was named may lead to what was written.
  if (!(await Promise.all(inputsBefore)).every(Boolean)) return;
  // Once more: nothing that was written is taken in, and all is there already.
  const again = await planJobs(inputs, out).catch((error: Error) => error);
  if (again instanceof Error) throw again;
  const good = ({ jobs }: Plan) => jobs.flatMap(({ input, output, error }) => (error ? [] : [`${input} > ${output}`]));
  expect(good(again)).toEqual(good(plan));
}
