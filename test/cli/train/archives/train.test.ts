/** `koalarize train` on archives: as on folders, but that pictures are looked at when they are needed. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeImage } from '../../../../src/image/node.ts';
import { picture, writePictures } from '../../../support/pictures.ts';
import { temporaryFolder } from '../../../support/run.ts';
import { tar } from '../../../support/tar.ts';
import { callIn, logOf } from '../../../support/train_command.ts';

const SMALL = ['--size', '32', '--batch', '4', '--width-divisor', '16', '--seed', '3'];

let root: string;
const at = (name: string) => join(root, name);
beforeAll(async () => {
  root = await temporaryFolder();
  const png = async (i: number) => (await encodeImage('a.png', picture(i, 75, 44))).bytes;
  const members = await Promise.all(Array.from({ length: 40 }, async (_, i) => [`${i}.png`, await png(i)] as const));
  const damaged = ['damaged.jpg', 'no picture'] as const;
  await writePictures(at('val'), 3);
  await writeFile(at('1.tar'), tar([...members.slice(0, 15), damaged, ...members.slice(15, 25)]));
  await writeFile(at('2.tar'), tar([damaged, ...members.slice(25)]));
});
afterAll(() => rm(root, { recursive: true }));

const losses = async (run: string) =>
  (await logOf(at(run))).filter(({ loss }) => loss !== undefined).map(({ step, loss }) => [step, loss]);
const call = (...argv: string[]) => callIn(root, ...argv);

test('the same seed gives the same bits, and resuming goes on to the bit, past damaged pictures', async () => {
  const archives = [at('1.tar'), at('2.tar')];
  const straight = await call(...archives, '--out', at('straight'), ...SMALL, '--steps', '24');
  expect(straight.err).toMatch(/found {4}42 pictures in 2 archives, in .*damaged and grey ones are passed over later/);
  expect(straight.code, straight.err).toBe(0);
  const half = await call(...archives, '--out', at('half'), ...SMALL, '--steps', '24', '--minutes', '0.0001');
  expect(half.code, half.err).toBe(0);
  expect((await losses('half')).length).toBeLessThan(24);
  const resumed = await call('--out', at('half'), '--resume', '--minutes', '9');
  expect(resumed.code, resumed.err).toBe(0);
  expect(await losses('half')).toEqual(await losses('straight'));
  const [one, two] = await Promise.all(['straight', 'half'].map((run) => readFile(at(`${run}/weights.safetensors`))));
  expect(two!.equals(one!)).toBe(true);
  // Each picture but the damaged ones and those for validation is seen about twice in 24 steps of 4.
  expect((await logOf(at('straight'))).findLast(({ val }) => val !== undefined)!.count).toBeGreaterThan(0);
});

test.for([
  ['a tenth of the archives', false],
  ['a folder', true],
] as const)('how many are validated on may change when a run is resumed: %s', async ([name, isFolder]) => {
  const run = at(name.replaceAll(' ', '-'));
  const val = isFolder ? ['--val', at('val')] : [];
  await call(at('1.tar'), at('2.tar'), '--out', run, ...SMALL, ...val, '--val-count', '2', '--steps', '2');
  const { code, err } = await call('--out', run, '--resume', '--val-count', '1', '--steps', '3');
  expect(code, err).toBe(0);
  const counts = (await logOf(run)).filter(({ val }) => val !== undefined).map(({ count }) => count);
  expect(counts).toEqual([2, 1]);
});

test('a changed archive is noticed when a run is resumed', async () => {
  await writeFile(at('3.tar'), await readFile(at('1.tar')));
  await call(at('3.tar'), '--out', at('changed'), ...SMALL, '--steps', '2');
  await writeFile(at('3.tar'), await readFile(at('2.tar')));
  const { code, err } = await call('--out', at('changed'), '--resume', '--steps', '4');
  expect(err).toMatch(/pictures: expected the \d+ of the run, got \d+/);
  expect(code).toBe(1);
});

test('maps are computed as they are needed, and nothing is kept of them but those that were measured', async () => {
  const maps = ['--maps', 'stride8,stride16,stride32', '--extractor-scale', '2'];
  const { code, err } = await call(at('1.tar'), '--out', at('maps'), ...SMALL, ...maps, '--steps', '3');
  expect(code, err).toBe(0);
  expect(await losses('maps')).toEqual([1, 2, 3].map((step) => [step, expect.any(Number)]));
  const folders = await readdir(at('maps/embeddings'));
  expect(folders).toHaveLength(3);
  // The 25 pictures of the archive that are good, less those for validation.
  const measured = await readdir(at(`maps/embeddings/${folders[0]}`));
  expect(measured.length).toBeGreaterThan(15);
  expect(measured.length).toBeLessThanOrEqual(25);
});
