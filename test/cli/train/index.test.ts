/** The command as a user runs it: in this process, and as a child that is stopped and killed. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeWeights } from '../../../src/model/weights.ts';
import { writePicture, writePictures } from '../../support/pictures.ts';
import { bundleTrain, callIn, logOf, startTrain } from '../../support/train_command.ts';

const STEPS = 40;
/** How many pictures there are; a tenth or so is for validation. */
const PICTURES = 40;
/** A small network on small pictures. */
const SMALL = ['--size', '32', '--batch', '4', '--width-divisor', '16', '--seed', '3'];
/** A checkpoint after nearly every step. */
const OFTEN = ['--checkpoint-every', '0.0002'];

let root: string;
let program: string;
let photos: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'koalarize-train-'));
  photos = join(root, 'photos');
  await writePictures(photos, PICTURES);
  program = await bundleTrain('train');
});
afterAll(() => rm(root, { recursive: true }));

/** Runs the command here. */
const call = (...argv: readonly string[]) => callIn(root, ...argv);

const start = (...argv: readonly string[]) =>
  startTrain(program, argv.includes('--resume') ? argv : [...argv, '--extractor', 'none']);

/** Waits until the run has saved step `step` or a later one. */
async function checkpointAfter(run: string, step: number, output: () => string): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(10)) {
    const names = await readdir(join(run, 'checkpoints')).catch(() => []);
    if (names.some((name) => name.endsWith('.safetensors') && Number(name.slice(5, 11)) >= step)) return;
  }
  throw new Error(`no checkpoint: ${output()}`);
}

/** Whether two runs ended with the same weights and moments, to the bit. */
async function sameState(...runs: readonly [string, string]): Promise<boolean> {
  const read = (run: string) => readFile(join(run, `checkpoints/step-0000${STEPS}.safetensors`));
  return (await read(runs[0])).equals(await read(runs[1]));
}

const losses = async (run: string) =>
  (await logOf(run)).filter(({ loss }) => loss !== undefined).map(({ step, loss }) => [step, loss]);

test('a run leaves weights, checkpoints, a log, sheets; and the same seed gives the same bits', async () => {
  const [one, two] = [join(root, 'one'), join(root, 'two')];
  const { code, err } = await call(photos, '--out', one, ...SMALL, '--steps', `${STEPS}`, '--val-every', '25');
  expect(err).toMatch(/found {4}40 pictures; left out: 0 unreadable, 0 grey, 0 repeated/);
  expect(err).toMatch(/done {5}after step 40, .* images\/s, device idle \d+\.\d %/);
  expect(code).toBe(0);
  expect((await readdir(one)).sort()).toEqual(
    ['checkpoints', 'config.json', 'log.jsonl', 'loss.svg', 'scan.json', 'sheets', 'weights.safetensors'].sort(),
  );
  expect(await readdir(join(one, 'sheets'))).toEqual(['step-000025.png', 'step-000040.png']);
  const sheet = await sharp(join(one, 'sheets/step-000040.png')).metadata();
  const { count } = (await logOf(one)).at(-2)!;
  expect(sheet.width).toBe(4 + 3 * Math.min(2, count!) * 36);

  const { tensors, metadata, network } = decodeWeights(await plain(join(one, 'weights.safetensors')), 'weights');
  expect(network).toEqual({ widthDivisor: 16, embeddingWidth: 0 });
  expect(metadata).toMatchObject({ seed: '3', step: '40', embedding: 'none', size: '32', lightness: 'luma' });
  expect(tensors.size).toBe(28);

  const log = await logOf(one);
  expect(log.map(({ step }) => step)).toEqual([...steps(1, 25), 25, ...steps(26, 40), 40, 40]);
  // A twentieth of 40 steps warms up: the first step has half the rate, the second all of it but for the cosine.
  expect(log[0]).toMatchObject({ step: 1, loss: expect.any(Number), learningRate: 0.0005, time: expect.any(String) });
  expect(log[1]!.learningRate).toBeCloseTo(0.001, 5);
  expect(log.at(-1)).toMatchObject({ step: 40, end: 'done', seconds: expect.any(Number) });
  expect(log.at(-1)!.deviceWaits).toBeGreaterThanOrEqual(0);
  expect(log.at(-1)!.deviceWaits).toBeLessThan(1);
  const validation = log.at(-2)!;
  expect(validation.grey).toBeGreaterThan(validation.meanColor!);
  expect(validation.val).toBeLessThan(validation.grey!);

  // Elsewhere, under other names, with another cache: the same pictures.
  const moved = join(root, 'moved');
  for (let i = 0; i < PICTURES; i++) await cp(join(photos, `${i}.png`), join(moved, `${i % 3}/${99 - i}.PNG`));
  const again = ['--steps', `${STEPS}`, '--val-every', '7', '--cache', '0'];
  expect((await call(moved, '--out', two, ...SMALL, ...again)).code).toBe(0);
  expect(await sameState(two, one)).toBe(true);
  expect(await losses(two)).toEqual(await losses(one));
});

test('killed, and resumed, it gives the same bits as never killed', async () => {
  const run = join(root, 'killed');
  const { child, output, exit } = start(photos, '--out', run, ...SMALL, ...OFTEN, '--steps', `${STEPS}`);
  await checkpointAfter(run, 5, output);
  child.kill('SIGKILL');
  expect(await exit).toEqual([null, 'SIGKILL']);
  const kept = await readdir(join(run, 'checkpoints'));
  expect(kept).not.toContain(`step-0000${STEPS}.safetensors`);
  // What a kill at a worse moment leaves.
  await writeFile(join(run, 'checkpoints/step-000039.safetensors.unfinished'), 'half');
  await writeFile(join(run, 'log.jsonl'), `${await readFile(join(run, 'log.jsonl'), 'utf8')}{"step":39,"lo`);

  const { code, err } = await call('--resume', '--out', run);
  expect(err).toMatch(/resume {3}from ROOT\/killed\/checkpoints\/step-\d+\.safetensors/);
  expect(code).toBe(0);
  expect(await sameState(run, join(root, 'one'))).toBe(true);
  expect(await losses(run)).toEqual(await losses(join(root, 'one')));
  const names = await readdir(join(run, 'checkpoints'));
  expect(names.length).toBeLessThanOrEqual(3);
  expect(names.filter((name) => name.endsWith('.unfinished'))).toEqual([]);
});

test('Ctrl-C saves and ends with 0, and the run goes on from there', async () => {
  const run = join(root, 'stopped');
  const { child, output, exit } = start(photos, '--out', run, ...SMALL, ...OFTEN, '--steps', `${STEPS}`);
  await checkpointAfter(run, 3, output);
  child.kill('SIGINT');
  expect(await exit).toEqual([0, null]);
  expect(output()).toMatch(/stopped {2}after step \d+/);
  const stopped = (await losses(run)).length;
  expect(await readdir(join(run, 'checkpoints'))).toContain(`step-${String(stopped).padStart(6, '0')}.safetensors`);
  expect(stopped).toBeLessThan(STEPS);
  expect(await readdir(run)).toContain('weights.safetensors');
  expect((await call('--resume', '--out', run)).code).toBe(0);
  expect(await sameState(run, join(root, 'one'))).toBe(true);
});

test('numbers that are not finite stop the run, name the step, and leave the last good checkpoint', async () => {
  const run = join(root, 'diverged');
  expect((await call(photos, '--out', run, ...SMALL, '--steps', '3')).code).toBe(0);
  const config = await readFile(join(run, 'config.json'), 'utf8');
  await writeFile(join(run, 'config.json'), config.replace('"lr": 0.001', '"lr": 1e30'));
  const { code, err } = await call('--resume', '--out', run, '--steps', '30', ...OFTEN);
  expect(code).toBe(1);
  expect(err.trimEnd().split('\n').at(-1)).toMatch(
    /^koalarize train: step \d+: expected finite numbers, got .*; the last good checkpoint is ROOT\/diverged\/checkpoints\/step-\d+\.safetensors – start again with a lower learning rate$/,
  );
  const [, named] = /ROOT(\/\S+\.safetensors)/.exec(err.slice(err.indexOf('last good')))!;
  const { tensors } = decodeWeights(await plain(join(root, named!)), 'checkpoint');
  for (const { data } of tensors.values()) expect(data.every(Number.isFinite)).toBe(true);
});

test('resuming extends, and refuses what would change the run', async () => {
  const run = join(root, 'refuse');
  expect((await call(photos, '--out', run, ...SMALL, '--steps', '2')).code).toBe(0);
  const resume = async (...argv: string[]) => {
    const { code, err } = await call('--resume', '--out', run, ...argv);
    return `${code} ${err.trimEnd().split('\n').at(-1)}`;
  };
  expect(await resume('--lr', '0.01')).toMatchInlineSnapshot(
    `"2 koalarize train: --lr: expected 0.001, as the run began with, got 0.01 – leave it out with --resume – see 'koalarize train --help'"`,
  );
  expect(await resume('--steps', '1')).toContain('--steps: expected at least 2, as the run began with, got 1');
  expect(await resume()).toMatchInlineSnapshot(
    `"0 done     at step 2 already; go on with --resume and a larger --steps or --epochs"`,
  );
  expect((await call(photos, '--out', run, ...SMALL)).err).toMatchInlineSnapshot(`
    "koalarize train: ROOT/refuse: expected no run in it, got one – go on with --resume, or name another --out
    "
  `);
  const more = join(root, 'more');
  await cp(photos, more, { recursive: true });
  await writePicture(join(more, 'another.png'), 5, 64, 64);
  const { count } = JSON.parse(await readFile(join(run, 'config.json'), 'utf8')).train as { count: number };
  expect(
    (await resume(more, '--steps', '3')).replace(`${count} of`, 'N of').replace(`${count + 1}`, 'N + 1'),
  ).toMatchInlineSnapshot(
    `"1 koalarize train: pictures: expected the N of the run, got N + 1 – put them back, or add --allow-changed-data"`,
  );
  expect((await call('--resume', '--out', run, more, '--steps', '3', '--allow-changed-data')).code).toBe(0);
});

test('minutes end a run in time, and the cosine lowers the rate', async () => {
  const run = join(root, 'minutes');
  const { code } = await call(photos, '--out', run, ...SMALL, '--minutes', '0.03', '--warmup', '0');
  expect(code).toBe(0);
  const rates = (await logOf(run)).filter(({ loss }) => loss !== undefined).map(({ learningRate }) => learningRate!);
  expect(rates).toEqual([...rates].sort((a, b) => b - a));
  expect(rates.at(-1)).toBeLessThan(1e-3);
});

test('--val takes a folder of its own, and keeps its pictures out of training', async () => {
  const val = join(root, 'val');
  await cp(join(photos, '1.png'), join(val, 'same.png'));
  await writePicture(join(val, 'new.png'), 77, 60, 60);
  const run = join(root, 'own');
  const { code, err } = await call(photos, '--val', val, '--out', run, ...SMALL, '--steps', '1');
  expect(code).toBe(0);
  expect(err).toContain('1 of --val were among the others too: not trained on');
  const { train: used, validation } = JSON.parse(await readFile(join(run, 'config.json'), 'utf8'));
  expect([used.count, validation.count]).toEqual([PICTURES - 1, 2]);
});

test('wrong usage is one line and 2; help is 0', async () => {
  const wrong = async (...argv: string[]) => {
    const { code, err } = await call(...argv);
    return `${code} ${err.trimEnd()}`;
  };
  expect(await wrong('x', '--size', '30')).toMatchInlineSnapshot(
    `"2 koalarize train: --size: expected a multiple of 8 from 16 to 4294967295, got '30' – see 'koalarize train --help'"`,
  );
  for (const [argv, said] of [
    [[], 'expected a folder of photographs, got none'],
    [['x', '--batch', 'many'], "--batch: expected a whole number from 1 to 4294967295, got 'many'"],
    [['x', '--lr', '-1'], "--lr: expected a number above 0, got '-1'"],
    [['x', '--lr'], "Option '--lr <value>' argument missing"],
    [['x', '--steps', '5', '--epochs', '2'], '--epochs and --steps: expected one of them'],
    [['x', '--batch', '10', '--micro-batch', '3'], '--micro-batch: expected a divisor of the batch, 10, got 3'],
    [['x', '--lr-decay', 'step'], '--lr-decay: expected constant or cosine'],
    [['x', '--width-divisor', '3'], '--width-divisor: expected 1, 2, 4, 8, 16 or 32'],
    [['x', '--sede', '3'], "Unknown option '--sede' – did you mean '--seed'?"],
  ] as const) {
    expect(await wrong(...argv)).toContain(`2 koalarize train: ${said}`);
  }
  const help = await call('--help');
  expect(help.code).toBe(0);
  expect(help.out).toContain('Examples');
});

function steps(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

async function plain(path: string): Promise<Uint8Array> {
  return new Uint8Array(await readFile(path));
}

test('--init begins with given weights, widened where they are narrower, and narrowed again', async () => {
  const [narrow, wide] = [join(root, 'narrow'), join(root, 'wide')];
  const size = ['--size', '32', '--batch', '4'];
  expect((await call(photos, '--out', narrow, ...size, '--width-divisor', '32', '--steps', '30')).code).toBe(0);
  const init = join(narrow, 'weights.safetensors');
  const first = await call(photos, '--out', wide, ...size, '--width-divisor', '16', '--steps', '1', '--init', init);
  expect(first.err).toContain("init     from ROOT/narrow/weights.safetensors, with 1/32 of the paper's channels");
  const score = async (run: string) => (await logOf(run)).findLast(({ val }) => val !== undefined)!.val!;
  // One step does little: the answer is that of the narrow network, but for the noise.
  expect(Math.abs((await score(wide)) / (await score(narrow)) - 1)).toBeLessThan(0.15);
  const { metadata } = decodeWeights(await readFile(join(wide, 'weights.safetensors')), 'weights');
  expect(metadata.initial_weights).toMatch(/^[0-9a-f]{64}$/);
  const again = join(root, 'again');
  const narrower = ['--width-divisor', '32', '--steps', '1'];
  const init2 = ['--init', join(wide, 'weights.safetensors')];
  expect((await call(photos, '--out', again, ...size, ...narrower, ...init2)).code).toBe(0);
  expect(Math.abs((await score(again)) / (await score(narrow)) - 1)).toBeLessThan(0.15);

  const born = join(root, 'born');
  expect((await call(photos, '--out', born, ...size, '--width-divisor', '16', '--steps', '1')).code).toBe(0);
  const init3 = ['--init', join(born, 'weights.safetensors')];
  const refused = await call(photos, '--out', join(root, 'refused'), ...size, ...narrower, ...init3);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('of a widened network, whose copies are alike within 0.05');
  expect(refused.err, 'before any picture is read').not.toContain('reading pictures');
});
