/** `koalarize export`: writes the file whole or not at all. What is in it: test/onnx/export.test.ts. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Colorizer } from '../../src/model/colorizer.ts';
import { defaultWeights } from '../../src/model/package_files.ts';
import { readOnnx } from '../../src/onnx/read.ts';
import { koalarize, temporaryFolder, writeTestWeights } from '../support/run.ts';

let folder: string;
let weights: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  weights = join(folder, 'weights.safetensors');
  await writeTestWeights(weights);
});
afterAll(() => rm(folder, { recursive: true }));

test('writes a model, and says what it wrote', async () => {
  const output = join(folder, 'colorizer.onnx');
  const { code, stdout, stderr } = await koalarize(['export', weights, '-o', output, '--json']);
  expect(code, stderr).toBe(0);
  const file = await readOnnx(output);
  expect(JSON.parse(stdout)).toEqual({ output, bytes: file.bytes, opset: 17, embedding: 0, maps: 0 });
  expect(file.graph.inputs).toEqual([{ name: 'lightness', type: 'float32', shape: ['N', 1, 'H', 'W'] }]);
  expect(file.graph.outputs).toEqual([{ name: 'chroma', type: 'float32', shape: ['N', 2, 'H', 'W'] }]);
  expect((await koalarize(['export', weights, '-o', output])).stdout).toContain('opset 17, no embedding');
});

test('the shipped weights: with their extractor in ONNX Runtime as with ours, or the network alone', async () => {
  const shipped = fileURLToPath(defaultWeights());
  const output = join(folder, 'whole.onnx');
  const { code, stdout, stderr } = await koalarize(['export', shipped, '-o', output]);
  expect(code, stderr).toBe(0);
  expect(stdout).toContain('opset 17, with its extractor');
  const [width, height] = [96, 64];
  const data = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => {
    const [x, y] = [(i >> 2) % width, Math.floor(i / 4 / width)];
    return i % 4 === 3 ? 255 : Math.round(120 + 60 * Math.sin(x / 9) + 50 * Math.cos(y / 5));
  });
  const grey = Float32Array.from({ length: width * height }, (_, i) => data[4 * i]!);
  const session = await InferenceSession.create(output);
  const answer = await session.run({ grey: new Tensor('float32', grey, [1, 1, height, width]) });
  await session.release();
  const colorizer = await Colorizer.load();
  const ours = await colorizer.chroma({ data, width, height }, { renderSize: 32, smoothing: 0 });
  await colorizer.close();
  // Each of ours stands for four of the file's, a* and b* apart and divided by 127.
  const theirs = answer.chroma!.data as Float32Array;
  const difference = ours.data.map((value, i) => {
    const [x, y] = [(i >> 1) % ours.width, Math.floor((i >> 1) / ours.width)];
    return Math.abs(value - 127 * theirs[(i % 2) * 48 * 32 + 2 * y * 48 + 2 * x]!);
  });
  expect(Math.max(...ours.data.map(Math.abs))).toBeGreaterThan(2);
  expect(Math.max(...difference)).toBeLessThan(0.02);
  const alone = join(folder, 'alone.onnx');
  expect((await koalarize(['export', shipped, '-o', alone, '--network-only'])).stdout).toContain('3 feature maps');
  expect((await readOnnx(alone)).graph.inputs.map(({ name }) => name).sort()).toEqual([
    'lightness',
    'stride16',
    'stride32',
    'stride8',
  ]);
});

test('what is wrong is said, and leaves nothing behind', async () => {
  const damaged = join(folder, 'damaged.safetensors');
  await writeFile(damaged, (await readFile(weights)).subarray(0, 5000));
  const before = await readdir(folder);
  for (const [source, output, what] of [
    [damaged, join(folder, 'new.onnx'), 'complete?'],
    [join(folder, 'missing.safetensors'), join(folder, 'new.onnx'), 'got no such file'],
    [weights, join(folder, 'no/such/folder/new.onnx'), 'expected a folder to write into, got no such folder'],
  ] as const) {
    const { code, stdout, stderr } = await koalarize(['export', source, '-o', output]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(what);
  }
  expect(await readdir(folder)).toEqual(before);
});

test('wrong usage', async () => {
  for (const args of [[], [weights], [weights, '-o', weights], [weights, weights, '-o', 'a.onnx']]) {
    expect((await koalarize(['export', ...args])).code).toBe(2);
  }
  expect((await koalarize(['export', '--help'])).stdout).toContain('koalarize export WEIGHTS -o M.onnx');
});
