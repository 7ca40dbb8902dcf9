/** Implicit GEMM: every tile in its three directions, emitted directly, against the definition in float64. */
import { describe, expect, test } from 'vitest';
import type { Algorithm, ConvBuffers } from '../../../../src/kernels/conv/algorithm.ts';
import { directForward } from '../../../../src/kernels/conv/direct/index.ts';
import { gemmForward, gemmInputGrad } from '../../../../src/kernels/conv/gemm/forward.ts';
import { gemmWeightGrad } from '../../../../src/kernels/conv/gemm/weight_grad.ts';
import type { ConvGeometry, ConvOptions, ConvView } from '../../../../src/kernels/conv/index.ts';
import type { Convolution, Direction } from '../../../../src/kernels/conv/task.ts';
import type { DeviceTraits } from '../../../../src/kernels/core/emit.ts';
import { type Binding, traitsOf } from '../../../../src/kernels/core/record.ts';
import { expectClose } from '../../../reference/close.ts';
import { conv2d, conv2dInputGrad, conv2dWeightGrad, sizes } from '../../../reference/conv2d.ts';
import { gpu, poisoned, run, upload } from '../../../support/gpu.ts';
import { random } from '../../../support/random.ts';

/** `batch` pictures of `inHeight x inWidth`, padded by `top, bottom, left, right`; 1x1 and stride 1 unless said. */
function geometry(
  batch: number,
  [inHeight, inWidth, inChannels, outChannels]: readonly [number, number, number, number],
  [kernelHeight, kernelWidth]: readonly [number, number] = [1, 1],
  [strideY, strideX]: readonly [number, number] = [1, 1],
  [padTop, padBottom, padLeft, padRight]: readonly [number, number, number, number] = [0, 0, 0, 0],
): ConvGeometry {
  return {
    batch,
    inHeight,
    inWidth,
    inChannels,
    outHeight: Math.floor((inHeight + padTop + padBottom - kernelHeight) / strideY) + 1,
    outWidth: Math.floor((inWidth + padLeft + padRight - kernelWidth) / strideX) + 1,
    outChannels,
    kernelHeight,
    kernelWidth,
    strideY,
    strideX,
    padTop,
    padLeft,
  };
}

const same: readonly [number, number, number, number] = [1, 1, 1, 1];

const cases: readonly (readonly [string, ConvGeometry])[] = [
  ['one of everything', geometry(1, [1, 1, 1, 1])],
  ['32 pixels, 32 channels', geometry(1, [4, 8, 8, 32])],
  ['31 pixels, 31 channels', geometry(1, [1, 31, 5, 31])],
  ['33 pixels, 36 channels, steps and one', geometry(3, [1, 11, 20, 36])],
  ['129 pixels, 132 channels', geometry(1, [3, 43, 12, 132])],
  ['3x3, primes', geometry(3, [5, 7, 13, 17], [3, 3], [1, 1], same)],
  ['3x3 without padding', geometry(2, [6, 7, 16, 16], [3, 3])],
  ['3x3, asymmetric padding', geometry(1, [5, 6, 4, 12], [3, 3], [1, 1], [2, 0, 0, 3])],
  ['3x3, stride 2, even', geometry(2, [8, 8, 16, 20], [3, 3], [2, 2], [0, 1, 0, 1])],
  ['3x3, stride 2, odd', geometry(1, [9, 7, 8, 24], [3, 3], [2, 2], same)],
  ['2x2, stride 3 skips inputs', geometry(1, [10, 11, 5, 16], [2, 2], [3, 3])],
  ['3x3, strides 1 and 2', geometry(1, [6, 9, 4, 16], [3, 3], [1, 2], same)],
  ['1x1, stride 2', geometry(2, [5, 6, 8, 16], [1, 1], [2, 2])],
  ['1x7', geometry(1, [5, 9, 16, 17], [1, 7], [1, 1], [0, 0, 3, 3])],
  ['7x1', geometry(1, [9, 5, 17, 16], [7, 1], [1, 1], [3, 3, 0, 0])],
  ['5x5 of 2 channels', geometry(1, [6, 5, 2, 16], [5, 5], [1, 1], [2, 2, 2, 2])],
  ['3x3 to 2 channels', geometry(2, [9, 8, 32, 2], [3, 3], [1, 1], same)],
  ['a long sum', geometry(1, [3, 5, 132, 68], [3, 3], [1, 1], same)],
  ['many pixels', geometry(2, [67, 41, 4, 12])],
];

const traits = traitsOf(gpu);

/** What a direction reads and writes, and its result in float64. */
function operands(g: ConvGeometry) {
  const n = sizes(g);
  const [xs, ws, dys] = [random(n.x, 1), random(n.w, 2), random(n.y, 3)];
  const [x, w, dy] = [upload(xs), upload(ws), upload(dys)];
  return {
    forward: { read: { x, w }, written: 'y', elements: n.y, want: () => conv2d(xs, ws, g) },
    inputGrad: { read: { dy, w }, written: 'dx', elements: n.x, want: () => conv2dInputGrad(dys, ws, g) },
    weightGrad: { read: { x, dy }, written: 'dw', elements: n.w, want: () => conv2dWeightGrad(xs, dys, g) },
  } as const;
}

async function result<D extends Direction>(
  algorithm: Algorithm<D>,
  convolution: Convolution<D>,
  elements: number,
  buffers: (y: GPUBuffer) => ConvBuffers<Binding>[D],
  device: DeviceTraits = traits,
): Promise<Float32Array> {
  const y = poisoned(elements);
  await run((emit) => algorithm.emit({ ...emit, traits: device }, buffers(y), convolution));
  const values = await gpu.readFloats(y, elements);
  gpu.free(y);
  return values;
}

/** The products in each sum, at most. */
function terms(direction: Direction, g: ConvGeometry): number {
  const taps = g.kernelHeight * g.kernelWidth;
  const pixels = g.batch * g.outHeight * g.outWidth;
  return { forward: taps * g.inChannels, inputGrad: taps * g.outChannels, weightGrad: pixels }[direction];
}

/** Rounding errors are independent: they grow as a random walk over partial sums of at most `count` terms below 1. */
const tolerance = (count: number) => ({ absolute: 2 ** -24 * count ** 1.5 * 2 + 1e-6 });

/** Those of this precision: float16 and matrix units have tests of their own. */
const float32 = ({ name }: { readonly name: string }): boolean => name.startsWith('gemm ');
const algorithms = {
  forward: gemmForward.filter(float32),
  inputGrad: gemmInputGrad.filter(float32),
  weightGrad: gemmWeightGrad.filter(float32),
};

describe.each(['forward', 'inputGrad', 'weightGrad'] as const)('%s', (direction) => {
  test.each(cases)('%s', async (_, g) => {
    const { read, written, elements, want } = operands(g)[direction];
    const expected = want();
    const convolution = { direction, geometry: g, options: { activation: 'none' } } as const;
    const list = algorithms[direction] as readonly Algorithm<Direction>[];
    const fitting = list.filter((each) => each.fits(traits, convolution));
    expect(fitting.length).toBeGreaterThanOrEqual(5);
    for (const algorithm of fitting) {
      const got = await result(algorithm, convolution, elements, (y) => ({ ...read, [written]: y }) as never);
      expectClose(got, expected, tolerance(terms(direction, g)));
    }
  });
});

/** Pixels and channels beyond a tile, channels beyond a step, padding and stride, long sums. */
const some = cases.filter(([name]) => /33 pixels|129 pixels|primes|stride 2, odd|a long sum/.test(name));

describe.each(['amd', 'intel', 'nvidia'])('the schedule for GPUs of %s', (vendor) => {
  const device: DeviceTraits = { ...traits, software: false, vendor };

  test.each(['forward', 'inputGrad', 'weightGrad'] as const)('%s, the bits of every other', async (direction) => {
    for (const [name, g] of some) {
      const { read, written, elements, want } = operands(g)[direction];
      const expected = want();
      const convolution = { direction, geometry: g, options: { activation: 'none' } } as const;
      const list = algorithms[direction] as readonly Algorithm<Direction>[];
      const fitting = list.filter((each) => each.fits(device, convolution));
      expect(fitting.some((each) => / (plain|late|unrolled)\b/.test(each.name))).toBe(true);
      for (const algorithm of fitting) {
        const on = (traits: DeviceTraits) =>
          result(algorithm, convolution, elements, (y) => ({ ...read, [written]: y }) as never, traits);
        const got = await on(device);
        expectClose(got, expected, tolerance(terms(direction, g)));
        expect(got, `${name}, ${algorithm.name}, again`).toEqual(await on(device));
        if (algorithm.fits(traits, convolution)) expect(got, `${name}, ${algorithm.name}`).toEqual(await on(traits));
      }
    }
  });
});

const long = geometry(2, [5, 7, 64, 36], [3, 3], [1, 1], same);
const options: readonly (readonly [string, ConvOptions, ConvGeometry])[] = [
  ['ReLU', { activation: 'relu' }, long],
  ['ReLU6', { activation: 'relu6' }, long],
  ['ReLU6 and odd channels', { activation: 'relu6' }, { ...long, outChannels: 35 }],
  ['hard-swish', { activation: 'hard_swish' }, long],
  ['hard-swish and odd channels', { activation: 'hard_swish' }, { ...long, outChannels: 35 }],
  ['tanh', { activation: 'tanh' }, long],
  ['a bias per image', { activation: 'relu', biasPerImage: true }, long],
  ['odd channels', { activation: 'relu' }, { ...long, outChannels: 35 }],
  ['a range of x', { activation: 'none', inView: { stride: 72, first: 4 } }, long],
  ['a range of y', { activation: 'relu', outView: { stride: 44, first: 8 } }, long],
  ['a range of y that is not aligned', { activation: 'none', outView: { stride: 43, first: 5 } }, long],
];

describe.each(['gemm 32x32', 'gemm 32x32 split', 'gemm 64x128', 'gemm 64x128 split'])('%s with', (name) => {
  const algorithm = algorithms.forward.find((each) => each.name === name)!;

  test.each(options)('bias, residual and %s', async (_, options, g) => {
    const { inView, outView = { stride: g.outChannels, first: 0 } } = options;
    const n = sizes(g);
    const pixels = n.y / g.outChannels;
    const [xs, ws, residuals] = [random(n.x, 1), random(n.w, 2), random(n.y, 3)];
    const biases = random(g.batch * g.outChannels, 4);
    const activate = {
      none: (v: number) => v,
      relu: (v: number) => Math.max(v, 0),
      relu6: (v: number) => Math.min(Math.max(v, 0), 6),
      hard_swish: (v: number) => v * Math.min(Math.max(v / 6 + 0.5, 0), 1),
      tanh: Math.tanh,
    };
    const want = conv2d(xs, ws, g).map((v, i) => {
      const image = options.biasPerImage ? Math.floor((i * g.batch) / n.y) : 0;
      return activate[options.activation](v + biases[image * g.outChannels + (i % g.outChannels)]! + residuals[i]!);
    });
    const [x, w] = [upload(inView ? widened(xs, g.inChannels, inView) : xs), upload(ws)];
    const [bias, residual] = [upload(biases), upload(residuals)];
    const convolution = { direction: 'forward', geometry: g, options } as const;
    expect(algorithm.fits(traits, convolution)).toBe(true);
    const got = await result(algorithm, convolution, pixels * outView.stride, (y) => ({ x, w, bias, residual, y }));
    const inside = got.filter((_, i) => within(i, g.outChannels, outView));
    expectClose(inside, want, tolerance(terms('forward', g)));
    expect(got.filter((_, i) => !within(i, g.outChannels, outView)).every(Number.isNaN)).toBe(true);
  });
});

/** Whether element `i` lies in the range of `channels`. */
function within(i: number, channels: number, { stride, first }: ConvView): boolean {
  return i % stride >= first && i % stride < first + channels;
}

/** `xs` as a range of the channels of something wider, NaNs around it. */
function widened(xs: Float32Array, channels: number, view: ConvView): Float32Array<ArrayBuffer> {
  const values = xs[Symbol.iterator]();
  return Float32Array.from({ length: (xs.length / channels) * view.stride }, (_, i) =>
    within(i, channels, view) ? values.next().value! : Number.NaN,
  );
}

test('split sums are the same bit for bit every time', async () => {
  const n = operands(long);
  for (const [direction, name] of [
    ['forward', 'gemm 32x32 split'],
    ['inputGrad', 'gemm 32x32 split'],
    ['weightGrad', 'gemm 32x32'],
  ] as const) {
    const algorithm = (algorithms[direction] as readonly Algorithm<Direction>[]).find((each) => each.name === name)!;
    const { read, written, elements } = n[direction];
    const convolution = { direction, geometry: long, options: { activation: 'none' } } as const;
    const once = () => result(algorithm, convolution, elements, (y) => ({ ...read, [written]: y }) as never);
    const first = await once();
    expect(await once()).toEqual(first);
  }
});

test('a range of channels that is not aligned does not fit, nor parts past the largest buffer', () => {
  const [plain, split] = ['gemm 32x32', 'gemm 32x32 split'].map(
    (name) => algorithms.forward.find((each) => each.name === name)!,
  );
  const task = (geometry: ConvGeometry, inView?: ConvView): Convolution<'forward'> => ({
    direction: 'forward',
    geometry,
    options: { activation: 'none', ...(inView && { inView }) },
  });
  expect(plain!.fits(traits, task(long, { stride: 72, first: 4 }))).toBe(true);
  expect(plain!.fits(traits, task(long, { stride: 72, first: 2 }))).toBe(false);
  const [odd, aligned] = [geometry(1, [512, 512, 64, 62]), geometry(1, [512, 512, 64, 60])];
  const small = { ...traits, maxStorageBufferBindingSize: 2 ** 26 - 4 };
  expect(plain!.fits(small, task(aligned))).toBe(true);
  expect(plain!.fits(small, task(odd))).toBe(false);
  expect(split!.fits(traits, task(aligned))).toBe(false); // tiles enough without
});

/** The first of the direct algorithm and of those here, by what they say they cost. */
function cheapest(device: DeviceTraits, geometry: ConvGeometry): string {
  const task = { direction: 'forward', geometry, options: { activation: 'none' } } as const;
  const all = [directForward, ...algorithms.forward].filter((each) => each.fits(device, task));
  const costs = all.map((each) => each.cost(device, task));
  return all[costs.indexOf(Math.min(...costs))]!.name;
}

test('a GPU gets large tiles for large grids, parts for few tiles, and the direct algorithm for tiny ones', () => {
  const device: DeviceTraits = { software: false, subgroupSize: 32, maxStorageBufferBindingSize: 2 ** 31 - 4 };
  expect(cheapest(device, geometry(100, [112, 112, 64, 128], [3, 3], [1, 1], same))).toBe('gemm 128x128');
  expect(cheapest(device, geometry(100, [112, 112, 32, 64], [3, 3], [1, 1], same))).toBe('gemm 128x64');
  expect(cheapest(device, geometry(1, [8, 8, 2080, 192]))).toMatch(/^gemm .* split$/);
  expect(cheapest(device, geometry(1, [1, 1, 8, 16]))).toBe('direct');
});

test('tiles are as fast as their vendor compiles them: one of 8x8 sums a thread for many channels, for few by vendor', () => {
  const device: DeviceTraits = { software: false, subgroupSize: 32, maxStorageBufferBindingSize: 2 ** 31 - 4 };
  const best = (channels: number) => {
    const large = geometry(100, [112, 112, 64, channels], [3, 3], [1, 1], same);
    return ['nvidia', 'amd', 'intel'].map((vendor) => cheapest({ ...device, vendor }, large));
  };
  expect(best(128)).toEqual(['gemm 128x128', 'gemm 128x128', 'gemm 128x128']);
  expect(best(64)).toEqual(['gemm 128x64', 'gemm 64x64', 'gemm 64x64']);
});

test('a CPU gets the direct algorithm', () => {
  const device: DeviceTraits = { software: true, subgroupSize: 8, maxStorageBufferBindingSize: 2 ** 27 };
  for (const [, g] of cases) expect(cheapest(device, g)).toBe('direct');
});
