/** Photographs folder by folder: the same names as coloring gives them at once, and no way out of the output folder. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Job, planJobs } from '../../../src/cli/colorize/plan.ts';
import { streamJobs } from '../../../src/cli/queue/stream.ts';
import { FolderStore } from '../../../src/cli/storage/folder.ts';
import { temporaryFolder } from '../../support/run.ts';

const NAMES = ['a.jpg', 'a.png', 'a.gif', 'a.svg', 'sub/a.gif', 'sub/a.png', 'sub/deep/b.webp', 'é.tif', 'notes.txt'];

async function streamed(inputs: readonly string[], out: string) {
  const failures: string[] = [];
  let leftOut: ReadonlyMap<string, number> = new Map();
  const jobs: Job[] = [];
  const told = {
    failed: (reason: string) => failures.push(reason),
    leftOut: (files: ReadonlyMap<string, number>) => (leftOut = files),
  };
  for await (const some of streamJobs(inputs, new FolderStore(out), false, told)) jobs.push(...some);
  return { jobs: jobs.sort((one, other) => (one.input < other.input ? -1 : 1)), failures, leftOut };
}

async function folderOf(names: readonly string[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of names) {
    await mkdir(join(folder, 'old', name, '..'), { recursive: true });
    await writeFile(join(folder, 'old', name), name);
  }
  return folder;
}

test('the names are those of one plan, for a folder and for several inputs', async () => {
  const folder = await folderOf(NAMES);
  const [old, out] = [join(folder, 'old'), join(folder, 'old/new')];
  // A link to a folder outside, and one that leads in a circle.
  await mkdir(join(folder, 'else'));
  await writeFile(join(folder, 'else/c.png'), 'c');
  await symlink(join(folder, 'else'), join(old, 'sub/link'));
  await symlink(old, join(old, 'circle'));
  for (const inputs of [[old], [old, join(folder, 'else')], [join(old, 'a.gif')]]) {
    const plan = await planJobs(inputs, `${out}/`);
    const { jobs, failures, leftOut } = await streamed(inputs, out);
    const sorted = [...plan.jobs].sort((one, other) => (one.input < other.input ? -1 : 1));
    expect(jobs).toEqual(sorted);
    expect(failures).toEqual([]);
    expect(leftOut).toEqual(plan.leftOut);
  }
  const { jobs } = await streamed([old], out);
  expect(jobs.map(({ output }) => output.slice(out.length + 1))).toEqual([
    'a.gif',
    'a.jpg',
    'a.png',
    'a-2.png',
    'sub/a.gif',
    'sub/a.png',
    'sub/deep/b.webp',
    'sub/link/c.png',
    'é.tif',
  ]);
});

test('what a link in the output folder leads out of it is refused', async () => {
  const folder = await folderOf(['a.png', 'z/b.png']);
  const out = join(folder, 'new');
  await mkdir(out);
  await symlink(join(folder, 'old'), join(out, 'z'));
  const { jobs, failures } = await streamed([join(folder, 'old')], out);
  expect(jobs.map(({ name }) => name)).toEqual(['a.png']);
  expect(failures).toEqual([expect.stringMatching(/z\/b\.png: expected an output (inside|outside) of/)]);
  await expect(streamed([out], out)).rejects.toThrow(/expected another folder than that of the photographs/);
});
