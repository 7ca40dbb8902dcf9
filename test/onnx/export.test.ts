/** The colorizer as ONNX: ONNX Runtime's CPU provider computes what our network does, at sizes that the file leaves open. */
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/graph/compile.ts';
import { glorotUniform } from '../../src/graph/initializers.ts';
import { reachable, sizeOf } from '../../src/graph/node.ts';
import { input, parameter } from '../../src/graph/ops/core/input.ts';
import { relu } from '../../src/graph/ops/elementwise/relu.ts';
import { unary } from '../../src/graph/ops/elementwise/unary.ts';
import { reshape } from '../../src/graph/ops/movement/reshape.ts';
import { ParameterLayout, ParameterSlab } from '../../src/graph/parameters.ts';
import { greyToNetwork } from '../../src/image/color/lab.ts';
import { exportColorizer, exportWhole } from '../../src/model/export/index.ts';
import { layoutOf } from '../../src/model/layout.ts';
import { MapExtractor } from '../../src/model/maps.ts';
import { colorizationNetwork, featureShapes, type NetworkConfig } from '../../src/model/network.ts';
import { decodeWeights, type Weights, weightsMetadata } from '../../src/model/weights.ts';
import { encodeOnnx, type OnnxExport } from '../../src/onnx/export/encode.ts';
import { loadOnnx } from '../../src/onnx/load.ts';
import { gpu } from '../support/gpu.ts';
import { mapper, weightsFor } from '../support/mapper.ts';
import { random } from '../support/random.ts';

/** Random weights with biases, strong enough to color. */
function seededWeights(network: NetworkConfig): Weights {
  const e = network.embeddingWidth;
  const tensors = new Map(
    [...glorotUniform(layoutOf(network), 7)].map(([name, { shape, data }], i) => {
      const values = name.endsWith('.bias') ? random(data.length, 50 + i).map((v) => v / 10) : data;
      return [
        name,
        { shape, data: values.map((v) => v * (name === 'dec5.weight' ? 3 : name === 'classes.weight' ? 20 : 1)) },
      ];
    }),
  );
  const common = { sha256: 'ab'.repeat(32), range: [-1, 1] } as const;
  const maps = network.maps?.map(({ channels, stride }) => {
    return { output: `map of ${stride}`, channels, stride: 2 * stride, deviation: 1.5 };
  });
  const embedding = maps
    ? ({ ...common, kind: 'maps', scale: 2, maps } as const)
    : e
      ? ({ ...common, kind: 'logits', output: 'logits', size: 299, width: e } as const)
      : undefined;
  const info = { network, lightness: 'luma', embedding } as const;
  return { ...info, size: 64, tensors, metadata: weightsMetadata(info) };
}

const shipped = new URL('../../weights/koalarize.safetensors', import.meta.url);
const cases: [string, Weights][] = [
  ['the shipped weights', decodeWeights(readFileSync(shipped), 'shipped')],
  ['a narrow network with an embedding', seededWeights({ widthDivisor: 8, embeddingWidth: 21 })],
  [
    'maps at the fusion layer and in the decoder',
    seededWeights({
      widthDivisor: 8,
      embeddingWidth: 0,
      maps: [
        { channels: 12, stride: 8 },
        { channels: 20, stride: 16 },
        { channels: 8, stride: 4 },
        { channels: 4, stride: 2 },
      ],
    }),
  ],
  ['classes of color', seededWeights({ widthDivisor: 8, embeddingWidth: 0, temperature: 0.2 })],
];

interface Feeds {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly lightness: Float32Array<ArrayBuffer>;
  /** [N, h, w, C] each. */
  readonly features: readonly Float32Array<ArrayBuffer>[];
}

/** [N, H, W, 2] */
async function ours({ network, tensors }: Weights, { batch, height, width, lightness, features }: Feeds) {
  const shapes = featureShapes(network, [batch, height, width]);
  const inputs = shapes.map((shape, i) => input(`feature${i}`, shape));
  const chroma = colorizationNetwork(network, input('lightness', [batch, height, width, 1]), ...inputs);
  const slab = new ParameterSlab(gpu, 'weights', new ParameterLayout(reachable([chroma])));
  slab.write(tensors);
  const executable = await compile(gpu, { label: 'colorizer', outputs: { chroma }, parameters: slab });
  executable.feed('lightness', lightness);
  features.forEach((feature, i) => {
    executable.feed(`feature${i}`, feature);
  });
  executable.run();
  const answer = await executable.read('chroma');
  executable.close();
  slab.close();
  return answer;
}

/** The largest difference of a* or b* between [N, H, W, 2] and [N, 2, H, W]; and the largest a* or b*. */
function compare(nhwc: Float32Array, nchw: Float32Array, pixels: number) {
  let [difference, largest] = [0, 0];
  expect(nchw).toHaveLength(nhwc.length);
  nhwc.forEach((value, i) => {
    const [image, pixel, channel] = [Math.floor(i / (2 * pixels)), (i >> 1) % pixels, i & 1];
    const other = nchw[(2 * image + channel) * pixels + pixel]!;
    difference = Math.max(difference, Number.isNaN(other) ? Number.POSITIVE_INFINITY : Math.abs(value - other));
    largest = Math.max(largest, Math.abs(value));
  });
  return { difference: difference * 127, largest: largest * 127 };
}

describe.each(cases)('%s', (_, weights) => {
  const file = exportColorizer(weights);
  const sizes: [batch: number, height: number, width: number][] = [
    [1, 64, 64],
    weights.network.maps ? [2, 48, 80] : [2, 40, 72],
  ];
  const feedsOf = ([batch, height, width]: (typeof sizes)[number]): Feeds => ({
    batch,
    height,
    width,
    lightness: skies(batch, height, width),
    features: featureShapes(weights.network, [batch, height, width]).map((shape, i) =>
      random(sizeOf(shape), 4 + i).map((v) => (weights.network.maps ? v / 4 : v)),
    ),
  });
  /** As the file takes them: [N, E], or [N, C, h, w]. */
  const fileFeatures = ({ batch, height, width, features }: Feeds) =>
    featureShapes(weights.network, [batch, height, width]).map(([n, h, w, c], i) => {
      const { embedding } = weights;
      if (embedding?.kind !== 'maps') return { name: 'embedding', data: features[i]!, shape: [n!, c!] };
      const data = Float32Array.from({ length: n! * h! * w! * c! }, (_, at) => {
        const [pixel, channel, image] = [
          at % (h! * w!),
          Math.floor(at / (h! * w!)) % c!,
          Math.floor(at / (h! * w! * c!)),
        ];
        return features[i]![(image * h! * w! + pixel) * c! + channel]!;
      });
      return { name: embedding.maps[i]!.output, data, shape: [n!, c!, h!, w!] };
    });

  test.each(sizes)('ONNX Runtime: the same a* and b*, batch %i, %i x %i', async (...size) => {
    const session = await InferenceSession.create(file, { executionProviders: ['cpu'] });
    const feeds = feedsOf(size);
    const { batch, height, width, lightness } = feeds;
    const answer = await session.run({
      lightness: new Tensor('float32', lightness, [batch, 1, height, width]),
      ...Object.fromEntries(
        fileFeatures(feeds).map(({ name, data, shape }) => [name, new Tensor('float32', data, shape)]),
      ),
    });
    await session.release();
    expect(answer.chroma!.dims).toEqual([batch, 2, height, width]);
    const { difference, largest } = compare(
      await ours(weights, feeds),
      answer.chroma!.data as Float32Array,
      height * width,
    );
    expect(largest).toBeGreaterThan(5);
    expect(difference).toBeLessThan(1e-4);
  });

  test('our own importer reads it back to the same a* and b*', async () => {
    const model = await loadOnnx(gpu, file);
    const feeds = feedsOf(sizes[1]!);
    const { batch, height, width, lightness } = feeds;
    expect(model.file).toMatchObject({ irVersion: 8, opset: 17, producer: 'koalarize' });
    const answer = await model.run({
      lightness: { data: lightness, shape: [batch, 1, height, width] },
      ...Object.fromEntries(fileFeatures(feeds).map(({ name, data, shape }) => [name, { data, shape }])),
    });
    model.close();
    expect(answer.chroma!.shape).toEqual([batch, 2, height, width]);
    expect(compare(await ours(weights, feeds), answer.chroma!.data, height * width).difference).toBeLessThan(1e-4);
  });
});

describe('what cannot be exported', () => {
  const { network, tensors, ...rest } = seededWeights({ widthDivisor: 32, embeddingWidth: 0 });
  const x = input('x', [1, 8, 8, 4]);
  const base: Omit<OnnxExport, 'outputs'> = {
    name: 'test',
    description: '',
    weights: new Map(),
    dimensions: { x: ['N', 4, 'H', 'W'], y: ['N', 4, 'H', 'W'] },
    metadata: {},
  };

  test('weights that are missing, of another shape, or not finite', () => {
    const bias = tensors.get('enc1.bias')!;
    const withBias = (other: typeof bias | undefined) => {
      const changed = new Map(tensors);
      if (other) changed.set('enc1.bias', other);
      else changed.delete('enc1.bias');
      return () => exportColorizer({ network, tensors: changed, ...rest });
    };
    expect(withBias(undefined)).toThrow("weights: expected 'enc1.bias' of shape [2], got none");
    expect(withBias({ shape: [3], data: new Float32Array(3) })).toThrow('of shape [2], got [3]');
    expect(withBias({ shape: [2], data: Float32Array.of(1, Number.NaN) })).toThrow("finite numbers in 'enc1.bias'");
  });

  test('ops without a form for every size, and dimensions that are not the graph’s', () => {
    expect(() => encodeOnnx({ ...base, outputs: { y: unary('exp', x) } })).toThrow("got 'unary'");
    expect(() => encodeOnnx({ ...base, outputs: { y: reshape(x, [1, 4, 4, 16]) } })).toThrow('[N, C] to [N, 1, 1, C]');
    expect(() => encodeOnnx({ ...base, dimensions: { x: [1, 3, 8, 8] }, outputs: { y: relu(x) } })).toThrow("of 'x'");
    expect(() => encodeOnnx({ ...base, outputs: { y: parameter('w', [1, 8, 8, 4]) } })).toThrow("got 'parameter'");
  });
});

/** Bright above, dark below, with noise: what networks answer to with colors. [batch, height, width] in −1…1 */
function skies(batch: number, height: number, width: number): Float32Array<ArrayBuffer> {
  const noise = random(batch * height * width, 3);
  const row = (i: number) => Math.floor(i / width) % height;
  return noise.map((value, i) => 0.8 - (1.6 * row(i)) / height + 0.2 * value);
}

test('extractor and network as one file: the luma in, the same a* and b* as ours out', async () => {
  const extractor = mapper();
  const options = { outputs: ['coarse', 'fine'], scale: 2, range: [-1, 2] } as const;
  const maps = await MapExtractor.open(gpu, extractor, options);
  const embedding = {
    ...maps.description,
    maps: maps.description.maps.map((map, i) => ({ ...map, deviation: 0.5 + i })),
  };
  const weights = decodeWeights(weightsFor(embedding, 0.5), 'weights');
  const session = await InferenceSession.create(exportWhole(weights, extractor, 'maps.onnx'));
  for (const [batch, height, width] of [
    [1, 32, 48],
    [2, 16, 24],
  ] as const) {
    // Every code from black to white, so that both curves of L* are met on both sides of their knees.
    const size = 4 * height * width;
    const planes = Array.from({ length: batch }, (_, n) => ({
      data: Float32Array.from({ length: size }, (_, i) => (i * (n ? 37 : 1)) % 256),
      width: 2 * width,
      height: 2 * height,
    }));
    const grey = new Float32Array(planes.flatMap(({ data }) => [...data]));
    const answer = await session.run({ grey: new Tensor('float32', grey, [batch, 1, 2 * height, 2 * width]) });
    const means = grey.filter((_, i) => i % 2 === 0 && Math.floor(i / (2 * width)) % 2 === 0);
    means.forEach((_, i) => {
      const [x, row] = [2 * (i % width), 2 * Math.floor(i / width) * 2 * width];
      means[i] =
        (grey[row + x]! + grey[row + x + 1]! + grey[row + 2 * width + x]! + grey[row + 2 * width + x + 1]!) / 4;
    });
    const extracted = await maps.extract(planes);
    const features = extracted.map((map, i) => map.map((value) => value / embedding.maps[i]!.deviation));
    const want = await ours(weights, {
      batch,
      height,
      width,
      lightness: greyToNetwork(means) as Float32Array<ArrayBuffer>,
      features: features as Float32Array<ArrayBuffer>[],
    });
    expect(answer.chroma!.dims).toEqual([batch, 2, height, width]);
    const { difference, largest } = compare(want, answer.chroma!.data as Float32Array, height * width);
    expect(largest).toBeGreaterThan(1);
    expect(difference).toBeLessThan(1e-4);
  }
  await session.release();
  await maps.close();
  expect(() => exportWhole(weights, mapper(undefined, 16), 'maps.onnx')).toThrow('maps.onnx: expected opset 17');
});
