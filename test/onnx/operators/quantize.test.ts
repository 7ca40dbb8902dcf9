/** Quantized constants in each form of each opset, against ONNX Runtime; and those that do not fit together. */
import { expect, test, vi } from 'vitest';
import { importGraph } from '../../../src/onnx/import.ts';
import { loadOnnx } from '../../../src/onnx/load.ts';
import { readOnnx } from '../../../src/onnx/read.ts';
import type { DataType } from '../../../src/onnx/tensor_types.ts';
import { Value } from '../../../src/onnx/values.ts';
import { gpu } from '../../support/gpu.ts';
import { type Argument, type Case, type Constant, expectModel, expectSame, floats } from '../../support/oracle.ts';
import { CODES, model, node, tensor, value } from '../../support/proto_builder.ts';
import { random } from '../../support/random.ts';

const size = (shape: readonly number[]) => shape.reduce((product, extent) => product * extent, 1);

/** Integers of the whole range of a type, its ends among them. */
function stored(type: DataType, shape: readonly number[], seed = 1): Constant {
  const bits = Number(/\d+/.exec(type)![0]);
  const low = type.startsWith('u') ? 0 : -(2 ** (bits - 1));
  const data = Array.from(random(size(shape), seed), (x) => low + Math.floor(((x + 1) / 2) * 2 ** bits));
  return { type, shape, data: data.map((number, i) => [low, low + 2 ** bits - 1][i] ?? number) };
}

const scales = (n: number, seed = 9) => floats([n], ...random(n, seed).map((x) => (x + 1.1) * 0.01));
const scalar = floats([], 0.037);
const of = (type: DataType, data: number, shape: readonly number[] = []): Constant => ({ type, shape, data: [data] });
const dequantize = (inputs: readonly Argument[], more: Partial<Case> = {}): Case => ({
  op: 'DequantizeLinear',
  inputs,
  tolerance: 1e-7,
  ...more,
});

const forms: Readonly<Record<string, Case>> = {
  'opset 10, int8': dequantize([stored('int8', [2, 3, 5]), scalar, of('int8', -7)], { opset: 10 }),
  'opset 10, uint8': dequantize([stored('uint8', [2, 3, 5]), scalar, of('uint8', 130)], { opset: 10 }),
  'opset 10, int32, no zero point': dequantize([stored('int32', [4, 5]), scalar], { opset: 10 }),
  'int8, no zero point': dequantize([stored('int8', [7]), scalar]),
  'a scalar': dequantize([of('int8', -100), scalar, of('int8', 27)]),
  'one scale as a list': dequantize([stored('uint8', [3, 4]), floats([1], 0.5), of('uint8', 3, [1])]),
  'int32, a zero point of 0': dequantize([stored('int32', [4, 5]), scalar, of('int32', 0)]),
  'axis 0, and large': dequantize([stored('int8', [40, 9, 3]), scales(40), stored('int8', [40], 2)], {
    attributes: { axis: 0 },
  }),
  'axis 1 by default': dequantize([stored('int8', [4, 6, 5, 3]), scales(6)]),
  'axis -1, uint8': dequantize([stored('uint8', [4, 6, 5]), scales(5), stored('uint8', [5], 2)], {
    attributes: { axis: -1 },
  }),
  'more scales than are known': dequantize([stored('int8', [300, 2]), scales(300), stored('int8', [300], 2)], {
    attributes: { axis: 0 },
  }),
  'int32 along an axis': dequantize([stored('int32', [4, 6]), scales(6)]),
  'an axis of one': dequantize([stored('int8', [5, 1, 70]), floats([1], 0.3), of('int8', 5, [1])]),
  'opset 19, axis 0': dequantize([stored('int8', [4, 6]), scales(4)], { attributes: { axis: 0 }, opset: 19 }),
  'opset 21, int16': dequantize([stored('int16', [4, 6]), scales(6), stored('int16', [6], 2)], { opset: 21 }),
  'opset 21, uint16': dequantize([stored('uint16', [9, 40]), scalar, of('uint16', 40000)], { opset: 21 }),
  'opset 21, no blocks': dequantize([stored('int8', [4, 6]), scales(6)], {
    attributes: { block_size: 0, axis: 1 },
    opset: 21,
  }),
  'opset 23, the result named': dequantize([stored('int8', [4, 6]), scales(6)], {
    attributes: { output_dtype: CODES.float32 },
    opset: 23,
  }),
};
test.each(Object.entries(forms))('%s', (_, form) => expectSame(form));

test('scales of float16 make float16, which is computed as float32', async () => {
  const { shape, data } = stored('int8', [4, 6]);
  const initializers = [tensor('q', shape, data, { type: 'int8' }), tensor('s', [], [0.0625], { type: 'float16' })];
  const nodes = [node('DequantizeLinear', ['q', 's'], ['half']), node('Cast', ['half'], ['y'], { to: CODES.float32 })];
  await expectModel(model({ nodes, inputs: {}, outputs: ['y'], initializers, opset: 19 }), {});
});

test('weights of a convolution and a product, quantized, shared, and from Constant nodes', async () => {
  const [weight, bias, matrix] = [stored('int8', [8, 3, 3, 3]), stored('int32', [8]), stored('uint8', [8, 5])];
  const initializers = [
    ...[weight, bias].map(({ shape, data, type }, i) => tensor(`q${i}`, shape, data, { type })),
    tensor('s', [8], scales(8).data),
    tensor('t', [], [1e-9]),
    tensor('half', [], [0.004]),
    tensor('z', [], [128], { type: 'uint8' }),
  ];
  const nodes = [
    node('DequantizeLinear', ['q0', 's'], ['w'], { axis: 0 }),
    // The same integers with other scales are other weights.
    node('DequantizeLinear', ['q0', 'half'], ['w2']),
    node('DequantizeLinear', ['q1', 't'], ['b']),
    node('Constant', [], ['q2'], { value: tensor('', matrix.shape, matrix.data, { type: 'uint8' }) }),
    node('DequantizeLinear', ['q2', 'half', 'z'], ['m']),
    node('Conv', ['x', 'w', 'b'], ['c']),
    node('Conv', ['x', 'w2', 'b'], ['d']),
    node('Add', ['c', 'd'], ['e']),
    node('GlobalAveragePool', ['e'], ['p']),
    node('Flatten', ['p'], ['f']),
    node('MatMul', ['f', 'm'], ['y']),
  ];
  const bytes = model({ nodes, inputs: { x: [2, 3, 6, 7] }, outputs: ['y', 'e'], initializers });
  await expectModel(bytes, { x: { data: random(2 * 3 * 6 * 7), shape: [2, 3, 6, 7] } });
});

test('a small one is known during import: a bound of Clip', async () => {
  const initializers = [tensor('q', [], [60], { type: 'int8' }), tensor('s', [], [0.01]), tensor('low', [], [0])];
  const nodes = [node('DequantizeLinear', ['q', 's'], ['high']), node('Clip', ['x', 'low', 'high'], ['y'])];
  const bytes = model({ nodes, inputs: { x: [9] }, outputs: ['y'], initializers });
  await expectModel(bytes, { x: { data: random(9), shape: [9] } });
});

test('integers of any size stay encoded until they are uploaded', async () => {
  const n = 2 ** 21;
  const data = new Uint8Array(n).fill(3);
  const initializers = [
    { name: 'q', dims: [n], dataType: CODES.uint8, rawData: data },
    tensor('s', [], [0.5]),
    tensor('i', [1], [7], { type: 'int64' }),
  ];
  const nodes = [node('DequantizeLinear', ['q', 's'], ['w']), node('Gather', ['w', 'i'], ['y'])];
  const bytes = model({ nodes, inputs: {}, outputs: ['y'], initializers });
  const file = await readOnnx(bytes, { name: 'large.onnx' });
  const array = file.graph.initializers.get('q')!;
  const decoded = [vi.spyOn(array, 'floats'), vi.spyOn(array, 'integers')];
  expect(importGraph(file, file.graph, {}).y!.shape).toEqual([1]);
  for (const spy of decoded) expect(spy).not.toHaveBeenCalled();
  // As an array of JavaScript's numbers they are still too many.
  expect(() => Value.stored(array).numbers).toThrow('expected at most 1048576 elements, got [2097152]');
  const loaded = await loadOnnx(gpu, bytes);
  expect((await loaded.run({})).y!.data).toEqual(Float32Array.of(1.5));
  loaded.close();
});

const int8 = (name: string, ...data: number[]) => tensor(name, [data.length], data, { type: 'int8' });
const weights = tensor('q', [2, 3], [1, 2, 3, 4, 5, 6], { type: 'int8' });
const hostile: Readonly<
  Record<string, { with: Parameters<typeof model>[0]['initializers']; says: string } & Partial<Case>>
> = {
  'an axis that is not there': {
    with: [weights, tensor('s', [3], [1, 2, 3])],
    attributes: { axis: 2 },
    says: 'expected an axis from -2 to 1, got 2',
  },
  'another number of scales': {
    with: [weights, tensor('s', [2], [1, 2])],
    says: 'expected 3 scales for axis 1 of [2, 3], got [2]',
  },
  'no scales': { with: [weights, tensor('s', [0], [])], says: 'expected 3 scales for axis 1 of [2, 3], got [0]' },
  'scales of two axes': { with: [weights, tensor('s', [1, 3], [1, 2, 3])], says: 'for axis 1 of [2, 3], got [1, 3]' },
  'an axis before opset 13': {
    with: [weights, tensor('s', [3], [1, 2, 3])],
    opset: 10,
    says: 'expected one scale in opset 10, got [3]',
  },
  'scales that are integers': { with: [weights, int8('s', 1)], says: 'expected floating-point scales, got int8' },
  'a zero point of another type': {
    with: [weights, tensor('s', [], [1]), tensor('z', [], [0], { type: 'uint8' })],
    says: 'expected a zero point of int8, as x is, got uint8',
  },
  'more zero points than scales': {
    with: [weights, tensor('s', [], [1]), int8('z', 0, 0, 0)],
    says: "expected zero points of the scales' shape [], got [3]",
  },
  'fewer zero points than scales': {
    with: [weights, tensor('s', [3], [1, 2, 3]), int8('z', 0)],
    says: "expected zero points of the scales' shape [3], got [1]",
  },
  'a zero point for int32': {
    with: [
      tensor('q', [3], [1, 2, 3], { type: 'int32' }),
      tensor('s', [], [1]),
      tensor('z', [], [5], { type: 'int32' }),
    ],
    says: 'expected no zero point but 0 for int32, got another',
  },
  'floats that are quantized': {
    with: [tensor('q', [3], [1, 2, 3]), tensor('s', [], [1])],
    says: 'expected quantized numbers of int8, uint8, int16, uint16, int32, got float32',
  },
  'int64 that is quantized': {
    with: [tensor('q', [3], [1, 2, 3], { type: 'int64' }), tensor('s', [], [1])],
    says: 'expected quantized numbers of int8, uint8, int16, uint16, int32, got int64',
  },
  blocks: {
    with: [weights, tensor('s', [2, 1], [1, 2])],
    attributes: { block_size: 3 },
    opset: 21,
    says: "DequantizeLinear that makes 'y' (opset 21): it is quantized in blocks",
  },
  'a result that is no float': {
    with: [weights, tensor('s', [], [1])],
    attributes: { output_dtype: CODES.int32 },
    opset: 23,
    says: "DequantizeLinear that makes 'y' (opset 23): it makes int32",
  },
  'a result of float8': {
    with: [weights, tensor('s', [], [1])],
    attributes: { output_dtype: 17 },
    opset: 23,
    says: "DequantizeLinear that makes 'y' (opset 23): it makes elements of type 17",
  },
};
test.each(Object.entries(hostile))('%s: refused', async (_, { with: initializers, attributes, opset, says }) => {
  const inputs = ['q', 's', ...(initializers!.some(({ name }) => name === 'z') ? ['z'] : [])];
  const nodes = [node('DequantizeLinear', inputs, ['y'], attributes)];
  const bytes = model({ nodes, inputs: {}, outputs: ['y'], initializers: initializers!, opset: opset ?? 17 });
  const run = async () => {
    const loaded = await loadOnnx(gpu, bytes, { name: 'bad.onnx' });
    await loaded.run({}).finally(() => loaded.close());
  };
  await expect(run()).rejects.toThrow(says);
  await expect(run()).rejects.toThrow(/^bad.onnx: .*DequantizeLinear that makes 'y'/);
});

test('quantized arithmetic is refused by name', async () => {
  const initializers = [tensor('s', [], [1]), tensor('z', [], [0], { type: 'uint8' })];
  const refusal = async (inputs: Parameters<typeof model>[0]['inputs'], ...nodes: ReturnType<typeof node>[]) => {
    const loaded = await loadOnnx(gpu, model({ nodes, inputs, outputs: ['y'], initializers }), { name: 'bad.onnx' });
    await loaded.run({ x: { data: random(4), shape: [4] } }).finally(() => loaded.close());
  };
  const dequantize = node('DequantizeLinear', ['q', 's', 'z'], ['y']);
  await expect(refusal({ x: [4] }, node('QuantizeLinear', ['x', 's', 'z'], ['q']), dequantize)).rejects.toThrow(
    "got 1 that cannot: QuantizeLinear that makes 'q' (opset 17): there is no such operator here",
  );
  await expect(refusal([value('x', [4], 'uint8')], node('DequantizeLinear', ['x', 's', 'z'], ['y']))).rejects.toThrow(
    "DequantizeLinear that makes 'y' (opset 17): its input 0, [4], is not a constant: only weights may be quantized",
  );
  await expect(refusal({ x: [4] }, node('DequantizeLinear', ['z', 'x'], ['y']))).rejects.toThrow(
    'its input 1, [4], is not a constant',
  );
});
