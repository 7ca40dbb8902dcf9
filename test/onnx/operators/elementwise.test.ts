/** Operators on elements, and of matrices, in all forms of their attributes, against ONNX Runtime. */
import { test } from 'vitest';
import { type Argument, type Case, expectModel, expectSame, floats, ints } from '../../support/oracle.ts';
import { float, model, node, tensor } from '../../support/proto_builder.ts';

const x: Argument = [2, 3, 4, 5];

const cases: readonly Case[] = [
  ...['Relu', 'Tanh', 'Sigmoid', 'Exp', 'Neg', 'Abs', 'Floor', 'Ceil', 'LeakyRelu', 'Elu', 'HardSigmoid'].map((op) => ({
    op,
    inputs: [x],
  })),
  { op: 'Sqrt', inputs: [x] },
  { op: 'Log', inputs: [x] },
  { op: 'Reciprocal', inputs: [x] },
  { op: 'LeakyRelu', inputs: [x], attributes: { alpha: 0.3 }, opset: 6 },
  { op: 'Elu', inputs: [x], attributes: { alpha: 0.3 } },
  { op: 'HardSigmoid', inputs: [x], attributes: { alpha: 0.3, beta: 0.7 } },
  { op: 'PRelu', inputs: [x, [3, 1, 1]] },
  ...['Add', 'Sub', 'Mul', 'Div'].flatMap((op) =>
    ([x, [3, 1, 1], [], [5], [4, 1], [1, 3, 1, 5]] as const).map((b) => ({ op, inputs: [x, b] })),
  ),
  { op: 'Sub', inputs: [[3, 1, 1], x] },
  { op: 'Mul', inputs: [x, floats([], 0.17)] },
  { op: 'Pow', inputs: [x, floats([], 2)] },
  { op: 'Pow', inputs: [x, { ...ints(3), shape: [] }] },
  ...['Sum', 'Min', 'Max', 'Mean'].flatMap((op) => [
    { op, inputs: [x] },
    { op, inputs: [x, [4, 5], [3, 1, 1]] },
    { op, inputs: [x, x], opset: 6 },
  ]),
  { op: 'Clip', inputs: [x], attributes: { min: -0.5, max: float(1) }, opset: 6 },
  { op: 'Clip', inputs: [x], attributes: { min: float(0) }, opset: 10 },
  { op: 'Clip', inputs: [x], attributes: { max: float(0) }, opset: 10 },
  { op: 'Clip', inputs: [x, floats([], -0.25), floats([], 0.75)] },
  { op: 'Clip', inputs: [x, '', floats([], 0.75)] },
  { op: 'Clip', inputs: [x, floats([], -0.25)] },
  { op: 'Clip', inputs: [x] },
  { op: 'Clip', inputs: [x, [], floats([], 0.75)] },
  { op: 'Clip', inputs: [x, floats([], 1), floats([], -1)] },
  ...['Erf', 'HardSwish', 'Softplus', 'Softsign', 'Sign', 'Round', 'Celu', 'Selu', 'ThresholdedRelu'].map((op) => ({
    op,
    inputs: [x],
    scale: 5,
  })),
  { op: 'Erf', inputs: [x], scale: 1e-3 },
  { op: 'Celu', inputs: [x], attributes: { alpha: 0.3 } },
  { op: 'Selu', inputs: [x], attributes: { alpha: 1.5, gamma: 0.5 }, opset: 6 },
  { op: 'ThresholdedRelu', inputs: [x], attributes: { alpha: 0.3 }, opset: 10 },
  { op: 'HardSigmoid', inputs: [x], opset: 6 },
  { op: 'Mish', inputs: [x], opset: 18, scale: 30 },
  { op: 'Gelu', inputs: [x], opset: 20, scale: 6 },
  { op: 'Gelu', inputs: [x], attributes: { approximate: 'tanh' }, opset: 20, scale: 6 },
  ...['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'].map(
    (op): Case => ({ op, inputs: [x, [3, 1, 1]], type: 'bool' }),
  ),
  { op: 'Where', inputs: [{ shape: [3, 1, 1], data: [1, 0, 1], type: 'bool' }, x, [5]] },
  { op: 'Where', inputs: [{ shape: [5], data: [1, 0, 1, 1, 0], type: 'bool' }, floats([], -100), x] },
  {
    op: 'MatMul',
    inputs: [
      [3, 4],
      [4, 5],
    ],
  },
  {
    op: 'MatMul',
    inputs: [
      [2, 3, 4],
      [4, 5],
    ],
  },
  { op: 'MatMul', inputs: [[4], [4, 5]] },
  { op: 'MatMul', inputs: [[3, 4], [4]] },
  { op: 'MatMul', inputs: [[4], [4]] },
  {
    op: 'MatMul',
    inputs: [
      [2, 1, 3, 4],
      [5, 4, 2],
    ],
  },
  { op: 'Gemm', inputs: [[3, 4], [4, 5], [5]] },
  {
    op: 'Gemm',
    inputs: [
      [3, 4],
      [4, 5],
    ],
  },
  {
    op: 'Gemm',
    inputs: [
      [3, 4],
      [4, 5],
    ],
    opset: 11,
  },
  {
    op: 'Gemm',
    inputs: [
      [3, 4],
      [5, 4],
      [3, 1],
    ],
    attributes: { transB: 1, alpha: 0.5, beta: 0.25 },
  },
  { op: 'Gemm', inputs: [[4, 3], [4, 5], []], attributes: { transA: 1, beta: float(2) } },
  {
    op: 'Gemm',
    inputs: [
      [4, 3],
      [5, 4],
      [1, 5],
    ],
    attributes: { transA: 1, transB: 1 },
    opset: 7,
  },
  {
    op: 'Gemm',
    inputs: [
      [3, 4],
      [4, 5],
      [3, 5],
    ],
    attributes: { beta: float(0) },
    opset: 9,
  },
];
test.each(cases.map((of) => [`${of.op} ${JSON.stringify([of.inputs, of.attributes, of.opset])}`, of] as const))(
  '%s',
  (_, of) => expectSame(of),
);

test('not-a-number stays, infinity is clipped where there is a bound', async () => {
  const bytes = model({
    nodes: [
      node('Clip', ['x', 'low', 'high'], ['clipped']),
      node('Max', ['x', 'low'], ['raised']),
      node('Add', ['x', 'low'], ['sum']),
    ],
    inputs: { x: [5] },
    outputs: ['clipped', 'raised', 'sum'],
    initializers: [tensor('low', [], [-1]), tensor('high', [], [2])],
  });
  const data = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.5, -7);
  await expectModel(bytes, { x: { data, shape: [5] } });
});
