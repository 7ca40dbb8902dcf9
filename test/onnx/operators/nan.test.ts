/** Not-a-number goes through every operator as in ONNX Runtime, alone and behind a convolution that takes it in. */
import { expect, test } from 'vitest';
import { loadOnnx } from '../../../src/onnx/load.ts';
import { gpu } from '../../support/gpu.ts';
import { expectModel } from '../../support/oracle.ts';
import { model, node, tensor } from '../../support/proto_builder.ts';

const negative = new Float32Array(Uint32Array.of(0xffc00000).buffer)[0]!;
const special = Float32Array.of(1, Number.NaN, -2, 3, negative, -5, Number.POSITIVE_INFINITY, 0.5);

test('element by element', async () => {
  const single = ['Relu', 'LeakyRelu', 'Elu', 'HardSigmoid', 'HardSwish', 'Tanh', 'Sigmoid', 'Softplus', 'Erf', 'Abs'];
  const nodes = [
    ...single.map((op) => node(op, ['x'], [op])),
    node('Max', ['x', 'zero'], ['max']),
    node('Max', ['zero', 'x'], ['max of a number and x']),
    node('Min', ['x', 'zeros'], ['min']),
    node('Clip', ['x', 'minus', 'two'], ['clip']),
    node('Clip', ['x', '', 'two'], ['clip above']),
    node('PRelu', ['x', 'two'], ['prelu']),
  ];
  const initializers = [
    tensor('zero', [], [0]),
    tensor('minus', [], [-1]),
    tensor('two', [], [2]),
    tensor('zeros', [8], new Float32Array(8)),
  ];
  const outputs = nodes.map(({ output }) => output![0]!);
  await expectModel(model({ nodes, inputs: { x: [8] }, outputs, initializers }), { x: { data: special, shape: [8] } });
});

test.each([
  ['1x1', [8, 4, 1, 1], 1],
  ['3x3', [8, 4, 3, 3], 1],
  ['3x3 of one channel each', [4, 1, 3, 3], 4],
  ['3x3 of two groups', [8, 2, 3, 3], 2],
  ['3x3 of many channels', [64, 4, 3, 3], 1],
])('in what follows a convolution: %s', async (_, shape, group) => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const conv = (y: string) =>
    node('Conv', ['x', 'w', 'b'], [y], { group, pads: shape[2] === 3 ? [1, 1, 1, 1] : [0, 0, 0, 0] });
  const nodes = [
    ...[conv('a'), node('Relu', ['a'], ['relu'])],
    ...[conv('c'), node('Clip', ['c', 'zero', 'six'], ['relu6'])],
    ...[conv('d'), node('Tanh', ['d'], ['tanh'])],
    ...[conv('e'), node('HardSwish', ['e'], ['hard_swish'])],
  ];
  const weights = Array.from({ length: size }, (_, i) => Math.sin(i));
  const data = Float32Array.from({ length: 4 * 81 }, (_, i) => (i === 200 ? Number.NaN : Math.cos(i)));
  const initializers = [
    tensor('w', shape, weights),
    tensor('b', [shape[0]!], weights.slice(0, shape[0])),
    tensor('zero', [], [0]),
    tensor('six', [], [6]),
  ];
  const outputs = ['relu', 'relu6', 'tanh', 'hard_swish'];
  await expectModel(model({ nodes, inputs: { x: [1, 4, 9, 9] }, outputs, initializers }), {
    x: { data, shape: [1, 4, 9, 9] },
  });
});

test('a maximum of NaN is NaN, and its place the first; ONNX Runtime drops it or not, by where it lies', async () => {
  const nodes = [
    node('ReduceMax', ['x'], ['reduced'], { axes: [3], keepdims: 0 }),
    node('ReduceMin', ['x'], ['least'], { axes: [3], keepdims: 0 }),
    node('GlobalMaxPool', ['x'], ['whole']),
    node('MaxPool', ['x'], ['pooled'], { kernel_shape: [1, 2], strides: [1, 2] }),
    node('ArgMax', ['x'], ['place'], { axis: 3, keepdims: 0 }),
    node('ArgMin', ['x'], ['place of the least'], { axis: 3, keepdims: 0 }),
  ];
  const outputs = nodes.map(({ output }) => output![0]!);
  const loaded = await loadOnnx(gpu, model({ nodes, inputs: { x: [1, 1, 2, 4] }, outputs }));
  const results = await loaded.run({
    x: { data: Float32Array.of(1, Number.NaN, -2, Number.NaN, 3, 5, 7, 6), shape: [1, 1, 2, 4] },
  });
  loaded.close();
  // As ONNX's reference evaluator, which is numpy, has them.
  const nan = Number.NaN;
  const want = { reduced: [nan, 7], least: [nan, 3], whole: [nan], pooled: [nan, nan, 5, 7], place: [1, 2] };
  for (const [name, numbers] of Object.entries({ ...want, 'place of the least': [1, 0] })) {
    expect(Array.from(results[name]!.data), name).toEqual(numbers);
  }
});
