/** Pooling against float64: widths, strides, dilation, padding counted and not, three axes, channel views. */
import { describe, expect, test } from 'vitest';
import { sizeOf } from '../../../src/graph/node.ts';
import type { WindowGeometry } from '../../../src/kernels/core/sliding_window.ts';
import { emitPool } from '../../../src/kernels/nn/pool.ts';
import { expectClose } from '../../reference/close.ts';
import * as reference from '../../reference/windows.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

interface Case extends WindowGeometry {
  readonly channels: number;
  readonly padAfter: readonly number[];
}

/** Windows of one size, stride and dilation; `pads` are the same on both sides. */
function square(inSize: readonly number[], channels: number, kernel: number, stride = 1, pad = 0, dilation = 1): Case {
  const each = (value: number) => inSize.map(() => value);
  const outSize = inSize.map((n) => Math.floor((n + 2 * pad - (kernel - 1) * dilation - 1) / stride) + 1);
  return {
    ...{ batch: 2, inSize, outSize, channels, kernel: each(kernel), strides: each(stride), dilations: each(dilation) },
    ...{ padBefore: each(pad), padAfter: each(pad) },
  };
}

const cases: readonly (readonly [string, Case])[] = [
  ['one of everything', { ...square([1, 1], 1, 1), batch: 1 }],
  ['3x3, stride 1, padded', square([7, 5], 4, 3, 1, 1)],
  ['3x3, stride 2, as in Inception', square([17, 17], 12, 3, 2)],
  ['3 channels', square([9, 8], 3, 2, 2)],
  ['6 channels', square([8, 9], 6, 3, 2, 1)],
  ['a prime of channels', square([5, 7], 257, 3, 1, 1)],
  ['dilated', square([11, 13], 8, 3, 2, 2, 2)],
  ['dilated past the input', square([3, 4], 4, 3, 1, 3, 3)],
  ['the whole picture', square([8, 8], 64, 8)],
  [
    'asymmetric, rounded up: the last window hangs over the padding',
    {
      ...{ batch: 3, inSize: [6, 7], outSize: [4, 4], channels: 5, kernel: [2, 3], strides: [2, 2], dilations: [1, 1] },
      ...{ padBefore: [1, 0], padAfter: [0, 1] },
    },
  ],
  ['three axes', square([4, 5, 6], 4, 3, 1, 1)],
  ['three axes, stride 2', square([5, 6, 7], 3, 2, 2)],
];

describe.each(cases)('%s', (_, g) => {
  const x = random(g.batch * sizeOf(g.inSize) * g.channels).map((v) => v - 2);
  const outputs = g.batch * sizeOf(g.outSize);

  test.each(['max', 'average', 'average with padding'] as const)('%s', async (kind) => {
    const y = poisoned(outputs * g.channels);
    const reduction = kind === 'max' ? 'max' : 'average';
    const countedPadAfter = kind === 'average with padding' ? g.padAfter : undefined;
    await run((emit) => emitPool(emit, { x: upload(x), y }, g, { reduction, countedPadAfter }));
    const got = await gpu.readFloats(y, outputs * g.channels);
    // A maximum is exact; an average of some 64 numbers below 3 is not.
    expectClose(got, reference.pool(x, g, reduction, countedPadAfter), { absolute: kind === 'max' ? 0 : 2e-6 });
  });
});

test.each([
  [8, 24, 4],
  [8, 23, 4],
  [6, 20, 10],
  [4, 8, 3],
  [3, 7, 4],
])('%i channels of %i, from %i on', async (channels, stride, first) => {
  const g = square([5, 6], channels, 3, 2, 1);
  const x = random(2 * 30 * channels);
  const pixels = g.batch * sizeOf(g.outSize);
  const y = poisoned(pixels * stride);
  await run((emit) => emitPool(emit, { x: upload(x), y }, g, { reduction: 'max', view: { stride, first } }));
  const got = await gpu.readFloats(y, pixels * stride);
  const want = reference.pool(x, g, 'max');
  got.forEach((value, i) => {
    const c = (i % stride) - first;
    const inside = c >= 0 && c < channels;
    expect(value).toBe(inside ? want[Math.floor(i / stride) * channels + c] : Number.NaN);
  });
});

test('more than 65535 workgroups', async () => {
  const g = square([4, 2_100_001], 1, 1);
  const count = g.batch * sizeOf(g.inSize);
  const values = random(count);
  const y = poisoned(count);
  await run((emit) => emitPool(emit, { x: upload(values), y }, g, { reduction: 'max' }));
  const got = await gpu.readFloats(y, count);
  expect(got.findIndex((value, i) => value !== values[i])).toBe(-1);
});

test('a NaN or an infinity is not lost', async () => {
  const g = { ...square([1, 4], 4, 2), batch: 1, kernel: [1, 2], outSize: [1, 3] };
  const inf = Number.POSITIVE_INFINITY;
  // Four pixels of four channels.
  const x = Float32Array.of(1, -inf, -inf, 5, Number.NaN, -inf, inf, 1, 3, -inf, 0, 2, 4, 7, 0, Number.NaN);
  const y = poisoned(12);
  await run((emit) => emitPool(emit, { x: upload(x), y }, g, { reduction: 'max' }));
  const nan = Number.NaN;
  expect([...(await gpu.readFloats(y, 12))]).toEqual([nan, -inf, inf, 5, nan, -inf, inf, 2, 4, 7, 0, nan]);
});
