/** Recipes by name, from the command line to the weights: what is stored, restored, and the same each time. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LEGACY_DEFAULTS, settingsOf, stepsOf, withShortWarmup } from '../../../src/cli/train/settings.ts';
import { decodeWeights } from '../../../src/model/weights.ts';
import { writePictures } from '../../support/pictures.ts';
import { callIn } from '../../support/train_command.ts';

/** Beside size, batch and width. */
const SMALL = ['--size', '32', '--batch', '4', '--width-divisor', '32', '--val-count', '2'];

let root: string;
let photos: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'koalarize-presets-'));
  photos = join(root, 'photos');
  await writePictures(photos, 20);
});
afterAll(() => rm(root, { recursive: true }));

async function call(...argv: readonly string[]): Promise<string> {
  const { code, err } = await callIn(root, ...argv);
  return `${code} ${err.trimEnd().split('\n').at(-1)}`;
}

/** Trains into a folder of that name. */
async function run(name: string, ...argv: readonly string[]): Promise<string> {
  const folder = join(root, name);
  expect(await call(photos, '--out', folder, ...SMALL, ...argv)).toMatch(/^0 weights/);
  return folder;
}

const weights = (folder: string) => readFile(join(folder, 'weights.safetensors'));
const settingsIn = async (folder: string) => JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')).settings;

test('what is said goes before the preset, and that before the defaults', () => {
  expect(settingsOf({})).toMatchObject({ preset: 'default', lrDecay: 'cosine', ema: 0.998, batch: 100, size: 224 });
  expect(settingsOf({ preset: 'paper', ema: 0.9, size: 64 })).toMatchObject({
    ...{ preset: 'paper', lr: 1e-3, lrDecay: 'constant', warmup: 0, clipNorm: 0, rebalance: 0, targetChroma: 1 },
    ...{ ema: 0.9, size: 64, batch: 100 },
  });
});

test("a preset's warm-up takes a twentieth of the run at most; one that was asked for stays", () => {
  const settings = { ...settingsOf({}), microBatch: 1 };
  const warmup = (steps: number, given = {}) => withShortWarmup({ ...settings, ...given }, given, steps).warmup;
  expect([40, 1000, 10_000, Number.POSITIVE_INFINITY].map((steps) => warmup(steps))).toEqual([2, 50, 100, 100]);
  expect(warmup(40, { warmup: 30 })).toBe(30);
  expect(stepsOf({ epochs: 3 }, 7, 4)).toBe(6);
  expect(stepsOf({ steps: 5 }, 7, 4)).toBe(5);
  expect(stepsOf({ minutes: 5 }, 7, 4)).toBe(Number.POSITIVE_INFINITY);
});

test('50 steps of the default preset give the same file each time', async () => {
  const [one, two] = [await run('one', '--steps', '50'), await run('two', '--steps', '50')];
  expect((await weights(one)).equals(await weights(two))).toBe(true);
  expect(await settingsIn(one)).toMatchObject({ preset: 'default', warmup: 2, ema: 0.998, clipNorm: 1 });
  const { metadata } = decodeWeights(new Uint8Array(await weights(one)), 'one');
  expect(metadata).toMatchObject({
    ...{ preset: 'default', learning_rate: '0.001', lr_decay: 'cosine', warmup: '2', ema: '0.998', clip_norm: '1' },
    ...{ rebalance: '0', target_chroma: '1', pad: 'none', crop: 'random', lightness: 'luma', film: '0', tone: '0' },
  });
});

const EVERYTHING = [
  ...['--rebalance', '0.5', '--chroma-scale', '1.2', '--clip-norm', '0.1', '--ema', '0.9', '--warmup', '3'],
  ...['--pad', 'white', '--lightness', 'lab', '--preset', 'paper'],
];

test('with all options, stopped and resumed, it gives the same bits; what it needs is in its folder', async () => {
  const straight = await run('straight', '--steps', '9', ...EVERYTHING);
  const folder = await run('halves', '--steps', '5', ...EVERYTHING);
  expect(await call('--resume', '--out', folder, '--steps', '9')).toMatch(/^0 weights/);
  expect((await weights(folder)).equals(await weights(straight))).toBe(true);
  const { metadata } = decodeWeights(new Uint8Array(await weights(folder)), 'halves');
  expect(metadata).toMatchObject({
    ...{ preset: 'paper', lr_decay: 'constant', warmup: '3', ema: '0.9', clip_norm: '0.1' },
    ...{ rebalance: '0.5', target_chroma: '1.2', pad: 'white', crop: 'none', lightness: 'lab' },
  });

  const other = await call('--resume', '--out', folder, '--steps', '10', '--ema', '0.99');
  expect(other).toContain('--ema: expected 0.9, as the run began with, got 0.99');
  await rm(join(folder, 'colors.json'));
  expect(await call('--resume', '--out', folder, '--steps', '10')).toMatchInlineSnapshot(
    `"1 koalarize train: ROOT/halves/colors.json: expected the colors that the run began with, got none – put the file back"`,
  );
});

test.each([
  ['--rebalance', '0.3'],
  ['--chroma-scale', '1.5'],
  ['--clip-norm', '0.001'],
  ['--ema', '0.5'],
  ['--warmup', '4'],
  ['--pad', 'white'],
  ['--lightness', 'lab'],
  ['--orthochromatic', '1'],
  ['--tone', '1'],
  ['--preset', 'default'],
])('%s makes other weights', async (option, value) => {
  const plain = join(root, 'plain');
  const had = await weights(plain).catch(async () => weights(await run('plain', '--steps', '6', '--preset', 'paper')));
  const other = await run(`other${option}`, '--steps', '6', '--preset', 'paper', option, value);
  const [a, b] = [had, await weights(other)].map((file) => decodeWeights(new Uint8Array(file), 'weights').tensors);
  expect([...a!.values()].every(({ data }, i) => data.every((v, j) => v === [...b!.values()][i]!.data[j]))).toBe(false);
});

test('a run that began before there was a choice goes on as it began', async () => {
  const straight = await run('paper', '--steps', '6', '--preset', 'paper');
  const old = await run('old', '--steps', '3', '--preset', 'paper');
  const path = join(old, 'config.json');
  const config = JSON.parse(await readFile(path, 'utf8'));
  const { budget, runtime, ...former } = config;
  const { size, batch, microBatch, lr, lrDecay, seed, widthDivisor } = config.settings;
  const settings = { size, batch, microBatch, lr, lrDecay, seed, widthDivisor };
  await writeFile(
    path,
    JSON.stringify({ ...former, goal: budget, conduct: runtime, settings, lightness: 'luma', crop: 'random' }),
  );
  expect(await call('--resume', '--out', old, '--steps', '6')).toMatch(/^0 weights/);
  expect((await weights(old)).equals(await weights(straight))).toBe(true);
  expect(await settingsIn(old)).toEqual({ ...LEGACY_DEFAULTS, ...settings });
});

test('a checkpoint without the average that the run has is refused', async () => {
  const plain = await run('raw', '--steps', '2', '--preset', 'paper');
  const averaged = await run('averaged', '--steps', '2');
  const checkpoint = 'checkpoints/step-000002.safetensors';
  await cp(join(plain, checkpoint), join(averaged, checkpoint));
  expect(await call('--resume', '--out', averaged, '--steps', '3')).toMatch(
    /^1 .*expected a whole checkpoint to go on from, got 1 .*: expected the weights' average too, got none – put back the run's own checkpoint/,
  );
});

test('pictures with other looks go on, resumed, where they were', async () => {
  const looks = ['--orthochromatic', '0.5', '--tone', '0.7', '--preset', 'paper'];
  const straight = await run('looks', '--steps', '6', ...looks);
  const folder = await run('looks-halves', '--steps', '3', ...looks);
  expect(await call('--resume', '--out', folder, '--steps', '6')).toMatch(/^0 weights/);
  expect((await weights(folder)).equals(await weights(straight))).toBe(true);
  expect(decodeWeights(new Uint8Array(await weights(folder)), 'looks').metadata).toMatchObject({
    ...{ film: '0.5', tone: '0.7' },
  });
});

test('former names of options are taken, with a notice', async () => {
  const { err: said } = await callIn(root, 'x', '--film=0.5', '--target-chroma', '0');
  expect(said).toContain('--film is now called --orthochromatic; the former name is taken until version 0.2');
  expect(said).toContain('--target-chroma is now called --chroma-scale');
  expect(said).toContain('--chroma-scale: expected a number above 0, got');
});

test('numbers out of range are refused', async () => {
  for (const [argv, said] of [
    [['--ema', '1'], "--ema: expected a number from 0 to 0.999999, got '1'"],
    [['--rebalance', '2'], "--rebalance: expected a number from 0 to 1, got '2'"],
    [['--orthochromatic', '1.5'], "--orthochromatic: expected a number from 0 to 1, got '1.5'"],
    [['--orthochromatic', '0.5', '--lightness', 'lab'], '--orthochromatic and --lightness lab: expected one of them'],
    [['--tone', '0.5', '--lightness', 'lab'], '--tone and --lightness lab: expected one of them'],
    [['--preset', 'best'], "--preset: expected default or paper, got 'best'"],
  ] as const) {
    expect(await call('x', ...argv)).toContain(`2 koalarize train: ${said}`);
  }
});
