/** `--precision` as a user meets it: refused where a device has no float16, kept by a run, and said in what it writes. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { colorizeCommand } from '../../src/cli/colorize/index.ts';
import { train } from '../../src/cli/train/index.ts';
import { decodeCheckpoint } from '../../src/train/checkpoint.ts';
import { gpu } from '../support/gpu.ts';
import { writePictures } from '../support/pictures.ts';
import { writeTestWeights } from '../support/run.ts';

const hasHalf = gpu.device.features.has('shader-f16');
/** The rate does not depend on how far a run is to go. */
const SMALL = ['--size', '32', '--batch', '2', '--width-divisor', '16', '--val-count', '0', '--lr-decay', 'constant'];

let root: string;
let photos: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'koalarize-precision-'));
  photos = join(root, 'photos');
  await writePictures(photos, 8);
});
afterAll(() => rm(root, { recursive: true }));

/** Runs a command here; its exit code and what it says. */
async function call(command: (argv: string[]) => Promise<number>, ...argv: string[]) {
  let text = '';
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  try {
    return { code: await command(argv), text };
  } finally {
    spy.mockRestore();
  }
}

test('anything but f32 and f16 is wrong usage', async () => {
  for (const [command, ...argv] of [
    [colorizeCommand, 'a.png', '-o', 'b.png', '--precision', 'f64'],
    [train, photos, '--precision', 'f64'],
  ] as const) {
    const { code, text } = await call(command, ...argv);
    expect(code).toBe(2);
    expect(text).toMatch(/--precision: expected f32 or f16, got 'f64'/);
  }
});

test.runIf(!hasHalf)('a device without float16 is refused', async () => {
  const { code, text } = await call(train, photos, '--out', join(root, 'none'), ...SMALL, '--precision', 'f16');
  expect(code).toBe(1);
  expect(text).toMatch(/expected shader-f16 for precision f16, got an adapter without it – use precision f32/);
});

describe.runIf(hasHalf)('on a device with float16', () => {
  test('a run keeps it, with its loss scale, and goes on to the bit', async () => {
    const [straight, parts] = [join(root, 'straight'), join(root, 'parts')];
    const begin = [photos, ...SMALL, '--precision', 'f16'];
    expect(await call(train, ...begin, '--out', straight, '--steps', '4')).toMatchObject({ code: 0 });
    expect(await call(train, ...begin, '--out', parts, '--steps', '2')).toMatchObject({ code: 0 });
    const other = await call(train, '--out', parts, '--resume', '--precision', 'f32');
    expect(other.code).toBe(2);
    expect(other.text).toMatch(/--precision: expected f16, as the run began with, got f32/);
    expect(await call(train, '--out', parts, '--resume', '--steps', '4')).toMatchObject({ code: 0 });

    const [a, b] = await Promise.all([straight, parts].map((run) => readFile(join(run, 'weights.safetensors'))));
    expect(Buffer.compare(a!, b!)).toBe(0);
    const newest = (await readdir(join(parts, 'checkpoints'))).sort().at(-1)!;
    const { metadata, lossScale } = decodeCheckpoint(await readFile(join(parts, 'checkpoints', newest)), newest);
    expect(metadata.precision).toBe('f16');
    expect(lossScale).toEqual({ scale: 65536, good: 4, skipped: 0 });
  });

  test('a run without it says nothing of it, and cannot go on with it', async () => {
    const plain = join(root, 'plain');
    expect(await call(train, photos, ...SMALL, '--out', plain, '--steps', '1')).toMatchObject({ code: 0 });
    const newest = (await readdir(join(plain, 'checkpoints'))).sort().at(-1)!;
    const { metadata, lossScale } = decodeCheckpoint(await readFile(join(plain, 'checkpoints', newest)), newest);
    expect([metadata.precision, metadata.loss_scale, lossScale]).toEqual([undefined, undefined, undefined]);
    const { code, text } = await call(train, '--out', plain, '--resume', '--precision', 'f16');
    expect(code).toBe(2);
    expect(text).toMatch(/--precision: expected f32, as the run began with, got f16/);
  });

  test('colors a picture', async () => {
    const weights = join(root, 'weights.safetensors');
    await writeTestWeights(weights);
    const [picture] = (await readdir(photos)).map((name) => join(photos, name));
    const out = join(root, 'out.png');
    const { code, text } = await call(colorizeCommand, picture!, '-o', out, '--weights', weights, '--precision', 'f16');
    expect({ code, text }).toMatchObject({ code: 0 });
    expect((await readFile(out)).length).toBeGreaterThan(100);
  });
});
