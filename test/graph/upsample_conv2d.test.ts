/** Nearest x2 followed by a 3x3 convolution becomes one op, with both gradients, and the large picture vanishes. */
import { describe, expect, test } from 'vitest';
import { compile, optimize } from '../../src/graph/compile.ts';
import { gradients } from '../../src/graph/gradient.ts';
import { apply, type Node, reachable, type Shape, sizeOf } from '../../src/graph/node.ts';
import { conv2dOp, conv2dSame } from '../../src/graph/ops/conv/conv2d.ts';
import {
  upsampleConv2dInputGradOp,
  upsampleConv2dOp,
  upsampleConv2dWeightGradOp,
} from '../../src/graph/ops/conv/upsample_conv2d.ts';
import { input, parameter, parameterOp } from '../../src/graph/ops/core/input.ts';
import { add } from '../../src/graph/ops/elementwise/add.ts';
import { biasAdd } from '../../src/graph/ops/elementwise/bias_add.ts';
import { relu } from '../../src/graph/ops/elementwise/relu.ts';
import { mse } from '../../src/graph/ops/loss/mse.ts';
import { upsample2x } from '../../src/graph/ops/movement/upsample2x.ts';
import type { PassName } from '../../src/graph/passes/index.ts';
import { colorizationNetwork } from '../../src/model/network.ts';
import { expectClose } from '../reference/close.ts';
import { upsampleConv2d, upsampleConv2dInputGrad, upsampleConv2dWeightGrad } from '../reference/upsample_conv2d.ts';
import { gpu } from '../support/gpu.ts';
import { random } from '../support/random.ts';
import { refusal } from '../support/refusal.ts';

const namesIn = (outputs: readonly Node[], disablePasses: readonly PassName[] = []): string[] =>
  reachable(optimize(outputs, disablePasses)).map(({ op }) => op.name);
const count = (names: readonly string[], name: string): number => names.filter((each) => each === name).length;

const cases: readonly (readonly [x: Shape, outChannels: number])[] = [
  [[2, 3, 5, 3], 5],
  [[2, 4, 3, 5], 3],
  [[1, 5, 7, 8], 16],
  [[2, 6, 5, 32], 2],
  [[2, 7, 9, 64], 32],
];

/** y = upsample2x(x) ∗ w, a linear loss-like output y of it, and the gradients of a loss in which y takes part. */
function build(xShape: Shape, outChannels: number) {
  const x = input('x', xShape);
  const w = input('w', [3, 3, xShape[3]!, outChannels]);
  const y = conv2dSame(upsample2x(x), w);
  const loss = mse(y, input('target', y.shape));
  const [dx, dw] = gradients(loss, [x, w]);
  return { y, loss, dx: dx!, dw: dw! };
}

async function evaluate(xShape: Shape, outChannels: number, disablePasses: readonly PassName[]) {
  const outputs = build(xShape, outChannels);
  const executable = await compile(gpu, { label: 'test', outputs, disablePasses });
  const [x, w] = [random(sizeOf(xShape), 1), random(9 * xShape[3]! * outChannels, 2)];
  const target = random(sizeOf(outputs.y.shape), 3);
  executable.feed('x', x);
  executable.feed('w', w);
  executable.feed('target', target);
  executable.run();
  const results = { y: await executable.read('y'), dx: await executable.read('dx'), dw: await executable.read('dw') };
  executable.close();
  return { x, w, target, ...results };
}

describe.each(cases)('%j to %i channels', (xShape, outChannels) => {
  const [batch, height, width, inChannels] = xShape as [number, number, number, number];
  const size = { batch, height, width, inChannels, outChannels };
  const pixels = 4 * batch * height * width;

  test('the result and both gradients are those of the two ops, and of the reference', async () => {
    const joined = await evaluate(xShape, outChannels, []);
    const plain = await evaluate(xShape, outChannels, ['upsampleConv2d']);
    const { x, w, target } = joined;
    const y = upsampleConv2d(x, w, size);
    const dy = y.map((v, i) => (2 * (v - target[i]!)) / y.length);
    const want = { y, dx: upsampleConv2dInputGrad(dy, w, size), dw: upsampleConv2dWeightGrad(x, dy, size) };
    // Sums of `terms` products below `largest`, whose rounding errors grow as a random walk.
    const largest = Math.max(...dy.map(Math.abs));
    const tolerance = (terms: number, scale: number) => ({ absolute: (2 ** -24 * terms ** 1.5 * 2 + 1e-6) * scale });
    for (const { y, dx, dw } of [joined, plain]) {
      expectClose(y, want.y, tolerance(9 * inChannels, 1));
      expectClose(dx, want.dx, tolerance(36 * outChannels, largest));
      expectClose(dw, want.dw, tolerance(pixels, largest));
    }
    expectClose(joined.y, plain.y, tolerance(9 * inChannels, 1));
    expectClose(joined.dx, plain.dx, tolerance(36 * outChannels, largest));
    expectClose(joined.dw, plain.dw, tolerance(pixels, largest));
  });

  test('the large picture vanishes, forwards and backwards', () => {
    const names = namesIn(Object.values(build(xShape, outChannels)));
    expect(names.filter((name) => name.startsWith('upsample')).sort()).toEqual([
      'upsample_conv2d',
      'upsample_conv2d_input_grad',
      'upsample_conv2d_weight_grad',
    ]);
    expect(names.filter((name) => name.startsWith('conv2d'))).toEqual([]);
  });
});

describe('the colorizer', () => {
  const lightness = input('lightness', [1, 16, 24, 1]);
  const answer = colorizationNetwork({ widthDivisor: 8, embeddingWidth: 0 }, lightness);

  test('has one nearest x2 left, the last', () => {
    const names = namesIn([answer]);
    expect(count(names, 'upsample2x')).toBe(1);
    expect(count(names, 'upsample_conv2d')).toBe(2);
    expect(names.at(-1)).toBe('upsample2x');
    expect(count(namesIn([answer], ['upsampleConv2d']), 'upsample2x')).toBe(3);
  });

  test('and so has its training', () => {
    const loss = mse(answer, input('target', answer.shape));
    const parameters = reachable([loss]).filter((node) => node.op === parameterOp);
    const names = namesIn([loss, ...gradients(loss, parameters)]);
    expect(count(names, 'upsample2x')).toBe(1);
    expect(count(names, 'upsample2x_grad')).toBe(1);
    for (const name of ['upsample_conv2d', 'upsample_conv2d_input_grad', 'upsample_conv2d_weight_grad']) {
      expect(count(names, name), name).toBe(2);
    }
  });
});

test('bias and activation go along, and a bias for each image', () => {
  const x = input('x', [2, 4, 4, 8]);
  const conv = conv2dSame(upsample2x(x), parameter('w', [3, 3, 8, 4]));
  for (const shape of [[4], [2, 1, 1, 4]]) {
    const names = namesIn([relu(biasAdd(conv, input('b', shape)))]);
    expect(names.filter((name) => name !== 'input' && name !== 'parameter')).toEqual(['upsample_conv2d']);
  }
});

test('what is no such convolution stays as it is', () => {
  const x = input('x', [1, 4, 4, 8]);
  const large = upsample2x(x);
  const kernel = (extent: number) => parameter('w', [extent, extent, 8, 8]);
  const unpadded = { strides: [1, 1], pads: [0, 0, 0, 0], activation: 'none' } as const;
  const others = {
    'stride 2': conv2dSame(large, kernel(3), 2),
    '5x5': conv2dSame(large, kernel(5)),
    '1x1': conv2dSame(large, kernel(1)),
    'no padding': apply(conv2dOp, [large, kernel(3)], unpadded),
    'with a residual': add(conv2dSame(large, kernel(3)), input('r', large.shape)),
  };
  for (const [name, node] of Object.entries(others)) expect(namesIn([node]), name).not.toContain('upsample_conv2d');
});

test('a gradient that another node needs too is not joined', () => {
  const x = input('x', [1, 4, 4, 8]);
  const large = upsample2x(x);
  const y = add(conv2dSame(large, parameter('w', [3, 3, 8, 8])), large);
  const names = namesIn([...gradients(mse(y, input('target', y.shape)), [x])]);
  expect(names).toContain('upsample2x_grad');
  expect(names).not.toContain('upsample_conv2d_input_grad');
});

test('what does not fit is refused, with the values', () => {
  const x = input('x', [1, 4, 4, 8]);
  const none = { activation: 'none' } as const;
  expect(() => apply(upsampleConv2dOp, [x, input('w', [5, 5, 8, 4])], none)).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: upsample_conv2d: expected w [3, 3, 8, Cout], got [5, 5, 8, 4]]`,
  );
  expect(() => apply(upsampleConv2dOp, [x, input('w', [3, 3, 4, 4])], none)).toThrow(
    refusal('ShapeError', 'upsample_conv2d', '[3, 3, 4, 4]', 'w [3, 3, 8, Cout]'),
  );
  const odd = input('dy', [1, 5, 4, 8]);
  expect(() => apply(upsampleConv2dInputGradOp, [odd, input('w', [3, 3, 4, 8])], undefined)).toThrow(
    refusal('ShapeError', 'upsample_conv2d_input_grad', '[1, 5, 4, 8]', 'dy of even height and width with 8 channels'),
  );
  expect(() => apply(upsampleConv2dWeightGradOp, [x, odd], undefined)).toThrow(
    refusal('ShapeError', 'upsample_conv2d_weight_grad', '[1, 5, 4, 8]', 'dy [1, 8, 8, 8]'),
  );
});
