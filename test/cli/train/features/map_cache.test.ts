/** Feature maps on their way into the training step, and on disk. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { MapCache } from '../../../../src/cli/train/features/map_cache.ts';
import { train } from '../../../../src/cli/train/index.ts';
import { Progress } from '../../../../src/cli/train/progress.ts';
import { decodeForTraining } from '../../../../src/image/node.ts';
import { renderGrey, renderSize } from '../../../../src/image/raster/render.ts';
import { resizePicture } from '../../../../src/image/raster/resize.ts';
import { stretched } from '../../../../src/image/raster/stretch.ts';
import { withTone } from '../../../../src/image/raster/tone.ts';
import { Colorizer } from '../../../../src/model/colorizer.ts';
import { MapExtractor } from '../../../../src/model/maps.ts';
import { defaultExtractor } from '../../../../src/model/package_files.ts';
import { decodeWeights } from '../../../../src/model/weights.ts';
import { sha256 } from '../../../../src/onnx/sha256.ts';
import { assembleBatch, type Crop, type Dataset } from '../../../../src/train/data/batch.ts';
import { centered, Sampler } from '../../../../src/train/data/sampler.ts';
import { worn } from '../../../../src/train/data/wear.ts';
import { temporaryFolder } from '../../../support/fixtures.ts';
import { gpu } from '../../../support/gpu.ts';
import { CHANNELS, mapper, mapsOf } from '../../../support/mapper.ts';
import { picture, writePicture } from '../../../support/pictures.ts';
import { callIn, logOf } from '../../../support/train_command.ts';

const SIZE = 32;
const CELL = 8;
const RANGE = [-127 / 128, 1] as const;
const quiet = Object.assign(new Progress(), { say: () => undefined, embedding: () => undefined });

const open: MapExtractor[] = [];
const before = gpu.allocatedBytes;
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  expect(gpu.allocatedBytes, 'buffers left behind').toBe(before);
});

test('squares lie on cells, and their features are asked for where they lie, mirrored or not', async () => {
  const [width, height] = [75, 44];
  const whole = picture(3, width, height);
  const asked: (Crop & { mirror: boolean })[] = [];
  const dataset: Dataset = {
    length: 1,
    cell: CELL,
    picture: async () => whole,
    features: async (_, mirror, crop) => {
      asked.push({ ...crop, mirror });
      return [Float32Array.of(crop.top, crop.left)];
    },
  };
  const samples = new Sampler(1, 64, 1).batch(0);
  const { pixels, crops, features } = await assembleBatch(dataset, samples, SIZE);
  expect(asked).toHaveLength(64);
  expect([...features[0]!]).toEqual(asked.flatMap(({ top, left }) => [top, left]));
  expect([...new Set(asked.map(({ top }) => top))].sort()).toEqual([0, 8]);
  expect([...new Set(asked.map(({ left }) => left))].sort((a, b) => a - b)).toEqual([0, 8, 16, 24, 32, 40]);
  const source = new Uint32Array(whole.data.buffer);
  asked.forEach(({ top, left, mirror }, i) => {
    expect([...crops.subarray(i * 4, i * 4 + 3)]).toEqual([0, 0, Number(mirror)]);
    // The kernel mirrors the square: what it shows then are the pixels of the mirrored picture from `left` on.
    for (const [y, x] of [
      [0, 0],
      [5, 31],
      [31, 7],
    ] as const) {
      const shown = pixels[i * SIZE ** 2 + y * SIZE + (mirror ? SIZE - 1 - x : x)];
      const column = mirror ? width - 1 - (left + x) : left + x;
      expect(shown).toBe(source[(top + y) * width + column]);
    }
  });
  asked.length = 0;
  await assembleBatch(dataset, [centered(0)], SIZE);
  expect(asked).toEqual([{ top: 8, left: 24, size: SIZE, mirror: false }]);
});

async function files(root: string, count: number) {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const path = join(root, `${i}.png`);
      await writePicture(path, i, 75, 44);
      return { path, hash: await sha256(await readFile(path)) };
    }),
  );
}

async function cacheIn(root: string) {
  const extractor = await MapExtractor.open(gpu, mapper(), { outputs: ['coarse', 'fine'], scale: 1, range: RANGE });
  open.push(extractor);
  return { extractor, cache: (info = extractor.description) => new MapCache(join(root, 'cache'), info, SIZE) };
}

test('the cache holds the maps of squares of the whole picture and of its mirror image', async () => {
  const root = await temporaryFolder();
  const [file] = (await files(root, 1)) as [{ path: string; hash: string }];
  const { extractor, cache } = await cacheIn(root);
  const info = await cache().measured([file], extractor, quiet);
  const deviations = info.maps.map(({ deviation }) => deviation);
  const decoded = await decodeForTraining(file.path, { shorter: SIZE });
  expect([decoded.width, decoded.height]).toEqual([55, 32]);
  for (const mirror of [false, true]) {
    const codes = Array.from({ length: 32 }, (_, y) => {
      const row = Array.from({ length: 55 }, (_, x) => {
        const [r, g, b] = decoded.data.subarray((y * 55 + x) * 4) as unknown as [number, number, number];
        return 0.299 * r + 0.587 * g + 0.114 * b;
      });
      const shown = mirror ? row.toReversed() : row;
      return [...shown, shown[54]!];
    }).flat();
    const want = mapsOf(stretched(Float32Array.from(codes)), [32, 56], RANGE);
    const squares = await cache(info).get(file, mirror, { top: 0, left: 16, size: SIZE });
    const wanted = [
      { values: want.coarse, stride: 8 },
      { values: want.fine, stride: 4 },
    ];
    squares.forEach((square, i) => {
      const { values, stride } = wanted[i]!;
      const [side, columns] = [SIZE / stride, 56 / stride];
      expect(square.length).toBe(side ** 2 * CHANNELS);
      square.forEach((value, at) => {
        const [cell, c] = [Math.floor(at / CHANNELS), at % CHANNELS];
        const [y, x] = [Math.floor(cell / side), (cell % side) + 16 / stride];
        // float16 has 11 bits.
        const truth = values[(y * columns + x) * CHANNELS + c]! / deviations[i]!;
        expect(Math.abs(value - truth)).toBeLessThan(0.005);
      });
    });
  }
  const [coarse] = await cache(info).get(file, false, { top: 0, left: 0, size: SIZE });
  const mean = coarse!.reduce((sum, value) => sum + value, 0) / coarse!.length;
  const spread = Math.sqrt(coarse!.reduce((sum, value) => sum + (value - mean) ** 2, 0) / coarse!.length);
  expect(spread).toBeGreaterThan(0.5);
  expect(spread).toBeLessThan(2);
});

test('what is computed anew, for pictures of archives, is what the cache holds', async () => {
  const root = await temporaryFolder();
  const [file] = (await files(root, 1)) as [{ path: string; hash: string }];
  const { extractor, cache } = await cacheIn(root);
  const info = await cache().measured([file], extractor, quiet);
  await cache(info).complete([file], extractor, quiet, 2);
  for (const [mirror, view] of [
    [false, 0],
    [true, 0],
    [true, 1],
  ] as const) {
    const crop = { top: 0, left: 8, size: SIZE };
    const kept = await cache(info).get(file, mirror, crop, view);
    const computed = await cache(info).compute(file, mirror, crop, view, extractor);
    kept.forEach((map, i) => {
      const difference = map.map((value, at) => Math.abs(value - computed[i]![at]!));
      expect(Math.max(...difference)).toBeLessThan(0.005); // float16 has 11 bits.
    });
  }
});

test('what is missing is computed once; a damaged file is removed and named', async () => {
  const root = await temporaryFolder();
  const all = await files(root, 3);
  const { extractor, cache } = await cacheIn(root);
  const said: string[] = [];
  const progress = Object.assign(new Progress(), {
    say: (line: string) => said.push(line),
    embedding: () => undefined,
  });
  await cache().complete(all.slice(0, 2), extractor, progress);
  await cache().complete(all, extractor, progress);
  expect(said.map((line) => line.replace(/, in .*/, ''))).toEqual([
    'maps     coarse, fine of 2 pictures and their mirror images: 2 computed',
    'maps     coarse, fine of 3 pictures and their mirror images: 1 computed',
  ]);
  const [folder] = await readdir(join(root, 'cache'));
  const path = join(root, 'cache', folder!, `${all[0]!.hash}.f16`);
  const bytes = await readFile(path);
  bytes[bytes.length - 1]! ^= 1;
  await writeFile(path, bytes);
  const crop = { top: 0, left: 0, size: SIZE };
  await expect(cache().get(all[0]!, false, crop)).rejects.toThrow(
    /got a damaged file, now removed – go on with --resume/,
  );
  await expect(cache().get(all[0]!, false, crop)).rejects.toThrow(/got none – go on with --resume/);
  await cache().complete(all, extractor, quiet);
  await cache().get(all[0]!, false, crop);
  // A map of one picture under another's name.
  await writeFile(path, await readFile(path.replace(all[0]!.hash, all[1]!.hash)));
  await expect(cache().get(all[0]!, false, crop)).rejects.toThrow(/a damaged file/);
});

test('views of a picture that happen to be alike, and repeated pictures, are computed once', async () => {
  const root = await temporaryFolder();
  const all = await files(root, 1);
  const { extractor, cache } = await cacheIn(root);
  const said: string[] = [];
  const progress = Object.assign(new Progress(), {
    say: (line: string) => said.push(line),
    embedding: () => undefined,
  });
  // From 32 to 40 pixels: some of thirty views have the same size.
  await cache().complete([...all, ...all], extractor, progress, 30, all);
  const [folder] = await readdir(join(root, 'cache'));
  const held = await readdir(join(root, 'cache', folder!));
  expect(held.length).toBeLessThanOrEqual(10);
  expect(said).toEqual([expect.stringContaining(`: ${held.length} computed, `)]);
});

test('a worn view: network and extractor are shown the same grain, and what is not worn is as without --wear', async () => {
  const root = await temporaryFolder();
  const all = await files(root, 12);
  const { extractor } = await cacheIn(root);
  const cacheOf = (wear: number) =>
    new MapCache(join(root, 'cache'), extractor.description, SIZE, { film: 0.5, tone: 0.5, wear });
  const [half, none] = [cacheOf(0.5), cacheOf(0)];
  const views = all.map((file) => half.view(file, 1));
  const isWorn = views.map(({ wear }) => wear !== undefined);
  expect(new Set(isWorn)).toEqual(new Set([true, false]));
  expect(half.view(all[0]!, 0).wear).toBeUndefined();
  all.forEach((file, i) => {
    expect(none.view(file, 1)).toEqual({ ...views[i], wear: undefined });
  });
  await none.complete(all, extractor, quiet, 2);
  const said: string[] = [];
  const progress = Object.assign(new Progress(), {
    say: (line: string) => said.push(line),
    embedding: () => undefined,
  });
  await half.complete(all, extractor, progress, 2);
  expect(said).toEqual([expect.stringContaining(`: ${isWorn.filter((is) => is).length} computed, `)]);

  const file = all[isWorn.indexOf(true)]!;
  const { shorter, wear, tone } = half.view(file, 1);
  const seen = worn(await decodeForTraining(file.path, { shorter }), wear!);
  expect(await half.picture(file, 1)).toEqual(seen);
  const twice = new MapCache(root, { ...extractor.description, scale: 2 }, SIZE, { film: 0.5, tone: 0.5, wear: 0.5 });
  const fine = worn(await decodeForTraining(file.path, { shorter: 2 * shorter }), wear!);
  const size = renderSize(fine.width, fine.height, shorter);
  expect(await twice.picture(file, 1)).toEqual(resizePicture(fine, size));
  expect(size.height).toBe(shorter);
  const [coarse] = await half.get(file, false, { top: 0, left: 0, size: SIZE }, 1);
  const grey = renderGrey(withTone(seen, tone), shorter, { multiple: CELL });
  const want = mapsOf(stretched(grey.data), [grey.height, grey.width], RANGE).coarse;
  // float16 has 11 bits.
  const first = want.slice(0, (SIZE / 8) * CHANNELS);
  first.forEach(
    (value, i) => void expect(Math.abs(coarse![i]! - value)).toBeLessThan(2 ** -10 * Math.abs(value) + 1e-3),
  );
});

test('koalarize train with maps: resumed to the bit, a second run starts from the cache', async () => {
  const root = await temporaryFolder();
  const photos = join(root, 'photos');
  for (let i = 0; i < 12; i++) await writePicture(join(photos, `${i}.png`), i, 75, 44);
  const onnx = join(root, 'maps.onnx');
  await writeFile(onnx, mapper());
  const given = ['--size', '32', '--batch', '4', '--micro-batch', '2', '--width-divisor', '16', '--seed', '3'];
  const maps = ['--extractor', onnx, '--maps', 'coarse,fine', '--extractor-scale', '1'];
  const cache = ['--embedding-cache', join(root, 'cache')];
  const run = (name: string, ...more: string[]) =>
    callIn(root, photos, '--out', join(root, name), ...given, ...maps, ...cache, ...more);
  const whole = await run('whole', '--steps', '8', '--lr-decay', 'constant', '--warmup', '0');
  expect(whole.code, whole.err).toBe(0);
  expect(whole.err).toMatch(/maps {5}coarse, fine of \d+ pictures and their mirror images: \d+ computed/);
  const half = await run('half', '--steps', '4', '--lr-decay', 'constant', '--warmup', '0');
  expect(half.err).toMatch(/: 0 computed, 12 from ROOT\/cache/);
  // Also where the maps have gone, and are computed again.
  await rm(join(root, 'cache'), { recursive: true });
  const rest = await callIn(root, '--resume', '--out', join(root, 'half'), '--steps', '8');
  expect(rest.code, rest.err).toBe(0);
  expect(rest.err).toMatch(/: 12 computed/);
  const weights = await Promise.all(['whole', 'half'].map((name) => readFile(join(root, name, 'weights.safetensors'))));
  expect(weights[1]!.equals(weights[0]!)).toBe(true);
  const lossesOf = async (name: string) => (await logOf(join(root, name))).flatMap(({ loss }) => loss ?? []);
  expect(await lossesOf('half')).toEqual(await lossesOf('whole'));
  const { embedding, network, tensors } = decodeWeights(weights[0]!, 'weights');
  expect(embedding).toMatchObject({ kind: 'maps', scale: 1, maps: [{ output: 'coarse' }, { output: 'fine' }] });
  expect(network.maps).toEqual([
    { channels: CHANNELS, stride: 8 },
    { channels: CHANNELS, stride: 4 },
  ]);
  expect(tensors.get('fusion.map0')!.data.some((value) => value !== 0)).toBe(true);

  const refused = async (...argv: string[]) =>
    (await callIn(root, photos, '--out', join(root, 'no'), ...argv)).err.trim();
  expect(await refused(...given, '--size', '20', ...maps)).toMatch(/--size: expected a multiple of 8/);
  expect(await refused(...given, ...maps, '--pad', 'white')).toMatch(
    /--pad: expected none beside feature maps, got white/,
  );
  expect(await refused(...given, '--extractor', 'none', '--maps', 'a')).toMatch(
    /--maps: expected none beside --extractor none, got 'a'/,
  );
  const few = ['--size', '32', '--batch', '4', '--wear', '0.5'];
  expect(await refused(...few, ...maps)).toMatch(/--wear: expected --views 2 or more beside feature maps, got 1/);
  expect(await refused(...few, '--extractor', 'none')).toMatch(
    /--wear: expected an extractor of feature maps, got none/,
  );
  expect(await refused(...few, '--preset', 'paper')).toMatch(/--wear: expected an extractor of feature maps, got none/);
  expect(await refused(...few, '--inception', onnx)).toMatch(/--wear: expected .* feature maps, got one of a vector/);
  expect(await refused(...given, '--maps', 'a,,b')).toMatch(/--maps: expected different names with commas between/);
});

test('shards compute into one cache what a training needs, and it computes nothing', async () => {
  const root = await temporaryFolder();
  const photos = join(root, 'photos');
  for (let i = 0; i < 12; i++) await writePicture(join(photos, `${i}.png`), i, 75, 44);
  const onnx = join(root, 'maps.onnx');
  await writeFile(onnx, mapper());
  const given = ['--size', '32', '--batch', '4', '--width-divisor', '16', '--views', '2', '--tone', '0.5'];
  const maps = ['--extractor', onnx, '--maps', 'coarse,fine', '--extractor-scale', '1'];
  const call = (cache: string, ...more: string[]) =>
    callIn(root, photos, ...given, ...maps, '--embedding-cache', join(root, cache), ...more);
  for (let i = 0; i < 3; i++) {
    const { code, err } = await call('shards', '--shard', `${i}/3`);
    expect(code, err).toBe(0);
    expect(err).toMatch(new RegExp(`found {4}\\d+ pictures in shard ${i}/3; left out: 0 unreadable`));
  }
  const run = ['--out', join(root, 'run'), '--steps', '1'];
  const trained = await call('shards', ...run);
  expect(trained.code, trained.err).toBe(0);
  expect(trained.err.match(/(\d+) computed/g)).toEqual(['0 computed', '0 computed']);
  expect((await call('one', '--out', join(root, 'other'), '--steps', '1')).code).toBe(0);
  const contents = async (cache: string) => {
    const names = (await readdir(join(root, cache), { recursive: true })).filter((name) => name.endsWith('.f16'));
    const files = names.sort().map(async (name) => [name, await sha256(await readFile(join(root, cache, name)))]);
    return Promise.all(files);
  };
  expect(await contents('shards')).toEqual(await contents('one'));

  const refused = async (...argv: string[]) => {
    const { code, err } = await callIn(root, ...argv);
    expect(code).toBe(2);
    return err;
  };
  const cached = ['--embedding-cache', join(root, 'cache')];
  expect(await refused(photos, '--shard', '0/3')).toMatch(/--shard: expected --embedding-cache D beside it/);
  expect(await refused('--resume', '--shard', '0/3')).toMatch(/--shard and --resume: expected one of them, got both/);
  expect(await refused(photos, '--shard', '3/3', ...cached)).toMatch(/--shard: expected I\/N with I from 0/);
  expect(await refused(photos, '--shard', '0/3', ...cached, '--extractor', 'none')).toMatch(
    /--shard: expected a feature extractor, whose maps it computes, got none/,
  );
});

test('without options training takes the extractor of the package, and so does the colorizer with its weights', async () => {
  const root = await temporaryFolder();
  const photos = join(root, 'photos');
  for (let i = 0; i < 4; i++) await writePicture(join(photos, `${i}.png`), i, 48, 40);
  const run = join(root, 'run');
  const small = ['--size', '32', '--batch', '2', '--width-divisor', '16', '--steps', '1'];
  const words = [photos, '--out', run, ...small, '--extractor', fileURLToPath(defaultExtractor())];
  const named = await callIn(root, ...words, '--maps', 'stride8,stride16,stride32', '--extractor-scale', '4');
  expect(named.code, named.err).toBe(0);
  const other = join(root, 'other');
  expect(await train([photos, '--out', other, ...small, '--embedding-cache', join(run, 'embeddings')])).toBe(0);
  const [one, two] = await Promise.all([run, other].map((folder) => readFile(join(folder, 'weights.safetensors'))));
  expect(two!.equals(one!)).toBe(true);
  const colorizer = await Colorizer.load({ gpu, weights: one! });
  const chroma = await colorizer.chroma(picture(1, 48, 40));
  expect(chroma.data.some((value) => value !== 0)).toBe(true);
  const best = await colorizer.chroma(picture(1, 48, 40), { quality: 'best' });
  expect([best.width, best.height]).toEqual([
    Math.ceil(chroma.extent!.width * 1.5),
    Math.ceil(chroma.extent!.height * 1.5),
  ]);
  await expect(colorizer.chroma(picture(1, 48, 40), { quality: 'good' as 'best' })).rejects.toThrow(
    "colorize: expected quality fast or best, got 'good'",
  );
  await colorizer.close();
});
