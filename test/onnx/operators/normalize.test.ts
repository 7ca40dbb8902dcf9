/** Normalizations and reductions, in all forms of their attributes, against ONNX Runtime. */
import { expect, test } from 'vitest';
import { loadOnnx } from '../../../src/onnx/load.ts';
import { gpu } from '../../support/gpu.ts';
import { type Argument, type Case, expectModel, expectSame, ints } from '../../support/oracle.ts';
import { CODES, model, node, tensor, value } from '../../support/proto_builder.ts';

const x: Argument = [2, 3, 4, 5];

const cases: readonly Case[] = [
  ...[1, 6, 11, 12].flatMap((opset) =>
    [0, 1, 2].map((axis) => ({ op: 'Softmax', inputs: [x], attributes: { axis }, opset: opset === 1 ? 7 : opset })),
  ),
  ...[0, 1, -1].map((axis) => ({ op: 'Softmax', inputs: [x], attributes: { axis }, opset: 13 })),
  { op: 'Softmax', inputs: [x], opset: 11 },
  { op: 'Softmax', inputs: [x], scale: 300, opset: 13 },
  ...['ReduceMean', 'ReduceSum', 'ReduceMax'].flatMap((op): Case[] => [
    { op, inputs: [x], opset: 11 },
    { op, inputs: [x], attributes: { axes: [1, -1] }, opset: 11 },
    { op, inputs: [x], attributes: { axes: [2, 3], keepdims: 0 }, opset: 11 },
    { op, inputs: [x, ints(0, -2)], attributes: { keepdims: 0 }, opset: 18 },
    { op, inputs: [x], attributes: { keepdims: 0 }, opset: 18 },
    { op, inputs: [x], attributes: { noop_with_empty_axes: 1 }, opset: 18 },
  ]),
  { op: 'ReduceSum', inputs: [x, ints(1, 2)], attributes: { keepdims: 1 }, opset: 13 },
  ...[7, 11, 13].flatMap((opset) =>
    [0, 2, -1].map((axis) => ({
      op: 'LogSoftmax',
      inputs: [x],
      attributes: { axis: opset < 11 ? axis + (axis < 0 ? 4 : 0) : axis },
      opset,
    })),
  ),
  { op: 'LogSoftmax', inputs: [x], scale: 300, opset: 13 },
  ...['ReduceMin', 'ReduceProd', 'ReduceL1', 'ReduceL2', 'ReduceSumSquare', 'ReduceLogSumExp'].flatMap((op): Case[] => [
    { op, inputs: [x], opset: 11 },
    { op, inputs: [x, ints(1, -1)], attributes: { keepdims: 0 }, opset: 18 },
  ]),
  { op: 'ReduceLogSumExp', inputs: [x], attributes: { axes: [2] }, opset: 13, scale: 300 },
  ...['ArgMax', 'ArgMin'].flatMap((op): Case[] => [
    { op, inputs: [x], type: 'int64' },
    { op, inputs: [x], attributes: { axis: -1, keepdims: 0 }, type: 'int64', opset: 11 },
    { op, inputs: [x], attributes: { axis: 1, select_last_index: 1 }, type: 'int64' },
  ]),
  { op: 'InstanceNormalization', inputs: [x, [3], [3]] },
  { op: 'InstanceNormalization', inputs: [[2, 3, 8], [3], [3]], attributes: { epsilon: 0.1 }, opset: 6 },
  { op: 'LayerNormalization', inputs: [x, [5], [5]] },
  { op: 'LayerNormalization', inputs: [x, [4, 5]], attributes: { axis: 2, epsilon: 0.1 }, outputs: 3 },
  { op: 'LayerNormalization', inputs: [x, [3, 4, 5], [3, 4, 5]], attributes: { axis: -3 } },
  { op: 'GroupNormalization', inputs: [[2, 6, 4, 5], [6], [6]], attributes: { num_groups: 3 }, opset: 21 },
  { op: 'GroupNormalization', inputs: [[2, 6, 4], [6], [6]], attributes: { num_groups: 2, epsilon: 0.1 }, opset: 21 },
];
test.each(
  cases.map((of) => [`${of.op} ${JSON.stringify([of.inputs, of.attributes, of.opset, of.scale])}`, of] as const),
)('%s', (_, of) => expectSame(of));

test('reductions of shapes are done during import', async () => {
  const bytes = model({
    nodes: [
      node('Shape', ['x'], ['shape']),
      node('ReduceProd', ['shape'], ['count'], { keepdims: 1, axes: [0] }),
      node('ReduceMax', ['shape'], ['most'], { keepdims: 0 }),
      node('Reshape', ['x', 'count'], ['y']),
    ],
    inputs: { x: ['n', 3, 'w'] },
    outputs: [value('y'), value('count', undefined, 'int64'), value('most', undefined, 'int64')],
  });
  await expectModel(bytes, { x: { data: Float32Array.from({ length: 24 }, (_, i) => i), shape: [2, 3, 4] } });
});

test('a window attention block, as Swin has it', async () => {
  const int64 = (name: string, ...data: number[]) => tensor(name, [data.length], data, { type: 'int64' });
  const nodes = [
    node('LayerNormalization', ['x', 'gain', 'offset'], ['normal'], { axis: -1 }),
    // A roll by 1 along the height.
    node('Slice', ['normal', 'one', 'far', 'one'], ['below']),
    node('Slice', ['normal', 'zero', 'one', 'one'], ['above']),
    node('Concat', ['below', 'above'], ['rolled'], { axis: 1 }),
    node('Reshape', ['rolled', 'windows'], ['split']),
    node('Transpose', ['split'], ['gathered'], { perm: [0, 1, 3, 2, 4, 5] }),
    node('Reshape', ['gathered', 'rows'], ['tokens']),
    node('MatMul', ['tokens', 'w'], ['qkv']),
    node('Reshape', ['qkv', 'heads'], ['parts']),
    node('Transpose', ['parts'], ['turned'], { perm: [2, 0, 3, 1, 4] }),
    node('Gather', ['turned', 'i0'], ['q'], { axis: 0 }),
    node('Gather', ['turned', 'i1'], ['k'], { axis: 0 }),
    node('Gather', ['turned', 'i2'], ['v'], { axis: 0 }),
    node('Transpose', ['k'], ['kt'], { perm: [0, 1, 3, 2] }),
    node('MatMul', ['q', 'kt'], ['scores']),
    node('Equal', ['mask', 'none'], ['open']),
    node('Not', ['open'], ['closed']),
    node('Where', ['closed', 'minus', 'mask'], ['bias']),
    node('Add', ['scores', 'bias'], ['biased']),
    node('Softmax', ['biased'], ['shares'], { axis: -1 }),
    node('MatMul', ['shares', 'v'], ['mixed']),
    node('Cast', ['closed'], ['numbers'], { to: CODES.float32 }),
    node('Mul', ['numbers', 'mixed4'], ['unused']),
    node('Gelu', ['mixed'], ['y']),
  ].filter(({ output }) => output![0] !== 'unused');
  const scalar = (name: string, data: number) => tensor(name, [], [data], { type: 'int64' });
  const initializers = [
    tensor('gain', [6], [1, 2, 0.5, 1, 1.5, -1]),
    tensor('offset', [6], [0, 1, 0, -1, 0, 0.5]),
    tensor(
      'w',
      [6, 18],
      Array.from({ length: 108 }, (_, i) => Math.sin(i)),
    ),
    tensor(
      'mask',
      [1, 1, 4, 4],
      Array.from({ length: 16 }, (_, i) => (i % 5 === 1 ? 1 : 0)),
    ),
    tensor('none', [], [0]),
    tensor('minus', [], [-100]),
    ...['i0', 'i1', 'i2'].map(scalar),
    ...[int64('zero', 0), int64('one', 1), int64('far', 2 ** 40), int64('windows', 1, 2, 2, 2, 2, 6)],
    ...[int64('rows', 4, 4, 6), int64('heads', 4, 4, 3, 2, 3)],
  ];
  const data = Float32Array.from({ length: 96 }, (_, i) => Math.cos(3 * i));
  const bytes = model({
    nodes,
    inputs: { x: [1, 4, 4, 6] },
    outputs: [value('y'), value('closed', undefined, 'bool'), value('numbers')],
    initializers,
    opset: 20,
  });
  await expectModel(bytes, { x: { data, shape: [1, 4, 4, 6] } });
});

test('up to opset 20 a group has one scale', async () => {
  const bytes = model({
    nodes: [node('GroupNormalization', ['x', 's', 'b'], ['y'], { num_groups: 2 })],
    inputs: { x: [1, 4, 2] },
    outputs: ['y'],
    initializers: [tensor('s', [2], [1, 2]), tensor('b', [2], [0, 10])],
    opset: 18,
  });
  const loaded = await loadOnnx(gpu, bytes);
  const { y } = await loaded.run({ x: { data: Float32Array.of(-1, 1, -1, 1, -1, 1, -1, 1), shape: [1, 4, 2] } });
  loaded.close();
  for (const [i, want] of [-1, 1, -1, 1, 8, 12, 8, 12].entries()) expect(y!.data[i]).toBeCloseTo(want, 4);
});
