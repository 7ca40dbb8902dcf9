/** Feature maps: what an extractor answers, where its maps join the network, and that both lie on the same pixels. */
import { afterEach, describe, expect, test } from 'vitest';
import { encodeSafetensors } from '../../src/formats/safetensors.ts';
import { compile } from '../../src/graph/compile.ts';
import { glorotUniform } from '../../src/graph/initializers.ts';
import { sizeOf } from '../../src/graph/node.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { ParameterSlab } from '../../src/graph/parameters.ts';
import { renderGrey } from '../../src/image/raster/render.ts';
import { resizePlane } from '../../src/image/raster/resize.ts';
import { stretched } from '../../src/image/raster/stretch.ts';
import { Colorizer } from '../../src/model/colorizer.ts';
import { decodeEmbedding, embeddingMetadata, type MapsInfo } from '../../src/model/embedding.ts';
import { initialWeights } from '../../src/model/initial_weights.ts';
import { layoutOf } from '../../src/model/layout.ts';
import { MapExtractor } from '../../src/model/maps.ts';
import { colorizationNetwork, featureShapes, type NetworkConfig, sizeMultiple } from '../../src/model/network.ts';
import { decodeWeights, weightsMetadata } from '../../src/model/weights.ts';
import { FormatError, ShapeError } from '../../src/runtime/errors.ts';
import { expectClose } from '../reference/close.ts';
import { gpu } from '../support/gpu.ts';
import { CHANNELS, mapper, mapsOf, weightsFor } from '../support/mapper.ts';
import { random } from '../support/random.ts';

const RANGE = [-1, 3] as const;
const OPTIONS = { outputs: ['coarse', 'fine'], scale: 2, range: RANGE };

const before = gpu.allocatedBytes;
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  expect(gpu.allocatedBytes, 'buffers left behind').toBe(before);
});

async function extractorOf(options = OPTIONS, trained?: MapsInfo): Promise<MapExtractor> {
  const extractor = await MapExtractor.open(gpu, mapper(), options, trained);
  open.push(extractor);
  return extractor;
}

const plane = (seed: number, height: number, width: number) => ({
  data: random(height * width, seed).map((v) => 127 + 100 * v),
  height,
  width,
});

describe('the extractor', () => {
  test('finds channels and strides, and answers as the definition says, at any size', async () => {
    const extractor = await extractorOf();
    expect(extractor.description).toMatchObject({
      kind: 'maps',
      scale: 2,
      range: RANGE,
      maps: [
        { output: 'coarse', channels: CHANNELS, stride: 8, deviation: 1 },
        { output: 'fine', channels: CHANNELS, stride: 4, deviation: 1 },
      ],
    });
    for (const [height, width] of [
      [16, 24],
      [40, 8],
    ] as const) {
      const planes = [plane(1, height, width), plane(2, height, width)];
      const [coarse, fine] = await extractor.extract(planes);
      const want = planes.map(({ data }) => mapsOf(stretched(data), [height, width], RANGE));
      const close = { absolute: 1e-5, relative: 1e-5 };
      expectClose(
        coarse!,
        want.flatMap((each) => each.coarse),
        close,
      );
      expectClose(
        fine!,
        want.flatMap((each) => each.fine),
        close,
      );
    }
  });

  test('says what does not fit', async () => {
    const extractor = await extractorOf();
    await expect(extractor.extract([plane(1, 16, 20)])).rejects.toThrow(ShapeError);
    await expect(extractor.extract([plane(1, 16, 24), plane(1, 24, 16)])).rejects.toThrow(/one size, got several/);
    const opening = (outputs: string[], scale = 2, file = mapper()) =>
      MapExtractor.open(gpu, file, { outputs, scale, range: RANGE });
    await expect(opening(['mean'])).rejects.toThrow(/expected 'mean' as a map .* got \[1, 1, 1, 3\] for 256 x 512/);
    await expect(opening(['fine'], 4)).rejects.toThrow(
      /maps of stride 8 or more at a scale of 4, got 'fine' of stride 4/,
    );
    await expect(opening(['fine'], 2, mapper([64, 48]))).rejects.toThrow(
      /of any size or square, got picture \[N, 3, 64, 48\]/,
    );
    await expect(opening(['nothing'])).rejects.toThrow(FormatError);
    const info = { ...extractor.description, sha256: 'ab'.repeat(32) };
    await expect(extractorOf(OPTIONS, info)).rejects.toThrow(/expected the extractor of the training \(SHA-256 abab/);
  });

  test('one that takes squares of one size sees the plane squeezed, and its maps are spread over it again', async () => {
    const size = 24;
    const extractor = await MapExtractor.open(gpu, mapper([size, size]), { outputs: ['fine', 'coarse'], scale: 1 });
    open.push(extractor);
    expect(extractor.description).toMatchObject({ size, range: [-1, 1], maps: [{ stride: 4 }, { stride: 8 }] });
    expect(decodeEmbedding(embeddingMetadata(extractor.description), 'w')).toEqual(extractor.description);
    const [height, width] = [32, 48];
    const whole = plane(3, height, width);
    const small = resizePlane({ ...whole, data: stretched(whole.data) }, { width: size, height: size });
    const want = mapsOf(small.data, [size, size], [-1, 1]);
    const [fine, coarse] = await extractor.extract([whole, whole]);
    for (const [got, map, stride] of [
      [fine!, want.fine, 4],
      [coarse!, want.coarse, 8],
    ] as const) {
      const [rows, columns, cells] = [height / stride, width / stride, size / stride];
      const spread = Array.from({ length: rows * columns * CHANNELS }, (_, i) => {
        const [cell, c] = [Math.floor(i / CHANNELS), i % CHANNELS];
        const [y, x] = [Math.floor(cell / columns), cell % columns];
        const from = Math.floor(((y + 0.5) * cells) / rows) * cells + Math.floor(((x + 0.5) * cells) / columns);
        return map[from * CHANNELS + c]!;
      });
      expectClose(got, [...spread, ...spread], { absolute: 1e-4, relative: 1e-4 });
    }
    const other = { outputs: ['fine'], scale: 1, size: 32 };
    await expect(MapExtractor.open(gpu, mapper([size, size]), other)).rejects.toThrow(
      'expected the size that it declares, 24, got 32',
    );
    await expect(MapExtractor.open(gpu, mapper([size, size]), { outputs: ['mean'], scale: 1 })).rejects.toThrow(
      /as a map with several cells, got \[1, 1, 1, 3\] for 24 x 24/,
    );
  });

  test('is described in the metadata of weights', () => {
    const info: MapsInfo = {
      kind: 'maps',
      maps: [{ output: 'a/b:c,"d"', channels: 40, stride: 16, deviation: 2.625 }],
      sha256: 'ab'.repeat(32),
      scale: 2,
      range: [-127 / 128, 1],
    };
    expect(decodeEmbedding(embeddingMetadata(info), 'w')).toEqual(info);
    for (const maps of ['', '[]', '[1]', '[["a",4,16,0]]', '[["a",4,1.5,1]]', '[["",4,16,1]]', '{"a":1}']) {
      const metadata = { ...embeddingMetadata(info), embedding_maps: maps };
      expect(() => decodeEmbedding(metadata, 'w'), maps).toThrow(/w: expected embedding_maps as a list/);
    }
  });
});

describe('the network', () => {
  const maps = [
    { channels: 5, stride: 16 },
    { channels: 6, stride: 8 },
    { channels: 7, stride: 4 },
    { channels: 2, stride: 2 },
  ];
  const config: NetworkConfig = { widthDivisor: 8, embeddingWidth: 0, maps };

  async function run(network: NetworkConfig, zeroed: readonly number[] = [], init = glorotUniform) {
    const [height, width] = [32, 48];
    const shapes = featureShapes(network, [2, height, width]);
    const nodes = shapes.map((shape, i) => input(`f${i}`, shape));
    const chroma = colorizationNetwork(network, input('x', [2, height, width, 1]), ...nodes);
    const slab = new ParameterSlab(gpu, 'weights', layoutOf(network));
    slab.write(init(slab.layout, 3));
    const executable = await compile(gpu, { label: 'test', outputs: { chroma }, parameters: slab });
    executable.feed('x', random(2 * height * width, 1));
    shapes.forEach((shape, i) => {
      executable.feed(`f${i}`, zeroed.includes(i) ? new Float32Array(sizeOf(shape)) : random(sizeOf(shape), 10 + i));
    });
    executable.run();
    const answer = await executable.read('chroma');
    executable.close();
    slab.close();
    return answer;
  }

  test('each map has a product of its own, at the layer whose grid it fits', async () => {
    const names = [...layoutOf(config).slots.keys()].filter((name) => name.includes('.map'));
    expect(names.sort()).toEqual(['dec2.map2', 'dec4.map3', 'fusion.map0', 'fusion.map1']);
    const whole = await run(config);
    for (let i = 0; i < maps.length; i++) {
      const other = await run(config, [i]);
      const difference = Math.max(...whole.map((value, at) => Math.abs(value - other[at]!)));
      expect(difference, `map ${i}`).toBeGreaterThan(1e-4);
    }
  });

  test('a network that has just begun pays maps no attention', async () => {
    expect(await run(config, [], initialWeights)).toEqual(await run(config, [0, 1, 2, 3], initialWeights));
  });

  test('a coarse map is repeated over the cells that it covers', async () => {
    const only = (stride: number): NetworkConfig => ({ ...config, maps: [{ channels: 4, stride }] });
    const [height, width] = [32, 32];
    const coarse = random(4, 7);
    const answers = await Promise.all(
      [32, 8].map(async (stride) => {
        const network = only(stride);
        const [shape] = featureShapes(network, [1, height, width]);
        const chroma = colorizationNetwork(network, input('x', [1, height, width, 1]), input('map', shape!));
        const slab = new ParameterSlab(gpu, 'weights', layoutOf(network));
        slab.write(glorotUniform(slab.layout, 3));
        const executable = await compile(gpu, { label: 'test', outputs: { chroma }, parameters: slab });
        executable.feed('x', random(height * width, 1));
        executable.feed(
          'map',
          Float32Array.from({ length: sizeOf(shape!) }, (_, i) => coarse[i % 4]!),
        );
        executable.run();
        const answer = await executable.read('chroma');
        executable.close();
        slab.close();
        return answer;
      }),
    );
    expectClose(answers[0]!, answers[1]!, { absolute: 1e-5, relative: 1e-5 });
  });

  test('says what does not fit', () => {
    const build = (network: NetworkConfig, [height, width]: [number, number], shapes: number[][]) =>
      colorizationNetwork(
        network,
        input('x', [1, height, width, 1]),
        ...shapes.map((shape, i) => input(`f${i}`, shape)),
      );
    expect(sizeMultiple(config)).toBe(16);
    expect(() => build(config, [24, 32], [])).toThrow('expected multiples of 16, got 24 x 32');
    expect(() => build(config, [32, 48], [[1, 2, 3, 5]])).toThrow(
      'expected features of shape [1, 2, 3, 5], [1, 4, 6, 6], [1, 8, 12, 7], [1, 16, 24, 2], got [1, 2, 3, 5]',
    );
    // A transposed height and width.
    const one = { ...config, maps: [maps[1]!] };
    expect(() => build(one, [32, 48], [[1, 6, 4, 6]])).toThrow('got [1, 6, 4, 6]');
    expect(() => build({ ...config, maps: [{ channels: 1, stride: 12 }] }, [24, 24], [])).toThrow('power of 2');
    const classes = { ...config, temperature: 0.5 };
    expect(() => build(classes, [32, 32], [])).toThrow('maps of stride 4 or more beside classes of color, got 2');
  });
});

describe('colors', () => {
  const shifted = (by: number) => {
    const [width, height] = [192, 128];
    const data = new Uint8ClampedArray(width * height * 4).fill(255);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        // A soft texture that is blank far from its middle, so that nothing enters or leaves at the borders.
        const u = x - by - width / 2 + 16;
        const v = y - height / 2;
        const grey = 128 + 100 * Math.exp(-(u * u + v * v) / 900) * Math.sin(u / 5) * Math.cos(v / 7);
        data.fill(grey, (y * width + x) * 4, (y * width + x) * 4 + 3);
      }
    }
    return { data, width, height };
  };

  test('a shifted picture gives shifted colors: maps, network and picture lie on the same pixels', async () => {
    const extractor = await extractorOf();
    const { description } = extractor;
    const colorizer = await Colorizer.load({ gpu, weights: weightsFor(description), extractor: mapper() });
    open.push(colorizer);
    // 32 pixels of the picture are 8 of the network, a whole cell of every layer and map.
    const raw = { smoothing: 0 };
    const [one, two] = [await colorizer.chroma(shifted(0), raw), await colorizer.chroma(shifted(32), raw)];
    const by = 4;
    let [largest, difference] = [0, 0];
    for (let y = 4; y < one.height - 4; y++) {
      for (let x = 4; x < one.width - by - 4; x++) {
        for (let c = 0; c < 2; c++) {
          const a = one.data[(y * one.width + x) * 2 + c]!;
          const b = two.data[(y * two.width + x + by) * 2 + c]!;
          difference = Math.max(difference, Math.abs(a - b));
          largest = Math.max(largest, Math.abs(a));
        }
      }
    }
    expect(largest).toBeGreaterThan(3);
    expect(difference / largest).toBeLessThan(0.02);
  });

  test('the network and the extractor see the same grey, padded alike, of any size', () => {
    const picture = { data: random(90 * 61, 3).map((v) => 128 + 100 * v), width: 90, height: 61 };
    const bytes = { ...picture, data: Uint8ClampedArray.from(picture.data) };
    for (const mirror of [false, true]) {
      const { data, width, height, extent, fine } = renderGrey(bytes, 32, { multiple: 16, scale: 2, mirror });
      expect([width, height, fine.width, fine.height]).toEqual([48, 32, 96, 64]);
      expect(extent).toEqual({ width: 47, height: 32 });
      const means = Float32Array.from({ length: width * height }, (_, i) => {
        const at = (dy: number, dx: number) => fine.data[(2 * Math.floor(i / width) + dy) * 96 + 2 * (i % width) + dx]!;
        return (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4;
      });
      expectClose(data, means, { absolute: 1e-4, relative: 1e-6 });
      expect(fine.data[95]).toBe(fine.data[93]);
    }
    const [plain, mirrored] = [false, true].map((mirror) => renderGrey(bytes, 32, { multiple: 16, scale: 2, mirror }));
    expect(mirrored!.fine.data[0]).toBe(plain!.fine.data[93]);
    expect(mirrored!.fine.data[93]).toBe(plain!.fine.data[0]);
  });

  test('weights with maps refuse another file', async () => {
    const { description } = await extractorOf();
    const weights = weightsFor({ ...description, sha256: 'cd'.repeat(32) });
    await expect(Colorizer.load({ gpu, weights, extractor: mapper() })).rejects.toThrow(
      /expected the extractor of the training \(SHA-256 cdcd/,
    );
  });
});

test('a short encoder leaves out three layers, and is told in the metadata', () => {
  const network = { widthDivisor: 8, embeddingWidth: 0, encoder: 'short' } as const;
  const names = [...layoutOf(network).slots.keys()];
  expect(names.filter((name) => /^enc\d\.weight$/.test(name))).toEqual([1, 2, 3, 4, 5].map((i) => `enc${i}.weight`));
  const metadata = weightsMetadata({ network, lightness: 'luma' });
  const decode = (more: Record<string, string>) =>
    decodeWeights(encodeSafetensors({ tensors: new Map(), metadata: { ...metadata, ...more } }), 'w').network;
  expect(decode({})).toEqual(network);
  expect(decode({ encoder: 'paper' })).toEqual({ widthDivisor: 8, embeddingWidth: 0 });
  expect(() => decode({ encoder: 'long' })).toThrow("w: expected encoder paper or short, got 'long'");
});
