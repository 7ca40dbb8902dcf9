/** Embeddings on their way into the training step, and on disk. */
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { EmbeddingCache, type Pair } from '../../../../src/cli/train/features/embeddings.ts';
import { Progress } from '../../../../src/cli/train/progress.ts';
import { glorotUniform } from '../../../../src/graph/initializers.ts';
import type { Tensors } from '../../../../src/graph/parameters.ts';
import type { VectorInfo } from '../../../../src/model/embedding.ts';
import type { Extractor } from '../../../../src/model/extractor.ts';
import { colorizationNetwork } from '../../../../src/model/network.ts';
import { ShapeError } from '../../../../src/runtime/errors.ts';
import { assembleBatch, type Crop, type Dataset, sourceSize } from '../../../../src/train/data/batch.ts';
import { Sampler } from '../../../../src/train/data/sampler.ts';
import type { NetworkBuilder } from '../../../../src/train/loss.ts';
import { Trainer } from '../../../../src/train/trainer.ts';
import { Validator } from '../../../../src/train/validator.ts';
import { temporaryFolder } from '../../../support/fixtures.ts';
import { gpu } from '../../../support/gpu.ts';
import { datasetOf, writePicture } from '../../../support/pictures.ts';
import { random } from '../../../support/random.ts';

const SIZE = 32;
const BATCH = 8;
const WIDTH = 5;
const network: NetworkBuilder = (...inputs) =>
  colorizationNetwork({ widthDivisor: 8, embeddingWidth: WIDTH }, ...inputs);

const bytesBefore = gpu.allocatedBytes;
const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
  expect(gpu.allocatedBytes, 'buffers left behind').toBe(bytesBefore);
});

/** Pictures with embeddings that say which picture it is, and whether mirrored. */
function embedded(count: number, gain = 1): Dataset {
  const features = async (index: number, mirror: boolean) => [
    random(WIDTH, 1 + 2 * index + Number(mirror)).map((v) => gain * v),
  ];
  return { ...datasetOf(count, sourceSize(SIZE)), features };
}

async function makeTrainer(microBatch = BATCH): Promise<Trainer> {
  const config = { size: SIZE, lightness: 'luma', chromaScale: 1, masked: false, adam: {} } as const;
  const trainer = await Trainer.create(
    gpu,
    { ...config, batch: BATCH, microBatch, features: [[1, 1, WIDTH]] },
    network,
  );
  open.push(trainer);
  trainer.load(glorotUniform(trainer.weights.layout, 7));
  return trainer;
}

function distance(a: Tensors, b: Tensors): number {
  const distances = [...a].flatMap(([name, { data }]) =>
    Array.from(data, (v, i) => Math.abs(v - b.get(name)!.data[i]!)),
  );
  return distances.reduce((largest, each) => Math.max(largest, each), 0);
}

test('each crop comes with the embedding of its picture, or of the mirror image', async () => {
  const samples = new Sampler(6, 20, 3).batch(0);
  expect(new Set(samples.map(({ mirror }) => mirror)).size).toBe(2);
  const { features } = await assembleBatch(embedded(6), samples, SIZE);
  const want = samples.flatMap(({ index, mirror }) => [...random(WIDTH, 1 + 2 * index + Number(mirror))]);
  expect(features.map((feature) => [...feature])).toEqual([want]);
});

test('a batch in parts learns what the whole does, and embeddings make a difference', async () => {
  const [whole, parts, other] = [await makeTrainer(), await makeTrainer(2), await makeTrainer()];
  const samples = new Sampler(12, BATCH, 5).batch(0);
  const batch = await assembleBatch(embedded(12), samples, SIZE);
  const elsewhere = await assembleBatch(embedded(12, -1), samples, SIZE);
  const [a, b, c] = [
    await whole.step(batch, 1, 1e-3),
    await parts.step(batch, 1, 1e-3),
    await other.step(elsewhere, 1, 1e-3),
  ];
  expect(Math.abs(a - b)).toBeLessThan(1e-5);
  expect(Math.abs(a - c)).toBeGreaterThan(1e-5);
  const moments = await Promise.all([whole, parts].map(({ adam }) => adam.moments.m.read()));
  expect(distance(moments[0]!, moments[1]!)).toBeLessThan(1e-5);
  const learned = moments[0]!.get('fusion.embedding')!.data;
  expect(learned.some((v) => Math.abs(v) > 1e-6)).toBe(true);
});

test('a batch without embeddings, or with others, is refused', async () => {
  const trainer = await makeTrainer();
  const samples = new Sampler(12, BATCH, 5).batch(0);
  const none = await assembleBatch(datasetOf(12, sourceSize(SIZE)), samples, SIZE);
  await expect(trainer.step(none, 1, 1e-3)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: train: expected features of 40 values for 8 pictures, got no values]`,
  );
  const uneven = { ...embedded(12), features: async (index: number) => [new Float32Array(index % 2 ? 5 : 4)] };
  await expect(assembleBatch(uneven, samples, SIZE)).rejects.toThrow(ShapeError);
});

test('validation uses the embeddings of the pictures as they are', async () => {
  const trainer = await makeTrainer(4);
  const asked: boolean[] = [];
  const scoreOf = async (gain: number) => {
    const dataset = embedded(6, gain);
    const watched = {
      ...dataset,
      features: (index: number, mirror: boolean, crop: Crop) => {
        asked.push(mirror);
        return dataset.features!(index, mirror, crop);
      },
    };
    const validator = await Validator.create(gpu, trainer, network, watched);
    open.push(validator);
    return (await validator.score()).mse;
  };
  const [plain, again, other] = [await scoreOf(1), await scoreOf(1), await scoreOf(20)];
  expect(again).toBe(plain);
  expect(Math.abs(other - plain)).toBeGreaterThan(1e-5);
  expect(new Set(asked)).toEqual(new Set([false]));
});

const info: VectorInfo = {
  kind: 'logits',
  output: 'y',
  width: WIDTH,
  sha256: 'ab'.repeat(32),
  size: 299,
  range: [-1, 1],
};
const file = (hash: string) => ({ path: `${hash}.png`, hash });
const pairOf = (seed: number): Pair => ({ plain: random(WIDTH, seed), mirrored: random(WIDTH, seed + 1) });

test('the cache gives back what was written, to the bit', async () => {
  const cache = new EmbeddingCache(await temporaryFolder(), info);
  expect(await cache.read(file('aa'))).toBeUndefined();
  await cache.write(file('aa'), pairOf(1));
  await cache.write(file('bb'), pairOf(3));
  expect(await cache.read(file('aa'))).toEqual(pairOf(1));
  expect(await cache.get(file('bb'), false)).toEqual(pairOf(3).plain);
  expect(await cache.get(file('bb'), true)).toEqual(pairOf(3).mirrored);
});

test('no damaged entry is trusted, nor one of another picture or extractor', async () => {
  const root = await temporaryFolder();
  const cache = new EmbeddingCache(root, info);
  await cache.write(file('aa'), pairOf(1));
  const path = join(cache.folder, 'aa.f32');
  const whole = await readFile(path);
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged[at]! ^= 1 << (at % 8);
    await writeFile(path, damaged);
    expect(await cache.read(file('aa')), `byte ${at}`).toBeUndefined();
  }
  for (const length of [0, 31, 32, whole.length - 1, whole.length - 4]) {
    await writeFile(path, whole.subarray(0, length));
    expect(await cache.read(file('aa')), `${length} bytes`).toBeUndefined();
  }
  await expect(cache.get(file('aa'), false)).rejects.toThrow(/aa\.f32: expected the embedding found before/);
  await writeFile(path, whole);
  expect(await cache.read(file('aa'))).toEqual(pairOf(1));

  const others: Partial<VectorInfo>[] = [
    { sha256: 'cd'.repeat(32) },
    { output: 'z' },
    { kind: 'softmax' },
    { size: 224 },
    { range: [0, 255] },
  ];
  for (const other of others) {
    const elsewhere = new EmbeddingCache(root, { ...info, ...other });
    expect(elsewhere.folder).not.toBe(cache.folder);
    await elsewhere.write(file('aa'), pairOf(9));
    await writeFile(join(elsewhere.folder, 'aa.f32'), whole);
    expect(await elsewhere.read(file('aa')), JSON.stringify(other)).toBeUndefined();
  }
  expect(await cache.read(file('aa'))).toEqual(pairOf(1));
  await rename(path, join(cache.folder, 'bb.f32'));
  expect(await cache.read(file('bb'))).toBeUndefined();
});

test('only what is missing or damaged is computed', async () => {
  const root = await temporaryFolder();
  const { scan } = await import('../../../../src/cli/shared/scan.ts');
  for (let i = 0; i < 5; i++) await writePicture(join(root, 'photos', `${i}.png`), i);
  const ignore = () => undefined;
  const found = await scan([join(root, 'photos')], {
    shorter: 40,
    findings: new Map(),
    decoded: ignore,
    progress: ignore,
  });
  const { pictures } = found;
  const cache = new EmbeddingCache(join(root, 'embeddings'), info);
  let calls = 0;
  // Stands in for a network: its answer tells picture and side.
  const embed: Extractor['embed'] = async ({ data, width }, { mirror = false } = {}) => {
    calls++;
    return Float32Array.from({ length: WIDTH }, (_, i) => data[4 * (mirror ? width - 1 - i : i)]!);
  };
  const complete = () => cache.complete(pictures, { embed, width: WIDTH } as unknown as Extractor, new Progress());
  await complete();
  expect(calls).toBe(10);
  await complete();
  expect(calls).toBe(10);
  const before = await cache.read(pictures[2]!);
  expect(before!.plain).not.toEqual(before!.mirrored);
  const names = await readdir(cache.folder);
  expect(names).toHaveLength(5);
  await writeFile(join(cache.folder, `${pictures[2]!.hash}.f32`), 'damaged');
  await complete();
  expect(calls).toBe(12);
  expect(await cache.read(pictures[2]!)).toEqual(before);
});
