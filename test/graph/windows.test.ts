/** Pooling and direct convolution as graph nodes: through the compiler, and refused. */
import { describe, expect, test } from 'vitest';
import { type Node, sizeOf } from '../../src/graph/node.ts';
import { convDirect } from '../../src/graph/ops/conv/conv_direct.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { averagePool, maxPool } from '../../src/graph/ops/nn/pool.ts';
import { ShapeError } from '../../src/runtime/errors.ts';
import { expectClose } from '../reference/close.ts';
import * as reference from '../reference/windows.ts';
import { evaluate, inputs } from '../support/evaluate.ts';
import { random } from '../support/random.ts';

const window = { kernel: [3, 3], strides: [2, 2], dilations: [1, 1], pads: [1, 1, 1, 1] };
const x = input('x0', [2, 7, 6, 4]);

describe('pooling', () => {
  test.each([
    ['rounded down', [4, 3], [1, 1, 1, 1]],
    ['rounded up', [4, 4], [1, 1, 1, 1]],
    ['rounded up, padding in front alone', [4, 3], [1, 1, 0, 0]],
  ])('%s', async (_, outSize, pads) => {
    const attrs = { ...window, pads, outSize };
    const geometry = { ...attrs, batch: 2, inSize: [7, 6], channels: 4, padBefore: pads.slice(0, 2) };
    const values = random(sizeOf(x.shape), 1);
    const max = await evaluate(maxPool(x, attrs), [x.shape]);
    expectClose(max, reference.pool(values, geometry, 'max'), {});
    const real = await evaluate(averagePool(x, attrs), [x.shape]);
    expectClose(real, reference.pool(values, geometry, 'average'), { absolute: 5e-7 });
    const padded = await evaluate(averagePool(x, { ...attrs, countPadding: true }), [x.shape]);
    expectClose(padded, reference.pool(values, geometry, 'average', pads.slice(2)), { absolute: 5e-7 });
  });

  test('windows of counted padding average to 0', async () => {
    const attrs = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [1, 0, 0, 0], outSize: [2, 1] };
    const y = await evaluate(averagePool(input('x0', [1, 1, 1, 1]), { ...attrs, countPadding: true }), [[1, 1, 1, 1]]);
    expect([...y]).toEqual([0, random(1, 1)[0]]);
  });
});

test('convDirect of a volume, with a bias', async () => {
  const shapes = [[1, 4, 5, 6, 4], [2, 3, 3, 2, 8], [8]];
  const attrs = { strides: [1, 2, 1], dilations: [2, 1, 1], pads: [0, 1, 1, 1, 1, 0], groups: 2 };
  const [volume, w, bias] = inputs(shapes);
  const y = convDirect(volume!, w!, bias, attrs);
  expect(y.shape).toEqual([1, 3, 3, 5, 8]);
  const geometry = {
    ...{ batch: 1, inSize: [4, 5, 6], outSize: [3, 3, 5], kernel: [2, 3, 3], strides: attrs.strides },
    ...{ dilations: attrs.dilations, padBefore: [0, 1, 1], inChannels: 4, outChannels: 8, groups: 2 },
  };
  const [xs, ws, bs] = shapes.map((shape, i) => random(sizeOf(shape), i + 1));
  const want = reference.convolve(xs!, ws!, geometry).map((v, i) => v + bs![i % 8]!);
  expectClose(await evaluate(y, shapes), want, { absolute: 3e-6 });
});

describe('what does not fit is refused, with the values', () => {
  const pool = { ...window, outSize: [4, 3] };
  const direct = { strides: [1, 1], dilations: [2, 2], pads: [0, 0, 0, 0], groups: 2 };
  const w = input('w', [3, 3, 2, 6]);
  test.each<readonly [string, () => Node]>([
    [
      'max_pool: expected x as [batch, (depth,) height, width, channels], got [3, 4, 5]',
      () => maxPool(input('x', [3, 4, 5]), pool),
    ],
    [
      'max_pool: expected an output of [4, 3], or [4, 4] rounded up, for x [2, 7, 6, 4], kernel [3, 3], strides [2, 2], pads [1, 1, 1, 1], got [4, 5]',
      () => maxPool(x, { ...pool, outSize: [4, 5] }),
    ],
    [
      'max_pool: expected an output of [4, 3], or [4, 4] rounded up, for x [2, 7, 6, 4], kernel [3, 3], strides [2, 2], pads [1, 1, 1, 1], got [4]',
      () => maxPool(x, { ...pool, outSize: [4] }),
    ],
    [
      'max_pool: expected kernel as 2 integers from 1 to 16777216, got [0, 3]',
      () => maxPool(x, { ...pool, kernel: [0, 3] }),
    ],
    [
      'average_pool: expected strides as 2 integers from 1 to 16777216, got [2, 0]',
      () => averagePool(x, { ...pool, strides: [2, 0] }),
    ],
    [
      'average_pool: expected pads as 4 integers from 0 to 16777216, got [1, 1, -1, 1]',
      () => averagePool(x, { ...pool, pads: [1, 1, -1, 1] }),
    ],
    // What wraps around in 32 bits: a kernel of 1 hides its dilation from every other check.
    [
      'max_pool: expected dilations as 2 integers from 1 to 16777216, got [4294967297, 1]',
      () => maxPool(x, { ...pool, kernel: [1, 1], dilations: [2 ** 32 + 1, 1] }),
    ],
    [
      'average_pool: expected pads as 4 integers from 0 to 16777216, got [4294967296, 1, 1, 1]',
      () => averagePool(x, { ...pool, pads: [2 ** 32, 1, 1, 1] }),
    ],
    [
      'conv_direct: expected strides as 2 integers from 1 to 16777216, got [NaN, 1]',
      () => convDirect(x, w, undefined, { ...direct, strides: [Number.NaN, 1] }),
    ],
    [
      'max_pool: expected an element of x [2, 7, 6, 4] in every window [3, 3] with pads [3, 1, 0, 1], got padding alone in window 0 of spatial axis 0 – pad less, or ask for a smaller output',
      () => maxPool(x, { ...pool, pads: [3, 1, 0, 1], outSize: [4, 3] }),
    ],
    [
      'average_pool: expected an output of [0, 3], or [0, 4] rounded up, for x [2, 7, 6, 4], kernel [11, 3], strides [2, 2], pads [1, 1, 1, 1], got [1, 3]',
      () => averagePool(x, { ...pool, kernel: [11, 3], outSize: [1, 3] }),
    ],
    [
      'conv_direct: expected groups that divide 4 and 6 channels, got 3',
      () => convDirect(x, w, undefined, { ...direct, groups: 3 }),
    ],
    [
      'conv_direct: expected w for 4 input channels a group (x is [2, 7, 6, 4], 1 groups), got [3, 3, 2, 6]',
      () => convDirect(x, w, undefined, { ...direct, groups: 1 }),
    ],
    [
      'conv_direct: expected w as [kernel, channels / groups, out channels] of rank 4, got [3, 2, 6]',
      () => convDirect(x, input('w', [3, 2, 6]), undefined, direct),
    ],
    [
      'conv_direct: expected a kernel that fits x [2, 7, 6, 4], got [3, 3] with dilations [2, 3] and pads [0, 0, 0, 0]',
      () => convDirect(x, w, undefined, { ...direct, dilations: [2, 3] }),
    ],
    ['conv_direct: expected the bias of shape [6], got [5]', () => convDirect(x, w, input('b', [5]), direct)],
  ])('%s', (message, build) => {
    expect(build).toThrowError(new ShapeError(message));
  });
});
