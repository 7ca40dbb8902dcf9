/** The extractor that comes with the package: its maps are those of ONNX Runtime, at sizes of all kinds. */
import { readdir, readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, expect, test } from 'vitest';
import { loadOnnx } from '../../src/onnx/load.ts';
import { gpu } from '../support/gpu.ts';
import { random } from '../support/random.ts';

const folder = new URL('../../weights/', import.meta.url);
const path = (await readdir(folder)).find((name) => /^efficientnet-lite\d\.onnx$/.test(name))!;
const bytes = new Uint8Array(await readFile(new URL(path, folder)));
const names = ['stride4', 'stride8', 'stride16', 'stride32'];
const ours = await loadOnnx(gpu, bytes, { name: path, outputs: names });
const theirs = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
afterAll(async () => {
  ours.close();
  await theirs.release();
});

/** Something like a picture: slopes and edges under noise, the same in all three channels. */
function picture(batch: number, height: number, width: number): Float32Array {
  const noise = random(batch * height * width, 5);
  const data = new Float32Array(batch * 3 * height * width);
  noise.forEach((value, i) => {
    const [n, y, x] = [Math.floor(i / height / width), Math.floor(i / width) % height, i % width];
    const scene = Math.sin(x / (9 + 4 * n)) * Math.cos(y / 17) + (((x >> 5) + (y >> 4)) % 2);
    const grey = Math.max(-1, Math.min(1, 0.8 * scene - 0.4 + 0.15 * value));
    for (let c = 0; c < 3; c++) data[((n * 3 + c) * height + y) * width + x] = grey;
  });
  return data;
}

test.each([
  [1, 256, 256],
  [1, 256, 352],
  [1, 224, 320],
  [2, 64, 96],
])('%d x %d x %d', async (batch, height, width) => {
  const shape = [batch, 3, height, width];
  const data = picture(batch, height, width);
  const results = await ours.run({ x: { data, shape } });
  const expected = await theirs.run({ x: new Tensor('float32', data, shape) }, names);
  for (const [i, name] of names.entries()) {
    const stride = 4 << i;
    const channels = ours.outputs[i]!.shape![1];
    expect(results[name]!.shape, name).toEqual([batch, channels, height / stride, width / stride]);
    const [got, wanted] = [results[name]!.data, expected[name]!.data as Float32Array];
    const mean = wanted.reduce((sum, each) => sum + each, 0) / wanted.length;
    const sigma = Math.sqrt(wanted.reduce((sum, each) => sum + (each - mean) ** 2, 0) / wanted.length);
    expect(sigma, name).toBeGreaterThan(0.05);
    // Each element, not their mean.
    const largest = wanted.reduce((most, each, j) => Math.max(most, Math.abs(got[j]! - each)), 0);
    expect(largest / sigma, name).toBeLessThan(1e-3);
  }
});

test('the file is small, and says where it is from', async () => {
  const { file } = ours;
  expect(file.bytes).toBeLessThanOrEqual(4_000_000);
  const text = new TextDecoder('latin1').decode(bytes);
  for (const part of ['Apache-2.0', '(luma - 127) / 128']) expect(text.includes(part), part).toBe(true);
  const license = await readFile(new URL(path.replace('.onnx', '.LICENSE.txt'), folder), 'utf8');
  expect(license).toMatch(/ML Illustrated[\s\S]*Apache License\s+Version 2.0/);
  const ofInt8 = [...file.graph.initializers.values()].filter(({ type }) => type === 'int8');
  expect(ofInt8.reduce((sum, { size }) => sum + size, 0)).toBeGreaterThan(2_900_000);
});
