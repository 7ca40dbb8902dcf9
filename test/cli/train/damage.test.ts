/** Runs of a training among what goes wrong with disks: damaged checkpoints, full disks, a run inside of its photographs. */
import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { built } from '../../support/built.ts';
import { writePictures } from '../../support/pictures.ts';
import { callIn, logOf } from '../../support/train_command.ts';

/** What the names of files that cannot be written contain. */
const full = vi.hoisted(() => ({ name: '' }));
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  const rename: typeof fs.rename = async (from, to) => {
    if (!full.name || !String(to).includes(full.name)) return fs.rename(from, to);
    throw Object.assign(new Error(`ENOSPC: no space left on device, rename '${from}'`), { code: 'ENOSPC' });
  };
  return { ...fs, rename };
});
afterEach(() => {
  full.name = '';
});

const SMALL = ['--size', '32', '--batch', '4', '--width-divisor', '16', '--seed', '3', '--checkpoint-every', '0.0002'];
let root: string;
let photos: string;
/** A run inside of its photographs. */
let run: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'koalarize-damage-'));
  photos = join(root, 'photos');
  run = join(photos, 'run');
  await writePictures(photos, 20);
  await writeFile(join(photos, 'notes.txt'), 'no picture');
});
afterAll(() => rm(root, { recursive: true }));

const call = (...argv: readonly string[]) => callIn(root, ...argv);
const checkpoints = async (at: string) => (await readdir(join(at, 'checkpoints'))).sort();

test('a run inside of its photographs is not learned from, and what else is there is told', async () => {
  const first = await call(photos, '--out', run, ...SMALL, '--steps', '6', '--val-every', '3');
  expect(first.err).toMatch(/found {4}20 pictures; left out: 0 unreadable, 0 grey, 0 repeated; no pictures: 1 \.txt/);
  expect(first.code).toBe(0);
  expect(await readdir(join(run, 'sheets'))).not.toEqual([]);
  const second = await call('--resume', '--out', run, '--steps', '8');
  expect(second.err).toMatch(/found {4}20 pictures; left out: 0 unreadable, 0 grey, 0 repeated;/);
  expect(second.code).toBe(0);
  const other = await call(photos, '--out', join(root, 'other'), ...SMALL, '--steps', '1');
  expect(other.err).toMatch(/found {4}20 pictures;/);
});

test.each([
  ['cut short', (file: Buffer) => file.subarray(0, file.length - 100)],
  ['empty', () => Buffer.alloc(0)],
  ['of zeros, as after a loss of power', (file: Buffer) => Buffer.alloc(file.length)],
])('of damaged checkpoints the newest whole one is taken: %s', async (what, damage) => {
  const copy = join(root, `damaged ${what}`);
  await cp(run, copy, { recursive: true });
  const names = await checkpoints(copy);
  expect(names).toHaveLength(3);
  for (const name of names.slice(1)) {
    const path = join(copy, 'checkpoints', name);
    await writeFile(path, damage(await readFile(path)));
  }
  const { code, err } = await call('--resume', '--out', copy, '--steps', '10');
  expect(code, err).toBe(0);
  const lines = err.split('\n').filter((line) => /^(damaged|resume)/.test(line));
  expect(lines.map((line) => line.replaceAll(`ROOT/damaged ${what}/checkpoints/`, ''))).toEqual([
    expect.stringMatching(new RegExp(`^damaged {2}${names[2]}: expected .*; left out$`)),
    expect.stringMatching(new RegExp(`^damaged {2}${names[1]}: expected .*; left out$`)),
    `resume   from ${names[0]}`,
  ]);
  // Steps after it are done again, and logged once.
  const steps = (await logOf(copy)).filter(({ loss }) => loss !== undefined).map(({ step }) => step);
  expect(steps).toEqual(Array.from({ length: 10 }, (_, i) => i + 1));
});

test('without any whole one it is an error, not a new beginning', async () => {
  const copy = join(root, 'all damaged');
  await cp(run, copy, { recursive: true });
  for (const name of await checkpoints(copy)) await writeFile(join(copy, 'checkpoints', name), 'x');
  const { code, err } = await call('--resume', '--out', copy, '--steps', '10');
  expect(code).toBe(1);
  expect(err).toMatch(/expected a whole checkpoint to go on from, got 3 that cannot be used – put one back/);
});

test.each([
  ['checkpoints/step-', 'step-0000'],
  ['sheets/step-', 'step-0000'],
  ['weights.safetensors', 'weights.safetensors'],
])('a full disk: which file, and that --resume goes on: %s', async (name, told) => {
  const copy = join(root, `full ${name.replaceAll('/', ' ')}`);
  await cp(run, copy, { recursive: true });
  const go = ['--resume', '--out', copy, '--steps', '10', '--val-every', '10'];
  full.name = name;
  const { code, err } = await call(...go);
  expect(code).toBe(1);
  const last = err.trim().split('\n').at(-1)!;
  expect(last).toMatch(/^koalarize train: ROOT\/full .*: expected a folder to write into, got a full disk – make room/);
  expect(last).toContain(told);
  expect(last).toContain('then go on with --resume');
  full.name = '';
  expect((await call(...go)).code).toBe(0);
});

test('weights that it begins with are not those that it would write', async () => {
  const out = join(root, 'init');
  await mkdir(out);
  await cp(join(run, 'weights.safetensors'), join(out, 'weights.safetensors'));
  const { code, err } = await call(photos, '--out', out, ...SMALL, '--init', join(out, 'weights.safetensors'));
  expect(code).toBe(1);
  expect(err).toContain('--out ROOT/init/weights.safetensors: expected another file than those that are read');
});

test('when nobody reads what it says any more, it saves and ends quietly', async () => {
  const out = join(root, 'unread');
  const program = built('train.js');
  const words = [photos, '--out', out, ...SMALL, '--extractor', 'none', '--steps', '1000000', '--val-every', '20'];
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const end = new Promise<number | null>((done) => child.on('close', done));
  let text = '';
  await new Promise<void>((begun) => {
    child.stderr.on('data', (part) => {
      text += String(part);
      if (text.includes('recipe')) begun();
    });
  });
  child.stderr.destroy();
  expect(await end).toBe(0);
  expect(await checkpoints(out)).not.toEqual([]);
  expect((await logOf(out)).at(-1)).toMatchObject({ end: 'stopped' });
});
