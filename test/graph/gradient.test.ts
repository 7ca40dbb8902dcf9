/** Every op's gradient along a random direction, against a central difference of the loss, on the device. */
import { describe, expect, test } from 'vitest';
import { compile } from '../../src/graph/compile.ts';
import { gradients } from '../../src/graph/gradient.ts';
import { apply, type Node, type Op, type Shape, sizeOf } from '../../src/graph/node.ts';
import { conv2dOp, conv2dSame } from '../../src/graph/ops/conv/conv2d.ts';
import { input, parameter } from '../../src/graph/ops/core/input.ts';
import { tensor } from '../../src/graph/ops/core/tensor.ts';
import { add, addOp } from '../../src/graph/ops/elementwise/add.ts';
import { biasAdd, biasAddOp } from '../../src/graph/ops/elementwise/bias_add.ts';
import { relu, reluOp } from '../../src/graph/ops/elementwise/relu.ts';
import { tanh, tanhOp } from '../../src/graph/ops/elementwise/tanh.ts';
import { unary } from '../../src/graph/ops/elementwise/unary.ts';
import { allOps } from '../../src/graph/ops/index.ts';
import { crossEntropy, crossEntropyOp } from '../../src/graph/ops/loss/cross_entropy.ts';
import { mse, mseOp } from '../../src/graph/ops/loss/mse.ts';
import { reshape, reshapeOp } from '../../src/graph/ops/movement/reshape.ts';
import { upsample2x, upsample2xOp } from '../../src/graph/ops/movement/upsample2x.ts';
import { BINS } from '../../src/kernels/loss/chroma_bins.ts';
import { gpu } from '../support/gpu.ts';
import { random } from '../support/random.ts';
import { refusal } from '../support/refusal.ts';

interface Case {
  readonly op: Op<never>;
  readonly name: string;
  readonly shapes: readonly Shape[];
  readonly build: (...inputs: Node[]) => Node;
}

const asymmetric = { strides: [2, 1], pads: [0, 2, 1, 0], activation: 'none' } as const;

const cases: Case[] = [
  {
    op: addOp,
    name: 'add',
    shapes: [
      [2, 3, 3, 5],
      [2, 3, 3, 5],
    ],
    build: (a, b) => add(a!, b!),
  },
  { op: addOp, name: 'x + x: a node used twice', shapes: [[2, 3, 3, 5]], build: (a) => add(a!, a!) },
  { op: reluOp, name: 'relu', shapes: [[1, 5, 7, 3]], build: (x) => relu(x!) },
  { op: tanhOp, name: 'tanh', shapes: [[1, 5, 7, 3]], build: (x) => tanh(x!) },
  { op: reshapeOp, name: 'reshape', shapes: [[2, 3, 5, 2]], build: (x) => tanh(reshape(x!, [1, 6, 2, 5])) },
  { op: upsample2xOp, name: 'upsample2x', shapes: [[2, 3, 5, 2]], build: (x) => upsample2x(x!) },
  { op: biasAddOp, name: 'bias_add', shapes: [[2, 3, 5, 6], [6]], build: (x, b) => biasAdd(x!, b!) },
  {
    op: biasAddOp,
    name: 'bias_add for each image',
    shapes: [
      [3, 3, 5, 6],
      [3, 1, 1, 6],
    ],
    build: (x, b) => biasAdd(x!, b!),
  },
  {
    op: conv2dOp,
    name: 'conv2d 3x3',
    shapes: [
      [2, 6, 7, 4],
      [3, 3, 4, 8],
    ],
    build: (x, w) => conv2dSame(x!, w!),
  },
  {
    op: conv2dOp,
    name: 'conv2d 3x3 stride 2',
    shapes: [
      [1, 8, 6, 3],
      [3, 3, 3, 5],
    ],
    build: (x, w) => conv2dSame(x!, w!, 2),
  },
  {
    op: conv2dOp,
    name: 'conv2d 1x1',
    shapes: [
      [1, 5, 4, 13],
      [1, 1, 13, 6],
    ],
    build: (x, w) => conv2dSame(x!, w!),
  },
  {
    op: conv2dOp,
    name: 'conv2d 3x2, strides 2 and 1, asymmetric padding',
    shapes: [
      [2, 7, 6, 4],
      [3, 2, 4, 4],
    ],
    build: (x, w) => apply(conv2dOp, [x!, w!], asymmetric),
  },
  { op: mseOp, name: 'mse', shapes: [[2, 3, 5, 2]], build: (x) => x! },
  {
    op: crossEntropyOp,
    name: 'cross-entropy',
    shapes: [[1, 2, 3, BINS ** 2]],
    build: (x) =>
      reshape(
        crossEntropy(
          x!,
          tensor('chroma', [1, 2, 3, 2], () => random(12, 9)),
        ),
        [1, 1, 1, 1],
      ),
  },
];

test('every op has a gradient that is tested, or says why it has none', () => {
  const tested = new Set(cases.map(({ op }) => op.name));
  const missing = allOps.filter((op) => typeof op.gradient !== 'string' && !tested.has(op.name));
  expect(missing.map((op) => op.name)).toEqual([]);
});

describe.each([false, true])('weighted loss: %s', (weighted) => {
  test.each(cases.filter((_, i) => !weighted || i % 4 === 3))('gradient of $name', async ({ shapes, build }) => {
    const inputs = shapes.map((shape, i) => input(`x${i}`, shape));
    const y = build(...inputs);
    const target = input('target', y.shape);
    const weight = weighted ? input('weight', [...y.shape.slice(0, 3), 1]) : undefined;
    const loss = mse(y, target, weight);
    const grads = gradients(loss, inputs);
    const outputs = { loss, ...Object.fromEntries(grads.map((grad, i) => [`d${i}`, grad])) };
    const executable = await compile(gpu, { label: 'test', outputs });

    // Away from zero, where relu has no derivative: the step below must not cross it.
    const values = shapes.map((shape, i) => random(sizeOf(shape), i + 1).map((v) => v + Math.sign(v) * 0.05));
    const direction = shapes.map((shape, i) => random(sizeOf(shape), i + 50));
    executable.feed('target', random(sizeOf(y.shape), 99));
    if (weight) executable.feed('weight', random(sizeOf(weight.shape), 98).map(Math.abs));
    const lossAt = async (shift: number) => {
      for (const [i, v] of values.entries())
        executable.feed(
          `x${i}`,
          v.map((x, j) => x + shift * direction[i]![j]!),
        );
      executable.run();
      return (await executable.read('loss'))[0]!;
    };
    const h = 2e-2;
    const numeric = ((await lossAt(h)) - (await lossAt(-h))) / (2 * h);
    const value = await lossAt(0);
    let analytic = 0;
    for (const [i] of shapes.entries()) {
      const grad = await executable.read(`d${i}`);
      analytic += grad.reduce((sum, g, j) => sum + g * direction[i]![j]!, 0);
    }
    // The losses are sums of rounded products, good to some 1e-6 of themselves; tanh, and x ∗ w with both
    // moved, have a third derivative, over h².
    const tolerance =
      (2e-6 * value) / (2 * h) + (y.op === tanhOp || y.op === conv2dOp ? 2e-3 : 2e-4) * Math.abs(numeric);
    expect(Math.abs(analytic - numeric)).toBeLessThan(tolerance);
    executable.close();
  });
});

test('errors name what was expected', () => {
  const x = input('x', [1, 4, 4, 2]);
  expect(() => gradients(x, [x])).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: gradients: expected a loss of 1 element, got [1, 4, 4, 2] – reduce it first]`,
  );
  const unrelated = () => gradients(mse(x, x), [input('other', [1])]);
  const depends = 'a loss that depends on each node of wrt';
  expect(unrelated).toThrow(refusal('ShapeError', 'gradients', 'one that does not on node 0 (input)', depends));
  const once = unary('exp', x);
  const way = 'operations that have a gradient';
  expect(() => gradients(mse(once, x), [x])).toThrow(refusal('ShapeError', 'gradients', 'unary (inference)', way));
  const w = parameter('w', [3, 3, 2, 2]);
  const window = { strides: [1, 1], pads: [1, 1, 1, 1] } as const;
  const fused = apply(conv2dOp, [x, w], { ...window, activation: 'relu' });
  const got = 'one with 0 more inputs and activation relu';
  expect(() => gradients(mse(fused, x), [w])).toThrow(refusal('ShapeError', 'gradients', got, 'nothing fused'));
});
