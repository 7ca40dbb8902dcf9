/** 1x1 convolution by subgroups of 8 lanes against float64: all widths, ranges of channels, what follows the sum. */
import { describe, expect, test } from 'vitest';
import { type ConvGeometry, type ConvOptions, pixelsOut } from '../../../../src/kernels/conv/geometry.ts';
import { POINTWISE_CHANNELS } from '../../../../src/kernels/conv/pointwise/conv2d_pointwise_subgroup.ts';
import { pointwiseForward } from '../../../../src/kernels/conv/pointwise/index.ts';
import { emitInto, type KernelCall } from '../../../../src/kernels/core/emit.ts';
import { traitsOf } from '../../../../src/kernels/core/record.ts';
import { expectClose } from '../../../reference/close.ts';
import { conv2d, sizes } from '../../../reference/conv2d.ts';
import { gpu, poisoned, run, upload } from '../../../support/gpu.ts';
import { random } from '../../../support/random.ts';

const traits = traitsOf(gpu);
const none: ConvOptions = { activation: 'none' };

const activate = {
  none: (v: number) => v,
  relu: (v: number) => Math.max(v, 0),
  relu6: (v: number) => Math.min(Math.max(v, 0), 6),
  hard_swish: (v: number) => v * Math.min(Math.max(v / 6 + 0.5, 0), 1),
  tanh: Math.tanh,
};

function pointwise(batch: number, [height, width]: readonly [number, number], cin: number, cout: number): ConvGeometry {
  return {
    ...{
      batch,
      inHeight: height,
      inWidth: width,
      inChannels: cin,
      outHeight: height,
      outWidth: width,
      outChannels: cout,
    },
    ...{ kernelHeight: 1, kernelWidth: 1, strideY: 1, strideX: 1, padTop: 0, padLeft: 0 },
  };
}

/** A first layer: 3x3, stride 2, SAME, of 3 channels. */
const stem: ConvGeometry = {
  ...{ batch: 2, inHeight: 17, inWidth: 12, inChannels: 3, outHeight: 9, outWidth: 6, outChannels: 32 },
  ...{ kernelHeight: 3, kernelWidth: 3, strideY: 2, strideX: 2, padTop: 1, padLeft: 0 },
};

describe.runIf(traits.subgroupSize === 8)('pointwise', () => {
  test.each([
    ['one pixel', pointwise(1, [1, 1], 2, 4), none],
    ['a tile less a pixel', pointwise(1, [9, 7], 6, 16), { activation: 'relu6' }],
    ['a tile', pointwise(1, [8, 8], 16, 24), { activation: 'relu' }],
    ['a tile and a pixel', pointwise(1, [13, 5], 10, 40), { activation: 'relu6' }],
    ['a batch', pointwise(3, [7, 7], 12, 44), { activation: 'hard_swish' }],
    ['many channels', pointwise(1, [4, 5], 300, 332), { activation: 'relu' }],
    ['patches', stem, { activation: 'relu6' }],
    ['a range of x', pointwise(2, [5, 5], 8, 20), { activation: 'none', inView: { stride: 20, first: 6 } }],
    ['a range of y', pointwise(2, [5, 5], 8, 20), { activation: 'relu6', outView: { stride: 36, first: 12 } }],
  ] as const)('%s', async (_, g, options: ConvOptions) => {
    const { inView, outView = { stride: g.outChannels, first: 0 } } = options;
    const n = sizes(g);
    const [xs, ws, residuals] = [random(n.x, 1), random(n.w, 2), random(n.y, 3)];
    const biases = random(g.outChannels, 4).map((v) => 8 * v);
    const sums = conv2d(xs, ws, g);
    const wide = inView ? widened(xs, g.inChannels, inView) : xs;
    const [x, w, bias, residual] = [upload(wide), upload(ws), upload(biases), upload(residuals)];
    const convolution = { direction: 'forward', geometry: g, options } as const;
    expect(pointwiseForward.fits(traits, convolution)).toBe(true);
    for (const rest of [{}, { bias }, { bias, residual }]) {
      const count = pixelsOut(g) * outView.stride;
      const once = async () => {
        const y = poisoned(count);
        await run((emit) => pointwiseForward.emit(emit, { x, w, y, ...rest }, convolution));
        return gpu.readFloats(y, count);
      };
      const got = await once();
      const want = sums.map((v, i) => {
        const biased = 'bias' in rest ? v + biases[i % g.outChannels]! : v;
        return activate[options.activation]('residual' in rest ? biased + residuals[i]! : biased);
      });
      const within = (i: number) => {
        const channel = i % outView.stride;
        return channel >= outView.first && channel < outView.first + g.outChannels;
      };
      const terms = n.w / g.outChannels;
      expectClose(
        got.filter((_, i) => within(i)),
        want,
        { absolute: 2 ** -23 * terms ** 1.5 + 2e-6 },
      );
      expect(got.every((v, i) => within(i) !== Number.isNaN(v))).toBe(true);
      expect(new Uint32Array((await once()).buffer)).toEqual(new Uint32Array(got.buffer));
    }
  });

  test.each(POINTWISE_CHANNELS)('tiles of %s channels are chosen where they fit', async (channels) => {
    const g = pointwise(1, [16, 16], 64, 3 * Number(channels));
    const calls: KernelCall<string>[] = [];
    const buffers = { x: 'x', w: 'w', y: 'y' };
    pointwiseForward.emit(
      emitInto(calls, traits, () => 'scratch'),
      buffers,
      {
        direction: 'forward',
        geometry: g,
        options: none,
      },
    );
    expect(3 * Number(channels)).toBe(
      Number(calls[0]!.choice.channels) * Math.ceil(g.outChannels / Number(calls[0]!.choice.channels)),
    );
  });
});

test('what pointwise cannot do', () => {
  const lanes = { ...traits, subgroupSize: 8 };
  const fits = (g: Partial<ConvGeometry>, options: ConvOptions = none, on = lanes) =>
    pointwiseForward.fits(on, {
      direction: 'forward',
      geometry: { ...pointwise(1, [8, 8], 8, 8), ...g },
      options,
    });
  expect(fits({})).toBe(true);
  expect(fits({}, none, { ...lanes, subgroupSize: 32 })).toBe(false);
  expect(fits({ outChannels: 6 })).toBe(false);
  expect(fits({ strideX: 2, outWidth: 4 })).toBe(false);
  expect(fits({ kernelHeight: 3, padTop: 1 })).toBe(false);
  expect(fits({ padTop: 1 })).toBe(false);
  expect(fits({}, { activation: 'tanh' })).toBe(false);
  expect(fits({}, { activation: 'relu', biasPerImage: true })).toBe(false);
  expect(fits({}, { activation: 'relu', outView: { stride: 18, first: 0 } })).toBe(false);
  expect(fits({}, { activation: 'relu', inView: { stride: 18, first: 4 } })).toBe(true);
  expect(fits({}, { activation: 'relu', inView: { stride: 18, first: 3 } })).toBe(false);
  expect(fits({ inChannels: 7 })).toBe(false);
});

/** `xs` as a range of the channels of something wider, NaNs around it. */
function widened(xs: Float32Array, channels: number, { stride, first }: { stride: number; first: number }) {
  const wide = new Float32Array((xs.length / channels) * stride).fill(Number.NaN);
  xs.forEach((v, i) => {
    wide[Math.floor(i / channels) * stride + first + (i % channels)] = v;
  });
  return wide;
}
