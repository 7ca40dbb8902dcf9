/** Winograd's algorithm, emitted directly, against the definition of a convolution in float64. */
import { describe, expect, test } from 'vitest';
import type { Algorithm, ConvBuffers } from '../../../../src/kernels/conv/algorithm.ts';
import {
  type ConvActivation,
  type ConvGeometry,
  type ConvOptions,
  ranked,
} from '../../../../src/kernels/conv/index.ts';
import type { Convolution, Direction } from '../../../../src/kernels/conv/task.ts';
import { winogradForward, winogradInputGrad } from '../../../../src/kernels/conv/winograd/forward.ts';
import { winogradWeightGrad } from '../../../../src/kernels/conv/winograd/weight_grad.ts';
import { type DeviceTraits, emitInto } from '../../../../src/kernels/core/emit.ts';
import { type Binding, traitsOf } from '../../../../src/kernels/core/record.ts';
import { conv2d, conv2dInputGrad, conv2dWeightGrad, sizes } from '../../../reference/conv2d.ts';
import { gpu, poisoned, run, upload } from '../../../support/gpu.ts';
import { random } from '../../../support/random.ts';

type Sizes = readonly [batch: number, height: number, width: number, inChannels: number, outChannels: number];
type Pads = readonly [top: number, bottom: number, left: number, right: number];

/** A 3x3 convolution of stride 1; SAME padding unless said. */
function geometry([batch, inHeight, inWidth, inChannels, outChannels]: Sizes, pads: Pads = [1, 1, 1, 1]): ConvGeometry {
  const [padTop, padBottom, padLeft, padRight] = pads;
  return {
    batch,
    inHeight,
    inWidth,
    inChannels,
    outHeight: inHeight + padTop + padBottom - 2,
    outWidth: inWidth + padLeft + padRight - 2,
    outChannels,
    kernelHeight: 3,
    kernelWidth: 3,
    strideY: 1,
    strideX: 1,
    padTop,
    padLeft,
  };
}

const cases: readonly (readonly [string, ConvGeometry])[] = [
  ['one pixel', geometry([1, 1, 1, 4, 4])],
  ['one tile', geometry([1, 4, 4, 4, 8])],
  ['a tile less one', geometry([1, 3, 3, 8, 4])],
  ['a tile and one, two images', geometry([2, 5, 5, 12, 20])],
  ['31 rows of a product', geometry([1, 4, 124, 8, 32])],
  ['33 rows of a product, 36 columns', geometry([3, 4, 44, 36, 36])],
  ['65 rows of a product, 68 columns', geometry([1, 4, 260, 8, 68])],
  ['primes', geometry([3, 13, 17, 20, 28])],
  ['no padding', geometry([2, 9, 6, 16, 16], [0, 0, 0, 0])],
  ['one output without padding', geometry([1, 3, 3, 4, 4], [0, 0, 0, 0])],
  ['asymmetric padding', geometry([1, 5, 6, 4, 12], [2, 0, 0, 3])],
  ['padding wider than the kernel', geometry([1, 2, 3, 4, 4], [4, 5, 3, 4])],
  ['many channels', geometry([1, 6, 7, 512, 12])],
  ['many channels out', geometry([1, 6, 7, 12, 512])],
];

const real = traitsOf(gpu);
/** Falls into ranges of few tiles and sums of parts. */
const little: DeviceTraits = { software: false, subgroupSize: 0, maxStorageBufferBindingSize: 36 * 64 * 512 * 4 };
/** All but the first multiply by the kernel for all devices; each vendor's GPUs have transforms and schedules of their own. */
const devices: readonly (readonly [string, DeviceTraits])[] = [
  ['the device as it is', real],
  ['software without subgroups', { ...real, software: true, subgroupSize: 0 }],
  ['a GPU that can bind little', little],
  ...['intel', 'amd'].map((vendor) => [`a GPU of ${vendor}`, { ...little, vendor }] as const),
];

async function result<D extends Direction>(
  algorithm: Algorithm<D>,
  convolution: Convolution<D>,
  elements: number,
  buffers: (y: GPUBuffer) => ConvBuffers<Binding>[D],
  traits: DeviceTraits = real,
): Promise<Float32Array> {
  expect(algorithm.fits(traits, convolution)).toBe(true);
  const y = poisoned(elements);
  await run((emit) => algorithm.emit({ ...emit, traits }, buffers(y), convolution));
  const values = await gpu.readFloats(y, elements);
  gpu.free(y);
  return values;
}

/** The largest error, as a part of the standard deviation of what was to come. */
function error(got: Float32Array, want: ArrayLike<number>): number {
  expect(got.length).toBe(want.length);
  let squares = 0;
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    squares += want[i]! ** 2;
    const off = Math.abs(got[i]! - want[i]!);
    worst = off <= worst ? worst : off; // NaN is worse than anything
  }
  return worst / Math.sqrt(squares / got.length);
}

/** Measured at 512 channels on lavapipe: 1.3e-5 with tiles of 4x4, 3e-6 with 2x2; the direct algorithm gives 4e-6. */
const TOLERANCE = 3e-5;

const none: ConvOptions = { activation: 'none' };

describe.each(devices)('on %s', (_, traits) => {
  test.each(cases)('%s', async (_, g) => {
    const n = sizes(g);
    const [xs, ws, dys] = [random(n.x, 1), random(n.w, 2), random(n.y, 3)];
    const [x, w, dy] = [upload(xs), upload(ws), upload(dys)];
    const y = conv2d(xs, ws, g);
    for (const algorithm of winogradForward) {
      const convolution = { direction: 'forward', geometry: g, options: none } as const;
      const got = await result(algorithm, convolution, n.y, (y) => ({ x, w, y }), traits);
      expect(error(got, y), algorithm.name).toBeLessThan(TOLERANCE);
    }
    const dx = conv2dInputGrad(dys, ws, g);
    for (const algorithm of winogradInputGrad) {
      const convolution = { direction: 'inputGrad', geometry: g, options: none } as const;
      const got = await result(algorithm, convolution, n.x, (dx) => ({ dy, w, dx }), traits);
      expect(error(got, dx), algorithm.name).toBeLessThan(TOLERANCE);
    }
    const dw = conv2dWeightGrad(xs, dys, g);
    for (const algorithm of winogradWeightGrad) {
      const convolution = { direction: 'weightGrad', geometry: g, options: none } as const;
      const got = await result(algorithm, convolution, n.w, (dw) => ({ x, dy, dw }), traits);
      expect(error(got, dw), algorithm.name).toBeLessThan(TOLERANCE);
    }
  });
});

const activate: Record<ConvActivation, (v: number) => number> = {
  none: (v) => v,
  relu: (v) => Math.max(v, 0),
  relu6: (v) => Math.min(Math.max(v, 0), 6),
  hard_swish: (v) => v * Math.min(Math.max(v / 6 + 0.5, 0), 1),
  tanh: Math.tanh,
};

describe.each(winogradForward)('$name', (algorithm) => {
  test.each([
    ['none', real],
    ['relu', real],
    ['relu6', real],
    ['hard_swish', real],
    ['tanh', real],
    ['relu', { ...real, software: true, subgroupSize: 0 }],
    ['relu', little],
    ['tanh', { ...little, vendor: 'intel' }],
  ] as const)('bias, residual, ranges of channels and %s', async (activation, traits) => {
    const g = geometry([3, 7, 6, 8, 12]);
    const n = sizes(g);
    const [wide, ws, biases, residuals] = [random(3 * 42 * 20, 1), random(n.w, 2), random(36, 3), random(n.y, 4)];
    const xs = random(n.x, 9).map((_, i) => wide[Math.floor(i / 8) * 20 + 4 + (i % 8)]!);
    const [x, w, bias, residual] = [upload(wide), upload(ws), upload(biases), upload(residuals)];
    const sums = conv2d(xs, ws, g);
    for (const biasPerImage of [false, true]) {
      const options = {
        activation,
        biasPerImage,
        inView: { stride: 20, first: 4 },
        outView: { stride: 24, first: 8 },
      };
      const convolution = { direction: 'forward', geometry: g, options } as const;
      const got = await result(algorithm, convolution, n.y * 2, (y) => ({ x, w, bias, residual, y }), traits);
      const inside = got.filter((_, i) => i % 24 >= 8 && i % 24 < 20);
      const want = sums.map((v, i) => {
        const image = biasPerImage ? Math.floor(i / (42 * 12)) : 0;
        return activate[activation](v + biases[image * 12 + (i % 12)]! + residuals[i]!);
      });
      expect(error(inside, want)).toBeLessThan(TOLERANCE);
      expect(got.every((v, i) => (i % 24 >= 8 && i % 24 < 20) !== Number.isNaN(v))).toBe(true);
    }
  });

  test('is the same bit for bit every time', async () => {
    const g = geometry([1, 30, 29, 32, 36]);
    const n = sizes(g);
    const [x, w] = [upload(random(n.x, 1)), upload(random(n.w, 2))];
    const convolution = { direction: 'forward', geometry: g, options: none } as const;
    for (const [, traits] of devices) {
      const once = () => result(algorithm, convolution, n.y, (y) => ({ x, w, y }), traits);
      expect(await once()).toEqual(await once());
    }
  });

  test('declines what it cannot do', () => {
    const g = geometry([1, 8, 8, 8, 8]);
    const can = (change: Partial<ConvGeometry>, options: ConvOptions = none) =>
      algorithm.fits(real, { direction: 'forward', geometry: { ...g, ...change }, options });
    expect(can({})).toBe(true);
    expect(can({ inChannels: 6 })).toBe(false);
    expect(can({ outChannels: 2 })).toBe(false);
    expect(can({ strideY: 2 })).toBe(false);
    expect(can({ kernelWidth: 1 })).toBe(false);
    expect(can({}, { activation: 'none', outView: { stride: 18, first: 0 } })).toBe(false);
    expect(can({}, { activation: 'none', outView: { stride: 20, first: 2 } })).toBe(false);
  });
});

const lavapipe: DeviceTraits = { software: true, subgroupSize: 8, maxStorageBufferBindingSize: 2 ** 27 };
const large: DeviceTraits = { software: false, subgroupSize: 32, maxStorageBufferBindingSize: 2 ** 31 - 4 };

test('takes bounded memory at any batch size', () => {
  for (const traits of [lavapipe, large]) {
    const scratch: number[] = [];
    const emit = emitInto<string>([], traits, (elements) => `${scratch.push(elements * 4)}`);
    const g = geometry([100, 112, 112, 64, 128]);
    const one = { geometry: g, options: none };
    winogradForward[0]!.emit(emit, { x: 'x', w: 'w', y: 'y' }, { ...one, direction: 'forward' });
    winogradInputGrad[0]!.emit(emit, { dy: 'dy', w: 'w', dx: 'dx' }, { ...one, direction: 'inputGrad' });
    winogradWeightGrad[0]!.emit(emit, { x: 'x', dy: 'dy', dw: 'dw' }, { ...one, direction: 'weightGrad' });
    expect(Math.max(...scratch)).toBeLessThanOrEqual(2 ** 27);
  }
});

test('is chosen for layers that are worth its transforms', () => {
  const first = (traits: DeviceTraits, g: ConvGeometry) =>
    (['forward', 'inputGrad', 'weightGrad'] as const).map(
      (direction) => ranked(traits, { direction, geometry: g, options: none })[0]!.name,
    );
  const winograd4 = ['winograd4', 'winograd4', 'winograd4'];
  expect(first(lavapipe, geometry([1, 28, 28, 512, 256]))).toEqual(winograd4);
  expect(first(lavapipe, geometry([1, 35, 35, 48, 64]))).toEqual(winograd4);
  expect(first(large, geometry([32, 28, 28, 512, 512]))).toEqual(winograd4);
  for (const traits of [lavapipe, large]) {
    for (const name of first(traits, geometry([1, 4, 4, 16, 16]))) expect(name).not.toMatch('winograd');
  }
});
