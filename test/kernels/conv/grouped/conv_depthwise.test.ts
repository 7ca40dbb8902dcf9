/** Depthwise convolution against float64, in every variant, and the bits of two runs. */
import { expect, test } from 'vitest';
import { sizeOf } from '../../../../src/graph/node.ts';
import {
  convDepthwise,
  type DepthwiseWindow,
  depthwiseRows,
} from '../../../../src/kernels/conv/grouped/conv_depthwise.ts';
import { type ConvDirectGeometry, emitConvDirect } from '../../../../src/kernels/conv/grouped/conv_direct.ts';
import type { PlainActivation } from '../../../../src/kernels/core/activation.ts';
import { emitInto, type KernelCall } from '../../../../src/kernels/core/emit.ts';
import { traitsOf } from '../../../../src/kernels/core/record.ts';
import { expectClose } from '../../../reference/close.ts';
import { convolve } from '../../../reference/windows.ts';
import { gpu, poisoned, run, upload } from '../../../support/gpu.ts';
import { random } from '../../../support/random.ts';

const activate: Record<PlainActivation, (v: number) => number> = {
  none: (v) => v,
  relu: (v) => Math.max(v, 0),
  relu6: (v) => Math.min(Math.max(v, 0), 6),
  hard_swish: (v) => v * Math.min(Math.max(v / 6 + 0.5, 0), 1),
};

/** TensorFlow's SAME padding: of an odd total the smaller half is before. */
function same(extent: number, stride: number, inSize: readonly number[], channels: number): ConvDirectGeometry {
  const outSize = inSize.map((n) => Math.ceil(n / stride));
  const padBefore = inSize.map((n, i) => Math.floor(Math.max(0, (outSize[i]! - 1) * stride + extent - n) / 2));
  const each = (value: number) => [value, value];
  return {
    ...{ batch: 2, inSize, outSize, kernel: each(extent), strides: each(stride), dilations: each(1) },
    ...{ padBefore, inChannels: channels, outChannels: channels, groups: channels },
  };
}

const windows = [
  [3, 1],
  [3, 2],
  [5, 1],
  [5, 2],
] as const;

// Rows of one strip less one, a strip, a strip and one, a prime; fewer pixels than taps.
const sizes = [
  [1, 1],
  [2, 7],
  [9, 8],
  [8, 9],
  [23, 13],
  [14, 16],
] as const;
const cases = windows.flatMap(([extent, stride]) =>
  sizes.map((size, i) => {
    const g = same(extent, stride, size, [1, 3, 4, 12, 65, 32][i]!);
    return [`${size.join('x')}, ${extent}x${extent}/${stride}`, g] as const;
  }),
);

test.each(cases)('%s', async (_, g) => {
  const { x, w, bias, sums, absolute } = data(g);
  for (const [i, activation] of (['none', 'relu', 'relu6', 'hard_swish'] as const).entries()) {
    const y = poisoned(sums.length);
    await run((emit) => emitConvDirect(emit, { x, w, ...(i > 0 && { bias: bias.buffer }), y }, g, activation));
    const want = sums.map((v, at) => activate[activation](v + (i > 0 ? bias.values[at % g.groups]! : 0)));
    expectClose(await gpu.readFloats(y, sums.length), want, { absolute });
  }
});

test('explicit padding, more of it behind and none before, and rows that go to several threads', async () => {
  const g = { ...same(5, 2, [21, 18], 8), padBefore: [0, 3], outSize: [11, 10] };
  const { x, w, bias, sums, absolute } = data(g);
  const results: Uint32Array[] = [];
  for (const rows of [1, 2, 4, 11]) {
    const y = poisoned(sums.length);
    await run((emit) => {
      const calls: KernelCall<GPUBuffer>[] = [];
      emitConvDirect(emitInto(calls, traitsOf(gpu), poisoned), { x, w, bias: bias.buffer, y }, g, 'relu6');
      expect(calls.map(({ kernel }) => kernel.name)).toEqual(['conv_depthwise']);
      const params = { ...calls[0]!.params, rows } as never;
      emit.call(convDepthwise, { x, w, bias: bias.buffer, y }, params, { window: '5/2', activation: 'relu6' });
    });
    const got = await gpu.readFloats(y, sums.length);
    const want = sums.map((v, at) => activate.relu6(v + bias.values[at % 8]!));
    expectClose(got, want, { absolute });
    results.push(new Uint32Array(got.buffer, 0, got.length));
  }
  // Which thread computes an output changes nothing: the order of its sum is that of the taps.
  for (const bits of results) expect(bits).toEqual(results[0]);
});

test('the same bits in every run', async () => {
  const g = same(3, 1, [31, 17], 40);
  const { x, w, bias, sums } = data(g);
  const once = async () => {
    const y = poisoned(sums.length);
    await run((emit) => emitConvDirect(emit, { x, w, bias: bias.buffer, y }, g, 'relu6'));
    return new Uint32Array((await gpu.readFloats(y, sums.length)).buffer);
  };
  const first = await once();
  for (let again = 0; again < 2; again++) expect(await once()).toEqual(first);
});

test('an infinity at the edge is not multiplied by the padding', async () => {
  const g = { ...same(3, 1, [1, 2], 1), batch: 1 };
  const y = poisoned(2);
  const x = upload(Float32Array.of(Number.POSITIVE_INFINITY, 2));
  const w = upload(Float32Array.of(0, 0, 0, 0.5, 1, 0.25, 0, 0, 0));
  await run((emit) => emitConvDirect(emit, { x, w, y }, g));
  expect([...(await gpu.readFloats(y, 2))]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
});

test('a CPU computes long columns, a GPU short ones where there are few channels', () => {
  const traits = traitsOf(gpu);
  const size = { batch: 1, height: 64, width: 64, channels: 144 };
  const rows = (software: boolean, window: DepthwiseWindow) => depthwiseRows({ ...traits, software }, window, size);
  expect(rows(true, '3/1')).toBe(64);
  expect(rows(false, '3/1')).toBeLessThan(16);
  // Fewer threads than on a GPU are enough for a CPU's cores, and whole columns load no row twice.
  const small = { batch: 1, height: 16, width: 16, channels: 480 };
  expect(depthwiseRows({ ...traits, software: true }, '5/1', small)).toBe(16);
  expect(depthwiseRows({ ...traits, software: false }, '3/1', { ...size, height: 2 })).toBe(2);
});

function data(g: ConvDirectGeometry) {
  const taps = sizeOf(g.kernel);
  const [xs, ws] = [random(g.batch * sizeOf(g.inSize) * g.groups, 1), random(taps * g.groups, 2)];
  // Wide enough that ReLU6 has something to clip above.
  const values = random(g.groups, 3).map((v) => 8 * v);
  const sums = convolve(xs, ws, g);
  const bias = { values, buffer: upload(values) };
  return { x: upload(xs), w: upload(ws), bias, sums, absolute: 6e-8 * (taps + 2) + 5e-7 };
}
