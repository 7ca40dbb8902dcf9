/** Dilated, grouped and 3-D convolution against float64, in every variant. */
import { expect, test } from 'vitest';
import { sizeOf } from '../../../../src/graph/node.ts';
import { type ConvDirectGeometry, emitConvDirect } from '../../../../src/kernels/conv/grouped/conv_direct.ts';
import { expectClose } from '../../../reference/close.ts';
import { convolve } from '../../../reference/windows.ts';
import { gpu, poisoned, run, upload } from '../../../support/gpu.ts';
import { random } from '../../../support/random.ts';

/** Windows with the same numbers along all axes. */
function geometry(
  inSize: readonly number[],
  [inChannels, outChannels, groups]: readonly [number, number, number],
  { kernel = 3, stride = 1, dilation = 1, pad = 0 },
): ConvDirectGeometry {
  const each = (value: number) => inSize.map(() => value);
  const outSize = inSize.map((n) => Math.floor((n + 2 * pad - (kernel - 1) * dilation - 1) / stride) + 1);
  return {
    ...{ batch: 2, inSize, outSize, kernel: each(kernel), strides: each(stride), dilations: each(dilation) },
    ...{ padBefore: each(pad), inChannels, outChannels, groups },
  };
}

const cases: readonly (readonly [string, ConvDirectGeometry])[] = [
  ['one of everything', geometry([1, 1], [1, 1, 1], { kernel: 1 })],
  ['dilation 2', geometry([9, 8], [8, 12, 1], { dilation: 2, pad: 2 })],
  ['dilation past the input', geometry([4, 3], [4, 4, 1], { dilation: 5, pad: 5 })],
  ['dilation 3 and stride 2', geometry([13, 11], [5, 7, 1], { dilation: 3, stride: 2, pad: 1 })],
  ['3 channels in', geometry([7, 9], [3, 8, 1], { dilation: 2, pad: 2 })],
  ['depthwise', geometry([7, 6], [12, 12, 12], { pad: 1 })],
  ['depthwise, stride 2, dilation 2', geometry([9, 9], [64, 64, 64], { stride: 2, dilation: 2, pad: 2 })],
  ['depthwise, a prime of channels', geometry([5, 5], [7, 7, 7], { pad: 1 })],
  ['depthwise, two outputs each', geometry([5, 5], [4, 8, 4], { pad: 1 })],
  ['depthwise, four outputs each', geometry([5, 5], [3, 12, 3], { pad: 1 })],
  ['grouped by 2', geometry([6, 7], [8, 16, 2], { pad: 1 })],
  ['grouped by 3, odd', geometry([6, 7], [9, 6, 3], { pad: 1 })],
  ['grouped, 2 in and 4 out', geometry([6, 7], [6, 12, 3], { pad: 1 })],
  ['volume', geometry([4, 5, 6], [4, 8, 1], { pad: 1 })],
  ['volume, 1 channel, stride 2', geometry([5, 6, 7], [1, 3, 1], { stride: 2, pad: 1 })],
  ['volume, depthwise, dilated', geometry([6, 5, 7], [4, 4, 4], { kernel: 2, dilation: 2 })],
  [
    'different along each axis',
    {
      ...{ batch: 1, inSize: [8, 9, 10], outSize: [4, 9, 3], kernel: [2, 1, 4], strides: [2, 1, 3] },
      ...{ dilations: [1, 2, 1], padBefore: [0, 0, 2], inChannels: 4, outChannels: 8, groups: 2 },
    },
  ],
];

test.each(cases)('%s', async (_, g) => {
  const terms = (sizeOf(g.kernel) * g.inChannels) / g.groups;
  const x = random(g.batch * sizeOf(g.inSize) * g.inChannels, 1);
  const w = random(terms * g.outChannels, 2);
  const bias = random(g.outChannels, 3);
  const count = g.batch * sizeOf(g.outSize) * g.outChannels;
  const [plain, biased] = [poisoned(count), poisoned(count)];
  const inputs = { x: upload(x), w: upload(w) };
  await run((emit) => {
    emitConvDirect(emit, { ...inputs, y: plain }, g);
    emitConvDirect(emit, { ...inputs, bias: upload(bias), y: biased }, g);
  });
  const want = convolve(x, w, g);
  const absolute = 6e-8 * (terms + 2);
  expectClose(await gpu.readFloats(plain, count), want, { absolute });
  const wantBiased = want.map((v, i) => v + bias[i % g.outChannels]!);
  expectClose(await gpu.readFloats(biased, count), wantBiased, { absolute });
});

test.each([
  ['a pixel', 4_200_001, 1],
  ['a vec4 of depthwise channels', 1_100_001, 16],
])('more than 65535 workgroups of %s a thread', async (_, height, channels) => {
  const g = { ...geometry([height, 1], [channels, channels, channels], { kernel: 1 }), batch: 1 };
  const x = random(height * channels);
  const y = poisoned(x.length);
  const w = upload(new Float32Array(channels).fill(-2));
  await run((emit) => emitConvDirect(emit, { x: upload(x), w, y }, g));
  const got = await gpu.readFloats(y);
  expect(got.findIndex((value, i) => i < x.length && value !== -2 * x[i]!)).toBe(-1);
});

test('an infinity at the edge is not multiplied by the padding', async () => {
  const g = { ...geometry([1, 2], [1, 1, 1], {}), batch: 1, kernel: [1, 3], outSize: [1, 2], padBefore: [0, 1] };
  const y = poisoned(2);
  const x = upload(Float32Array.of(Number.POSITIVE_INFINITY, 2));
  const w = upload(Float32Array.of(0.5, 1, 0));
  // 0 * padding + 1 * infinity + 0 * 2, and 0.5 * infinity + 1 * 2: no NaN from what is masked.
  await run((emit) => emitConvDirect(emit, { x, w, y }, g));
  expect([...(await gpu.readFloats(y, 2))]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
});
