/** The seeded Inception-ResNet-v2 files themselves: the graph is the published one, and all styles mean the same. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  type Builder,
  type Convolution,
  DEFAULTS,
  type Pool,
  padsOf,
  type Value,
  Walk,
} from '../../bench/inception/architecture.ts';
import { seededParameters } from '../../bench/inception/calibrate.ts';
import { compare, feed, reference, standardDeviation } from '../../bench/inception/reference.ts';
import { STYLE_NAMES, writeNetwork } from '../../bench/inception/styles/index.ts';
import { readOnnx } from '../../src/onnx/read.ts';

/** Notes the layers it is asked for, in order. */
class Notes implements Builder {
  readonly layers: (Convolution & { readonly normalized: boolean })[] = [];
  readonly pools: Pool[] = [];
  readonly counts = { concat: 0, residual: 0, relu: 0 };

  convolution(_x: Value, layer: Convolution): string {
    this.layers.push({ ...layer, normalized: true });
    return layer.name;
  }

  projection(_x: Value, layer: Convolution): string {
    this.layers.push({ ...layer, normalized: false });
    return layer.name;
  }

  pool(_x: Value, pool: Pool): string {
    this.pools.push(pool);
    return pool.name;
  }

  concat = (_parts: readonly Value[], name: string) => this.count('concat', name);
  residual = (_x: Value, _branch: Value, _scale: number, name: string) => this.count('residual', name);
  relu = (_x: Value, name: string) => this.count('relu', name);

  private count(kind: keyof Notes['counts'], name: string): string {
    this.counts[kind]++;
    return name;
  }
}

function walk(size: number, widthDivisor = 1) {
  const notes = new Notes();
  return { notes, ...new Walk(notes, widthDivisor).network({ name: 'x', channels: 3, size }) };
}

test('the network has the layers and the weights of the published one', () => {
  const { notes, features, middle } = walk(299);
  const sum = (normalized: boolean, count: (layer: Convolution) => number) =>
    notes.layers.filter((layer) => layer.normalized === normalized).reduce((total, layer) => total + count(layer), 0);
  const weights = ({ inputs, outputs, kernel }: Convolution) => inputs * outputs * kernel[0] * kernel[1];
  expect([sum(true, () => 1), sum(false, () => 1), notes.pools.length]).toEqual([204, 40, 5]);
  expect(notes.counts).toEqual({ concat: 43, residual: 40, relu: 39 });
  expect(sum(true, weights) + sum(false, weights)).toBe(54_200_160);
  expect(sum(true, ({ outputs }) => outputs)).toBe(30_272);
  expect(sum(false, ({ outputs }) => outputs)).toBe(45_760);
  expect(features).toMatchObject({ channels: 1536, size: 8 });
  expect(middle).toMatchObject({ channels: 1088, size: 17 });
});

test.each([
  [75, 1],
  [107, 2],
  [224, 5],
])('a picture of %i pixels ends as one of %i', (size, last) => {
  expect(walk(size).features.size).toBe(last);
});

test('narrow networks keep multiples of four channels', () => {
  for (const { outputs } of walk(107, 16).notes.layers) expect(outputs % 4).toBe(0);
});

const list = resolve(import.meta.dirname, '../../../shared/design/irv2_layers_299_1001.json');

test.skipIf(!existsSync(list))('each layer is as in the list of layers (left out where the list is not there)', () => {
  const listed = (JSON.parse(readFileSync(list, 'utf8')) as { name: string; op: string; [key: string]: unknown }[])
    .filter(({ op }) => op === 'conv')
    // The list has the auxiliary head where slim's graph branches off to it, our walk goes there last.
    .sort((one, other) => Number(one.name.startsWith('Aux')) - Number(other.name.startsWith('Aux')));
  const { notes, middle } = walk(299);
  new Walk(notes, 1).auxiliary(middle);
  const ours = notes.layers.map((layer) => ({
    cin: layer.inputs,
    cout: layer.outputs,
    k: layer.kernel,
    s: layer.stride,
    pad: padsOf(layer).slice(0, 2),
    bn: layer.normalized,
  }));
  expect(ours).toEqual(listed.map(({ cin, cout, k, s, pad, bn }) => ({ cin, cout, k, s, pad, bn })));
});

test('the TorchScript style has the operators that were counted in a published file', async () => {
  const options = { ...DEFAULTS, widthDivisor: 32, size: 75 };
  const style = writeNetwork('torchscript', options, await seededParameters(options));
  const { graph } = await readOnnx(style.finish().encode());
  const counts: Record<string, number> = {};
  for (const { opType } of graph.nodes) counts[opType] = (counts[opType] ?? 0) + 1;
  expect(counts).toEqual({
    Conv: 244,
    Relu: 243,
    Concat: 43,
    Constant: 40,
    Mul: 40,
    Add: 40,
    MaxPool: 4,
    AveragePool: 1,
    GlobalAveragePool: 1,
    Flatten: 1,
    Gemm: 1,
  });
});

test('ONNX Runtime computes the same logits from all styles, and they follow the picture', async () => {
  const options = { ...DEFAULTS, widthDivisor: 16, size: 107 };
  const parameters = await seededParameters(options);
  const folder = await mkdtemp(join(tmpdir(), 'inception-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const logits: Float32Array[] = [];
  for (const name of STYLE_NAMES) {
    const style = writeNetwork(name, options, parameters);
    const path = join(folder, `${name}.onnx`);
    await style.finish().write(path);
    logits.push(...(await reference(path, style, [feed(2, options.size, style.layout)])));
  }
  const [first] = logits as [Float32Array];
  const [one, other] = [first.subarray(0, options.classes), first.subarray(options.classes)];
  expect(standardDeviation(one)).toBeGreaterThan(0.5);
  expect(standardDeviation(one)).toBeLessThan(5);
  expect(standardDeviation(one.map((value, i) => value - other[i]!))).toBeGreaterThan(0.3);
  for (const [i, name] of STYLE_NAMES.entries()) {
    // Rounding 244 layers of weights to eleven bits does this much.
    const { difference } = compare(logits[i]!, first, options.classes);
    expect(difference, name).toBeLessThan(name === 'float16' ? 0.1 : 1e-3);
  }
});
