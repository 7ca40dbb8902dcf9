import { describe, expect, test } from 'vitest';
import { directForward, directInputGrad, directWeightGrad } from '../../../src/kernels/conv/direct/index.ts';
import {
  type ConvActivation,
  type ConvGeometry,
  emitConv2d,
  emitConv2dWeightGrad,
} from '../../../src/kernels/conv/index.ts';
import type { Convolution, Direction } from '../../../src/kernels/conv/task.ts';
import type { DeviceTraits, Emit } from '../../../src/kernels/core/emit.ts';
import type { Binding } from '../../../src/kernels/core/record.ts';
import { conv2d, conv2dInputGrad, conv2dWeightGrad, sizes } from '../../reference/conv2d.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

type Size = readonly [height: number, width: number, channels: number];

/** A convolution of stride `s` on a picture of size `x`; TensorFlow's SAME padding unless `pad` gives all four sides. */
function geometry(
  batch: number,
  [inHeight, inWidth, inChannels]: Size,
  outChannels: number,
  [kernelHeight, kernelWidth]: readonly [number, number],
  [strideY, strideX]: readonly [number, number] = [1, 1],
  pad?: readonly [top: number, bottom: number, left: number, right: number],
): ConvGeometry {
  const axis = (size: number, kernel: number, stride: number, before?: number, after?: number) => {
    if (before !== undefined && after !== undefined) {
      return { out: Math.floor((size + before + after - kernel) / stride) + 1, before };
    }
    const out = Math.ceil(size / stride);
    return { out, before: Math.floor(Math.max(0, (out - 1) * stride + kernel - size) / 2) };
  };
  const y = axis(inHeight, kernelHeight, strideY, pad?.[0], pad?.[1]);
  const x = axis(inWidth, kernelWidth, strideX, pad?.[2], pad?.[3]);
  return {
    batch,
    inHeight,
    inWidth,
    inChannels,
    outHeight: y.out,
    outWidth: x.out,
    outChannels,
    kernelHeight,
    kernelWidth,
    strideY,
    strideX,
    padTop: y.before,
    padLeft: x.before,
  };
}

const cases: readonly (readonly [string, ConvGeometry])[] = [
  ['one of everything', geometry(1, [1, 1, 1], 1, [1, 1])],
  ['a whole block', geometry(1, [8, 4, 4], 32, [3, 3])],
  ['a block less one', geometry(1, [7, 3, 3], 31, [3, 3])],
  ['a block and one', geometry(1, [9, 5, 5], 33, [3, 3])],
  ['primes', geometry(3, [11, 13, 17], 19, [3, 3])],
  ['no padding', geometry(2, [6, 7, 16], 16, [3, 3], [1, 1], [0, 0, 0, 0])],
  ['asymmetric padding', geometry(1, [5, 6, 4], 12, [3, 3], [1, 1], [2, 0, 0, 3])],
  ['stride 2, even', geometry(2, [8, 8, 16], 16, [3, 3], [2, 2])],
  ['stride 2, odd', geometry(1, [9, 7, 8], 20, [3, 3], [2, 2])],
  ['stride 3 skips inputs', geometry(1, [10, 11, 5], 16, [2, 2], [3, 3], [0, 0, 0, 0])],
  ['strides 1 and 2', geometry(1, [6, 9, 4], 16, [3, 3], [1, 2])],
  ['stride past the picture', geometry(1, [1, 2, 4], 12, [1, 1], [3, 3])],
  ['first layer', geometry(2, [12, 10, 1], 64, [3, 3], [2, 2])],
  ['2 channels in', geometry(1, [6, 5, 2], 16, [5, 5])],
  ['3 channels in, stride 2', geometry(1, [9, 9, 3], 32, [3, 3], [2, 2], [0, 0, 0, 0])],
  ['last layer', geometry(2, [9, 8, 32], 2, [3, 3])],
  ['8 channels out', geometry(1, [5, 6, 4], 8, [3, 3])],
  ['1x7', geometry(1, [5, 9, 16], 17, [1, 7])],
  ['7x1', geometry(1, [9, 5, 17], 16, [7, 1])],
  ['5x5', geometry(1, [7, 6, 8], 16, [5, 5])],
  ['1x1', geometry(2, [5, 3, 64], 64, [1, 1])],
  ['1x1, stride 2', geometry(2, [5, 6, 8], 16, [1, 1], [2, 2])],
  ['1x1 on single pixels', geometry(5, [1, 1, 1001], 16, [1, 1])],
  ['many pixels', geometry(2, [131, 67, 4], 12, [1, 1])],
];

const real = { software: gpu.software, subgroupSize: gpu.subgroupSize, maxStorageBufferBindingSize: 2 ** 27 };
/** Wide blocks because it is software, and narrow ones because small cases leave a GPU idle. */
const devices: readonly (readonly [string, DeviceTraits])[] = [
  ['the device as it is', real],
  ['software without subgroups', { ...real, subgroupSize: 0 }],
  ['a GPU with subgroups of 32', { ...real, software: false, subgroupSize: 32 }],
];

/** Runs what `body` emits for a device with these traits, and returns the `elements` of its result. */
async function result(
  traits: DeviceTraits,
  elements: number,
  body: (emit: Emit<Binding>, y: GPUBuffer) => void,
): Promise<Float32Array> {
  const y = poisoned(elements);
  await run((emit) => body({ ...emit, traits }, y));
  const values = await gpu.readFloats(y, elements);
  gpu.free(y);
  return values;
}

/** Each sum of `terms` products of numbers below 1 in size is off by at most terms roundings of a partial sum ≤ terms. */
function expectClose(actual: Float32Array, expected: Float64Array, terms: number): void {
  const tolerance = 2 ** -24 * terms ** 1.5 * 2 + 1e-6; // rounding errors are independent: they grow as a random walk
  let worst = 0;
  expected.forEach((value, i) => {
    const error = Math.abs(actual[i]! - value);
    worst = Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
  });
  expect(worst).toBeLessThan(tolerance);
}

const task = <D extends Direction>(direction: D, geometry: ConvGeometry): Convolution<D> => ({
  direction,
  geometry,
  options: { activation: 'none' },
});

describe.each(devices)('direct on %s', (_, traits) => {
  test.each(cases)('%s', async (_, g) => {
    const n = sizes(g);
    const [xs, ws, dys] = [random(n.x, 1), random(n.w, 2), random(n.y, 3)];
    const [x, w, dy] = [upload(xs), upload(ws), upload(dys)];

    const y = await result(traits, n.y, (emit, y) => directForward.emit(emit, { x, w, y }, task('forward', g)));
    expectClose(y, conv2d(xs, ws, g), g.kernelHeight * g.kernelWidth * g.inChannels);

    const dx = await result(traits, n.x, (emit, dx) => directInputGrad.emit(emit, { dy, w, dx }, task('inputGrad', g)));
    expectClose(dx, conv2dInputGrad(dys, ws, g), g.kernelHeight * g.kernelWidth * g.outChannels);

    const dw = await result(traits, n.w, (emit, dw) =>
      directWeightGrad.emit(emit, { x, dy, dw }, task('weightGrad', g)),
    );
    expectClose(dw, conv2dWeightGrad(xs, dys, g), g.batch * g.outHeight * g.outWidth);
  });
});

const activate: Record<ConvActivation, (v: number) => number> = {
  none: (v) => v,
  relu: (v) => Math.max(v, 0),
  relu6: (v) => Math.min(Math.max(v, 0), 6),
  hard_swish: (v) => v * Math.min(Math.max(v / 6 + 0.5, 0), 1),
  tanh: Math.tanh,
};

describe.each(devices.slice(0, 2))('bias and activation on %s', (_, traits) => {
  test.each([
    ['relu', 16],
    ['relu', 18],
    ['relu6', 16],
    ['relu6', 5],
    ['hard_swish', 16],
    ['hard_swish', 18],
    ['tanh', 2],
    ['none', 16],
  ] as const)('%s of %i channels', async (activation, channels) => {
    const g = geometry(3, [5, 6, 8], channels, [1, 1]);
    const n = sizes(g);
    const [xs, ws, biases] = [random(n.x, 1), random(n.w, 2), random(g.batch * channels, 3)];
    // Some reach 6.
    biases.forEach((v, i) => {
      biases[i] = 8 * v;
    });
    const [x, w, bias] = [upload(xs), upload(ws), upload(biases)];
    const sums = conv2d(xs, ws, g);
    for (const biasPerImage of [false, true]) {
      const expected = sums.map((v, i) => {
        const image = biasPerImage ? Math.floor(i / (g.outHeight * g.outWidth * channels)) : 0;
        return activate[activation](v + biases[image * channels + (i % channels)]!);
      });
      const y = await result(traits, n.y, (emit, y) =>
        emitConv2d(emit, { x, w, bias, y }, g, { activation, biasPerImage }),
      );
      expectClose(y, expected, 8);
    }
  });
});

test('weights, gradient and bias may be parts of larger buffers', async () => {
  const g = geometry(1, [6, 6, 2], 3, [3, 3]);
  const n = sizes(g);
  const [xs, slab] = [random(n.x, 1), random(256, 2)];
  const [x, all] = [upload(xs), upload(slab)];
  const w = { buffer: all, offset: 256, size: n.w * 4 };
  const bias = { buffer: all, offset: 512, size: 12 };
  const y = await result(real, n.y, (emit, y) => emitConv2d(emit, { x, w, bias, y }, g, { activation: 'none' }));
  const expected = conv2d(xs, slab.slice(64, 64 + n.w), g).map((v, i) => v + slab[128 + (i % 3)]!);
  expectClose(y, expected, 18);

  const dy = upload(random(n.y, 3));
  const dws = await result(real, 128, (emit, buffer) =>
    emitConv2dWeightGrad(emit, { x, dy, dw: { buffer, offset: 256, size: n.w * 4 } }, g),
  );
  expect(dws.slice(0, 64).every(Number.isNaN) && dws.slice(64 + n.w).every(Number.isNaN)).toBe(true);
  expectClose(dws.slice(64, 64 + n.w), conv2dWeightGrad(xs, random(n.y, 3), g), 36);
});

test('a weight gradient that is split is the same bit for bit every time', async () => {
  const g = geometry(3, [21, 17, 8], 16, [3, 3]);
  const n = sizes(g);
  const [x, dy] = [upload(random(n.x, 1)), upload(random(n.y, 2))];
  for (const [, traits] of devices) {
    const once = () => result(traits, n.w, (emit, dw) => emitConv2dWeightGrad(emit, { x, dy, dw }, g));
    const first = await once();
    expect(await once()).toEqual(first);
  }
});

test("the reference's gradients agree with central differences", () => {
  const g = geometry(2, [5, 4, 2], 3, [3, 2], [2, 1], [1, 1, 0, 2]);
  const n = sizes(g);
  const [x, w, dy] = [random(n.x, 1), random(n.w, 2), random(n.y, 3)].map((v) => Float64Array.from(v));
  const loss = () => conv2d(x!, w!, g).reduce((sum, v, i) => sum + v * dy![i]!, 0);
  const checks = [
    [x!, conv2dInputGrad(dy!, w!, g)],
    [w!, conv2dWeightGrad(x!, dy!, g)],
  ] as const;
  for (const [values, gradient] of checks) {
    values.forEach((value, i) => {
      values[i] = value + 1e-3;
      const above = loss();
      values[i] = value - 1e-3;
      const slope = (above - loss()) / 2e-3;
      values[i] = value;
      expect(gradient[i]).toBeCloseTo(slope, 9);
    });
  }
});
