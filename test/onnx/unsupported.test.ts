/** What cannot be imported is an error that names all of it; what is malformed is one before anything is allocated. */
import { expect, test } from 'vitest';
import { loadOnnx } from '../../src/onnx/load.ts';
import { gpu } from '../support/gpu.ts';
import { float, type ModelParts, model, node, tensor, value } from '../support/proto_builder.ts';
import { random } from '../support/random.ts';

const int64 = (name: string, ...data: (number | bigint)[]) => tensor(name, [data.length], data, { type: 'int64' });
const run = async (parts: Partial<ModelParts>, options = {}) => {
  const bytes = model({ nodes: [], inputs: { x: [1, 2, 4, 4] }, outputs: ['y'], ...parts });
  const loaded = await loadOnnx(gpu, bytes, { name: 'bad.onnx', ...options });
  try {
    return await loaded.run({ x: { data: random(32), shape: [1, 2, 4, 4] } });
  } finally {
    loaded.close();
  }
};

test('all unsupported operators are named at once, before any work', async () => {
  const bytes = model({
    nodes: [
      node('Einsum', ['x', 'x'], ['a'], { equation: 'ij,jk->ik' }, { name: 'product' }),
      node('Relu', ['a'], ['b']),
      node('FusedConv', ['b', 'w'], ['c'], {}, { name: 'fused', domain: 'com.microsoft' }),
      node('MaxPool', ['c'], ['d', 'indices'], { kernel_shape: [2, 2] }),
      node('Dropout', ['d'], ['e', 'mask'], {}, { name: 'drop' }),
      node('BatchNormalization', ['e', 's', 's', 's', 's'], ['f'], { training_mode: 1 }),
      node('Resize', ['f', '', 'scales'], ['g'], { mode: 'linear', antialias: 1 }),
      node('Elu', ['g'], ['y'], { gamma: 2 }),
    ],
    inputs: { x: [1, 2, 4, 4] },
    outputs: ['y', 'indices', 'mask'],
    initializers: [tensor('w', [1], [1]), tensor('s', [2], [1, 1]), tensor('scales', [4], [1, 1, 2, 2])],
    domains: { 'com.microsoft': 1 },
  });
  await expect(loadOnnx(gpu, bytes, { name: 'bad.onnx' })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: bad.onnx: expected operators that can be imported, got 7 that cannot: Einsum 'product' (opset 17): there is no such operator here; FusedConv 'fused' (opset 1): it is of domain 'com.microsoft'; MaxPool that makes 'd' (opset 17): output 'indices' is used; Dropout 'drop' (opset 17): output 'mask' is used; BatchNormalization that makes 'f' (opset 17): it is in training mode; Resize that makes 'g' (opset 17): attribute 'antialias'; Elu that makes 'y' (opset 17): attribute 'gamma' – choose outputs that do not need them, or export without them]`,
  );
});

test('what shapes and values make unsupported is collected as well', async () => {
  const parts = {
    nodes: [
      node('Reshape', ['x', 'shape'], ['a'], {}, { name: 'dynamic' }),
      node('Relu', ['a'], ['b']),
      node('Cast', ['x'], ['c'], { to: 7 }),
      node('Add', ['text', 'text'], ['d']),
      node('Neg', ['count'], ['e']),
      node('Resize', ['x', '', 'x'], ['f'], {}, { name: 'resize' }),
    ],
    outputs: ['b', 'c', 'd', 'e', 'f'],
    inputs: [value('x', [1, 2, 4, 4]), value('shape', [2], 'int64'), value('count', [2], 'int32')],
    initializers: [{ name: 'text', dims: [1], dataType: 8, stringData: [new Uint8Array([65])] }],
  };
  const loaded = await loadOnnx(gpu, model(parts), { name: 'bad.onnx' });
  const pair = { data: Float32Array.of(2, 16), shape: [2] };
  const feeds = { x: { data: random(32), shape: [1, 2, 4, 4] }, shape: pair, count: pair };
  await expect(loaded.run(feeds)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: bad.onnx: expected operators that can be imported, got 5 that cannot: Reshape 'dynamic' (opset 17): its input 1, [2], is not a constant; Cast that makes 'c' (opset 17): int64 values that depend on the model's inputs; Add that makes 'd' (opset 17): 'text' holds strings; Neg that makes 'e' (opset 17): its int32 values [2] depend on the model's inputs; Resize 'resize' (opset 17): its input 2, [1, 2, 4, 4], is not a constant – choose outputs that do not need them, or export without them]`,
  );
  loaded.close();
});

test('a newer opset, old training modes and quantized arithmetic are refused', async () => {
  const relu = [node('Relu', ['x'], ['y'])];
  await expect(run({ nodes: relu, opset: 99 })).rejects.toThrow('expected opset');
  await expect(run({ nodes: [node('Dropout', ['x'], ['y'])], opset: 6 })).rejects.toThrow('training mode');
  const quantized = [node('ConvInteger', ['w', 'w', 'z', 'z'], ['f']), node('Add', ['x', 'f'], ['y'])];
  const initializers = [tensor('w', [2, 1, 1], [1, 2], { type: 'int8' }), tensor('z', [], [0], { type: 'int8' })];
  await expect(run({ nodes: quantized, initializers })).rejects.toThrow("ConvInteger that makes 'f' (opset 17)");
});

const huge = 2 ** 40;
const malformed: Record<string, Partial<ModelParts>> = {
  'Reshape to more': { nodes: [node('Reshape', ['x', 's'], ['y'])], initializers: [int64('s', huge, huge)] },
  'Reshape with two open extents': { nodes: [node('Reshape', ['x', 's'], ['y'])], initializers: [int64('s', -1, -1)] },
  'Expand without end': { nodes: [node('Expand', ['x', 's'], ['y'])], initializers: [int64('s', huge, 1, 1, 1, 1)] },
  'a huge constant': { nodes: [node('ConstantOfShape', ['s'], ['y'])], initializers: [int64('s', 2 ** 15, 2 ** 15)] },
  'a huge integer constant': {
    nodes: [node('ConstantOfShape', ['s'], ['y'], { value: int64('', 1) })],
    initializers: [int64('s', 2 ** 24)],
  },
  'a negative extent': { nodes: [node('ConstantOfShape', ['s'], ['y'])], initializers: [int64('s', -5)] },
  'huge pads': { nodes: [node('Pad', ['x', 'p'], ['y'])], initializers: [int64('p', 0, 0, huge, 0, 0, 0, 0, huge)] },
  'pads that leave nothing': {
    nodes: [node('Pad', ['x', 'p'], ['y'])],
    initializers: [int64('p', 0, 0, -2, 0, 0, 0, -2, 0)],
  },
  'a huge size': { nodes: [node('Resize', ['x', '', '', 's'], ['y'])], initializers: [int64('s', 1, 1, huge, 1)] },
  'a huge scale': { nodes: [node('Resize', ['x', '', 's'], ['y'])], initializers: [tensor('s', [4], [1, 1, 1e30, 1])] },
  'a huge kernel': {
    nodes: [node('AveragePool', ['x'], ['y'], { kernel_shape: [2 ** 20, 2 ** 20], pads: [2 ** 20, 2 ** 20, 0, 0] })],
  },
  'a window over millions of places': {
    nodes: [node('Resize', ['x', '', '', 's'], ['r']), node('MaxPool', ['r'], ['y'], { kernel_shape: [2 ** 16, 1] })],
    initializers: [int64('s', 1, 2, 2 ** 20, 4)],
  },
  'huge pads of a convolution': {
    nodes: [node('Conv', ['x', 'w'], ['y'], { pads: [2 ** 30, 0, 0, 0] })],
    initializers: [tensor('w', [1, 2, 1, 1], [1, 1])],
  },
  'a huge stride backwards': {
    nodes: [node('ConvTranspose', ['x', 'w'], ['y'], { strides: [2 ** 30, 1] })],
    initializers: [tensor('w', [2, 1, 1, 1], [1, 1])],
  },
  'strides of 0': { nodes: [node('MaxPool', ['x'], ['y'], { kernel_shape: [1, 1], strides: [0, 1] })] },
  'a kernel larger than the picture': { nodes: [node('MaxPool', ['x'], ['y'], { kernel_shape: [5, 5] })] },
  'weights of other channels': {
    nodes: [node('Conv', ['x', 'w'], ['y'])],
    initializers: [tensor('w', [1, 3, 1, 1], [1, 1, 1])],
  },
  'groups that do not divide': {
    nodes: [node('Conv', ['x', 'w'], ['y'], { group: 2 })],
    initializers: [tensor('w', [3, 1, 1, 1], [1, 1, 1])],
  },
  'an axis that is not there': { nodes: [node('Softmax', ['x'], ['y'], { axis: 4 })] },
  'an index that is not there': {
    nodes: [node('Gather', ['x', 'i'], ['y'])],
    initializers: [int64('i', 1)],
  },
  'shapes that do not match': {
    nodes: [node('Add', ['x', 'b'], ['y'])],
    initializers: [tensor('b', [3], [1, 2, 3])],
  },
  'statistics of other channels': {
    nodes: [node('BatchNormalization', ['x', 's', 's', 's', 's'], ['y'])],
    initializers: [tensor('s', [3], [1, 2, 3])],
  },
  'an empty result': {
    nodes: [node('Slice', ['x', 'a', 'a'], ['y'])],
    initializers: [int64('a', 1)],
  },
  'a step of 0': {
    nodes: [node('Slice', ['x', 'a', 'b', 'a', 'a'], ['y'])],
    initializers: [int64('a', 0), int64('b', 1)],
  },
  'integers past 2^53': {
    nodes: [node('Mul', ['a', 'a'], ['b']), node('Reshape', ['x', 'b'], ['y'])],
    initializers: [int64('a', huge)],
  },
  'division by 0': {
    nodes: [node('Div', ['a', 'b'], ['c']), node('Reshape', ['x', 'c'], ['y'])],
    initializers: [int64('a', 32), int64('b', 0)],
  },
  'a permutation that repeats': { nodes: [node('Transpose', ['x'], ['y'], { perm: [0, 1, 1, 3] })] },
  'an argument that is left out': { nodes: [node('Add', ['x'], ['y'])] },
  'an attribute of another type': { nodes: [node('LeakyRelu', ['x'], ['y'], { alpha: 1 })] },
  'axes without end': {
    nodes: [node('Unsqueeze', ['x', 'a'], ['y'])],
    initializers: [int64('a', ...Array.from({ length: 50 }, (_, i) => i))],
  },
};
test.each(Object.entries(malformed))('%s', async (_, parts) => {
  const before = gpu.allocatedBytes;
  const error: Error = await run(parts).then(
    () => expect.fail('there was no error'),
    (error) => error,
  );
  expect(error.name).toMatch(/^(ShapeError|FormatError)$/);
  const [{ opType }] = parts.nodes!.slice(-1) as [{ opType: string }];
  expect(error.message).toMatch(new RegExp(`^bad.onnx: .*(${opType}|Mul|Div) that makes '.': `));
  expect(gpu.allocatedBytes).toBe(before);
});

const windows: readonly (readonly [op: string, inputs: string[], attributes: Record<string, readonly number[]>])[] = [
  ['Conv', ['x', 'w'], {}],
  ['ConvTranspose', ['x', 'w'], {}],
  ['MaxPool', ['x'], { kernel_shape: [1, 1] }],
  ['AveragePool', ['x'], { kernel_shape: [1, 1] }],
];
test.each(
  windows.flatMap(([op, inputs, attributes]) =>
    // 2^32 + 1 was taken for 1.
    [2 ** 31, 2 ** 32 + 1, 2 ** 52].flatMap((value) =>
      (['dilations', 'strides', 'pads'] as const).map((name) => {
        const list = name === 'pads' ? [value, 0, value, 0] : [value, 1];
        return [op, name, list, node(op, inputs, ['y'], { ...attributes, [name]: list })] as const;
      }),
    ),
  ),
)('%s with %s %j is refused by node, attribute and value', async (op, name, list, of) => {
  const message = `bad.onnx: ${op} that makes 'y': expected attribute '${name}' as ${list.length} integers from ${name === 'pads' ? 0 : 1} to 1073741824, got [${list.join(', ')}]`;
  await expect(run({ nodes: [of], initializers: [tensor('w', [2, 2, 1, 1], [1, 2, 3, 4])] })).rejects.toThrow(message);
});

test('pads and strides that are large together are refused, too', async () => {
  const [most, w] = [2 ** 30, tensor('w', [2, 2, 1, 1], [1, 2, 3, 4])];
  const pool = node('MaxPool', ['x'], ['y'], { kernel_shape: [1, 1], pads: [most, 0, most, 0], strides: [most, 1] });
  await expect(run({ nodes: [pool] })).rejects.toThrow(
    "places along an axis with attribute 'pads', got [2147483652, 4]",
  );
  const wide = node('ConvTranspose', ['x', 'w'], ['y'], { strides: [most, 1], pads: [most, 0, most, 0] });
  await expect(run({ nodes: [wide], initializers: [w] })).rejects.toThrow("of the result, by attributes 'strides'");
});

test('known numbers are limited in all', async () => {
  const grow = Array.from({ length: 60 }, (_, i) => node('Concat', [`v${i}`, `v${i}`], [`v${i + 1}`], { axis: 0 }));
  const nodes = [node('Shape', ['x'], ['v0']), ...grow, node('Reshape', ['x', 'v60'], ['y'])];
  await expect(run({ nodes })).rejects.toThrow(/Concat that makes 'v\d+': expected at most/);
  const many = Array.from({ length: 20 }, (_, i) => node('ConstantOfShape', ['n'], [`v${i}`], { value: int64('', i) }));
  const outputs = many.map((_, i) => value(`v${i}`, undefined, 'int64'));
  await expect(run({ nodes: many, outputs, initializers: [int64('n', 2 ** 20)], inputs: {} })).rejects.toThrow(
    'expected',
  );
});

test('an attribute keeps its exact float', async () => {
  const { y } = await run({ nodes: [node('LeakyRelu', ['x'], ['y'], { alpha: float(1) })] });
  expect(y!.data).toEqual(random(32));
});
