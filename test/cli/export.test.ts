/** `koalarize export`: writes the file whole or not at all. What is in it: test/onnx/export.test.ts. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readOnnx } from '../../src/onnx/read.ts';
import { koalarize, temporaryFolder, writeTestWeights } from './run.ts';

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
  expect(JSON.parse(stdout)).toEqual({ output, bytes: file.bytes, opset: 17, embedding: 0 });
  expect(file.graph.inputs).toEqual([{ name: 'lightness', type: 'float32', shape: ['N', 1, 'H', 'W'] }]);
  expect(file.graph.outputs).toEqual([{ name: 'chroma', type: 'float32', shape: ['N', 2, 'H', 'W'] }]);
  expect((await koalarize(['export', weights, '-o', output])).stdout).toContain('opset 17, no embedding');
});

test('what is wrong is said, and leaves nothing behind', async () => {
  const damaged = join(folder, 'damaged.safetensors');
  await writeFile(damaged, (await readFile(weights)).subarray(0, 5000));
  const before = await readdir(folder);
  for (const [source, output, what] of [
    [damaged, join(folder, 'new.onnx'), 'complete?'],
    [join(folder, 'missing.safetensors'), join(folder, 'new.onnx'), 'ENOENT'],
    [weights, join(folder, 'no/such/folder/new.onnx'), 'expected a place where files can be written'],
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
