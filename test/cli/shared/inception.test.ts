/** Training and coloring with a feature extractor, as a user would: a small classifier from an ONNX file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { colorizeCommand } from '../../../src/cli/colorize/index.ts';
import { EmbeddingCache } from '../../../src/cli/train/features/embeddings.ts';
import { train } from '../../../src/cli/train/index.ts';
import { readImage } from '../../../src/image/node.ts';
import type { VectorInfo } from '../../../src/model/embedding.ts';
import { Extractor } from '../../../src/model/extractor.ts';
import { decodeWeights } from '../../../src/model/weights.ts';
import { expectClose } from '../../reference/close.ts';
import { answer, CHANNELS, CLASSES, classifier, SIZE } from '../../support/classifier.ts';
import { writePicture, writePictures } from '../../support/pictures.ts';
import { writeTestWeights } from '../../support/run.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
/** A folder from which the packages are found. */
const PROGRAM = join(ROOT, 'node_modules/.cache/koalarize-test/inception.js');
const STEPS = 20;
const PICTURES = 24;
const SMALL = ['--size', '32', '--batch', '4', '--micro-batch', '2', '--width-divisor', '16', '--seed', '3'];

let root: string;
let photos: string;
let onnx: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'koalarize-inception-'));
  photos = join(root, 'photos');
  onnx = join(root, 'classifier.onnx');
  await writePictures(photos, PICTURES);
  await writeFile(onnx, classifier({ outputs: ['probabilities'] }));
  await build({
    stdin: {
      contents: `import { train } from './src/cli/train/index.ts'; process.exit(await train(process.argv.slice(2)));`,
      resolveDir: ROOT,
      loader: 'ts',
    },
    outfile: PROGRAM,
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['webgpu', 'sharp', '@sparticuz/chromium'],
    loader: { '.wgsl': 'text' },
  });
});
afterAll(() => rm(root, { recursive: true }));

type Command = (argv: string[]) => Promise<number>;

/** Runs a command here; counts the extractor's runs. */
async function call(command: Command, ...argv: string[]): Promise<{ code: number; err: string; embedded: number }> {
  let err = '';
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
  const embed = vi.spyOn(Extractor.prototype, 'embed');
  try {
    const code = await command(argv);
    return { code, err: err.replaceAll(root, 'ROOT'), embedded: embed.mock.calls.length };
  } finally {
    write.mockRestore();
    embed.mockRestore();
  }
}

const learn = (run: string, ...argv: string[]) =>
  call(train, photos, '--out', join(root, run), ...SMALL, '--steps', `${STEPS}`, '--inception', onnx, ...argv);
const resume = (run: string, ...argv: string[]) => call(train, '--resume', '--out', join(root, run), ...argv);

const checkpoint = (run: string) => readFile(join(root, run, `checkpoints/step-0000${STEPS}.safetensors`));
const configOf = async (run: string) => JSON.parse(await readFile(join(root, run, 'config.json'), 'utf8'));
/** The last line, with hashes left out. */
const last = ({ err }: { err: string }) =>
  err
    .trimEnd()
    .split('\n')
    .at(-1)!
    .replaceAll(/[0-9a-f]{64}/g, 'HASH');

test('trains with embeddings of the whole pictures, and records the extractor', async () => {
  const { code, err, embedded } = await learn('one');
  expect(code, err).toBe(0);
  expect(embedded).toBe(2 * PICTURES);
  expect(err).toMatch(
    /embed {4}24 pictures, 7 values each: 24 computed, in .* s, 0 from ROOT\/one\/embeddings\/[0-9a-f]{16}/,
  );
  const { embedding } = await configOf('one');
  expect(embedding).toMatchObject({
    kind: 'logits',
    output: 'logits',
    width: CLASSES,
    size: SIZE,
    range: [-1, 1],
    path: onnx,
  });
  const { tensors, ...weights } = decodeWeights(await readFile(join(root, 'one/weights.safetensors')), 'weights');
  const { path: _, ...info } = embedding as VectorInfo & { path: string };
  expect(weights.embedding).toEqual(info);
  expect(tensors.get('fusion.embedding')?.shape).toEqual([1, 1, CLASSES, 16]);

  // What is on disk is what the definition says, for pictures and for their mirror images.
  const cache = new EmbeddingCache(join(root, 'one/embeddings'), info);
  const scan = JSON.parse(await readFile(join(root, 'one/scan.json'), 'utf8')) as [string, { hash: string }][];
  // Some of the pictures are their own mirror images.
  for (const [path, { hash }] of scan.filter(([path]) => /\/[123]\.png$/.test(path))) {
    const picture = await readImage(path);
    const pair = (await cache.read({ path, hash }))!;
    expectClose(pair.plain, answer(picture).logits, { absolute: 1e-4 });
    expectClose(pair.mirrored, answer(picture, { mirror: true }).logits, { absolute: 1e-4 });
    expect(pair.mirrored).not.toEqual(pair.plain);
  }
});

test('a second run takes every embedding from the cache, and gives the same bits', async () => {
  const shared = ['--embedding-cache', join(root, 'one/embeddings')];
  const { code, err, embedded } = await learn('two', ...shared);
  expect(code, err).toBe(0);
  expect(embedded).toBe(0);
  expect(err).toContain('0 computed, 24 from');
  expect(Buffer.compare(await checkpoint('two'), await checkpoint('one'))).toBe(0);
  // Another question is another cache.
  const { embedded: again } = await learn(
    'softmax',
    ...shared,
    '--inception-kind',
    'softmax',
    '--inception-range',
    '-2,2',
  );
  expect(again).toBe(2 * PICTURES);
  expect(Buffer.compare(await checkpoint('softmax'), await checkpoint('one'))).not.toBe(0);
});

test('embeddings matter: without, and with others, the run differs', async () => {
  expect((await learn('pooled', '--inception-kind', 'pooled')).code).toBe(0);
  expect((await configOf('pooled')).embedding).toMatchObject({ kind: 'pooled', output: 'pooled', width: CHANNELS });
  const losses = async (run: string) => {
    const lines = (await readFile(join(root, run, 'log.jsonl'), 'utf8')).trimEnd().split('\n');
    return lines.map((line) => (JSON.parse(line) as { loss?: number }).loss).filter((loss) => loss !== undefined);
  };
  expect(await losses('pooled')).not.toEqual(await losses('one'));
});

test('killed while it embeds and while it trains, and resumed, it gives the same bits', async () => {
  const run = join(root, 'killed');
  const start = (...argv: string[]): { child: ChildProcess; output: () => string; exit: Promise<unknown[]> } => {
    const child = spawn(process.execPath, [PROGRAM, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (part) => (text += String(part)));
    return { child, output: () => text, exit: once(child, 'exit') };
  };
  const until = async (there: () => Promise<boolean>, output: () => string) => {
    for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(5)) if (await there()) return;
    throw new Error(`it never came: ${output()}`);
  };
  const namesIn = async (folder: string) => (await readdir(folder, { recursive: true }).catch(() => [])).map(String);

  const first = start(
    photos,
    '--out',
    run,
    ...SMALL,
    '--steps',
    `${STEPS}`,
    '--inception',
    onnx,
    '--checkpoint-every',
    '0.0002',
  );
  const embeddings = async () => (await namesIn(join(run, 'embeddings'))).filter((name) => name.endsWith('.f32'));
  await until(async () => (await embeddings()).length >= 3, first.output);
  first.child.kill('SIGKILL');
  expect(await first.exit).toEqual([null, 'SIGKILL']);
  const kept = (await embeddings()).length;

  const second = start('--resume', '--out', run);
  await until(async () => {
    const names = await namesIn(join(run, 'checkpoints'));
    return names.some((name) => name.endsWith('.safetensors') && Number(name.slice(5, 11)) >= 3);
  }, second.output);
  second.child.kill('SIGKILL');
  expect(await second.exit).toEqual([null, 'SIGKILL']);
  expect(second.output()).toContain(`${PICTURES - kept} computed`);

  const { code, err, embedded } = await resume('killed');
  expect(code, err).toBe(0);
  expect(embedded).toBe(0);
  expect(err).toMatch(/resume {3}from/);
  expect(Buffer.compare(await checkpoint('killed'), await checkpoint('one'))).toBe(0);
});

test('a run goes on with its own extractor only', async () => {
  const other = join(root, 'other.onnx');
  await writeFile(other, classifier());
  const more = ['--steps', `${STEPS + 1}`];
  // What else these messages say: test/model/extractor.test.ts.
  expect(last(await resume('one', ...more, '--inception', other))).toMatch(/other\.onnx: .*, got HASH/);
  const ranged = await resume('one', ...more, '--inception', onnx, '--inception-range=0,1');
  expect(last(ranged)).toMatch(/classifier\.onnx: .* \(range -1,1\), got range 0,1/);
  await call(train, photos, '--out', join(root, 'none'), ...SMALL, '--steps', '1', '--extractor', 'none');
  expect(last(await resume('none', ...more, '--inception', onnx))).toMatchInlineSnapshot(
    `"koalarize train: --extractor: expected none, as the run began without, got one – leave it out with --resume – see 'koalarize train --help'"`,
  );
  // The file may have moved.
  const moved = join(root, 'moved.onnx');
  await cp(onnx, moved);
  expect((await resume('two', ...more, '--inception', moved)).code).toBe(0);
  expect((await configOf('two')).embedding.path).toBe(moved);
});

test('--init: weights without an extractor learn to use one, and those with one keep it', async () => {
  const plain = join(root, 'none/weights.safetensors');
  const first = await learn('from-none', '--init', plain, '--lr', '1e-30');
  expect(first.code, first.err).toBe(0);
  const weights = async (run: string) =>
    decodeWeights(await readFile(join(root, run, 'weights.safetensors')), run).tensors;
  const [before, after] = [await weights('none'), await weights('from-none')];
  for (const [name, { data }] of before) expect(after.get(name)!.data, name).toEqual(data);
  expect(after.get('fusion.embedding')!.data.every((v) => Math.abs(v) < 1e-6)).toBe(true);

  const trained = join(root, 'one/weights.safetensors');
  expect((await learn('from-one', '--init', trained)).code).toBe(0);
  const none = ['--steps', '1', '--extractor', 'none'];
  const without = await call(train, photos, '--out', join(root, 'x'), ...SMALL, ...none, '--init', trained);
  expect(last(without)).toMatchInlineSnapshot(
    `"koalarize train: --init ROOT/one/weights.safetensors: expected weights without a feature extractor, got some with one – name its file with --extractor or --inception"`,
  );
  const other = await learn('x', '--init', trained, '--inception-kind', 'softmax');
  expect(last(other)).toMatch(/--init ROOT.*weights\.safetensors: .*, got output probabilities, kind softmax/);
});

test('colors with the extractor, and says what is missing', async () => {
  const grey = join(root, 'grey');
  await mkdir(grey);
  await writePicture(join(grey, 'a.png'), 3, 70, 50);
  const weights = ['--weights', join(root, 'one/weights.safetensors')];
  const color = (out: string, ...argv: string[]) =>
    call(colorizeCommand, join(grey, 'a.png'), '-o', join(root, out), ...argv);
  const { code, err, embedded } = await color('a.png', ...weights, '--inception', onnx);
  expect(code, err).toBe(0);
  expect(embedded).toBe(1);
  expect(await readImage(join(root, 'a.png'))).toMatchObject({ width: 70, height: 50 });
  const failure = async (...argv: string[]) =>
    (await color('b.png', ...argv)).err.split('\n')[0]!.replaceAll(/[0-9a-f]{64}/g, 'HASH');
  expect(await failure(...weights)).toMatch(
    /^\[1\/1\] failed: ROOT\/grey\/a\.png: ROOT\/one\/weights\.safetensors: .*SHA-256 HASH\), got none/,
  );
  const plain = join(root, 'plain.safetensors');
  await writeTestWeights(plain);
  for (const [argv, said] of [
    [[...weights, '--inception', join(root, 'other.onnx')], /ROOT\/other\.onnx: .* got HASH/],
    [[...weights, '--inception', onnx, '--inception-range', '0,255'], /ROOT\/classifier\.onnx: .* got range 0,255/],
    [[...weights, '--inception', join(root, 'missing.onnx')], /ROOT\/missing\.onnx: .* got no such file/],
    [['--weights', plain, '--inception', onnx], /ROOT\/plain\.safetensors: .* got one/],
  ] as const) {
    expect(await failure(...argv)).toMatch(said);
  }
});

test('wrong options are one line and 2', async () => {
  const wrong = async (...argv: string[]) => {
    const { code, err } = await call(colorizeCommand, 'a.png', '-o', 'b.png', ...argv);
    return `${code} ${err.trimEnd()}`;
  };
  for (const [argv, said] of [
    [['--inception-size', '299'], '--inception-size: expected --inception FILE beside it, got none'],
    [['--inception', 'm.onnx', '--inception-size', '0'], "from 1 to 4096, got '0'"],
    [['--inception', 'm.onnx', '--inception-range', '-1'], "such as '-1,1' or '0,255', got '-1'"],
    [
      ['--inception', 'm.onnx', '--inception-range', '1,1'],
      "two different numbers, such as '-1,1' or '0,255', got '1,1'",
    ],
    [['--inception', 'm.onnx', '--inception-kind', 'best'], "logits, softmax or pooled, got 'best'"],
  ] as const) {
    const message = await wrong(...argv);
    expect(message).toMatch(/^2 --inception-.* – see 'koalarize colorize --help'$/);
    expect(message).toContain(said);
  }
  const { code, err } = await call(train, photos, '--inception', onnx, '--inception-kind', 'best');
  expect(code).toBe(2);
  expect(err).toMatch(/^koalarize train: --inception-kind: .* – see 'koalarize train --help'\n$/);
});
