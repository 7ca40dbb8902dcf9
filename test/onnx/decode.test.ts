/** Models as plain data: structure, attributes, order, what is rejected. */
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { decodeOnnx } from '../../src/onnx/decode.ts';
import type { OnnxGraph } from '../../src/onnx/model.ts';
import { readOnnx } from '../../src/onnx/read.ts';
import { selectOutputs } from '../../src/onnx/select.ts';
import { float, floats, type ModelParts, model, node, subgraph, tensor, value } from '../support/proto_builder.ts';
import { refusal } from '../support/refusal.ts';

const relu = node('Relu', ['x'], ['y'], {}, { name: 'first' });
const small = { nodes: [relu], inputs: { x: [1, 'height', ''] }, outputs: { y: [1, 2, 3] } } satisfies ModelParts;
const decode = (parts: ModelParts) => decodeOnnx(model(parts), 'm.onnx', new Map());
const names = (graph: OnnxGraph) => graph.nodes.map(({ outputs }) => outputs[0]);

test('structure: versions, domains, inputs with symbolic and unknown dimensions, intermediate values', () => {
  const parts = {
    ...small,
    opset: 18,
    irVersion: 10,
    domains: { 'com.microsoft': 1 },
    values: [value('z', undefined, 'float16'), value('old', [-1, 4])],
  };
  const file = decode(parts);
  expect(file).toMatchObject({ name: 'm.onnx', irVersion: 10, producer: 'test', opset: 18 });
  expect([...file.domains]).toEqual([
    ['', 18],
    ['com.microsoft', 1],
  ]);
  expect(file.graph.inputs).toEqual([{ name: 'x', type: 'float32', shape: [1, 'height', ''] }]);
  expect(file.graph.outputs).toEqual([{ name: 'y', type: 'float32', shape: [1, 2, 3] }]);
  expect(file.graph.nodes[0]).toMatchObject({
    opType: 'Relu',
    name: 'first',
    domain: '',
    inputs: ['x'],
    outputs: ['y'],
  });
  expect(file.graph.values.get('z')).toEqual({ name: 'z', type: 'float16', shape: undefined });
  expect(file.graph.values.get('old')?.shape).toEqual(['', 4]);
  expect(file.bytes).toBe(model(parts).length);
});

test("ONNX's own domain has two names", () => {
  const file = decode({ ...small, nodes: [{ ...relu, domain: 'ai.onnx' }], opset: 0, domains: { 'ai.onnx': 12 } });
  expect(file.opset).toBe(12);
  expect(file.graph.nodes[0]!.domain).toBe('');
});

test('initializers that are inputs too are no inputs', () => {
  const file = decode({
    ...small,
    nodes: [node('Add', ['x', 'w'], ['y'])],
    inputs: { x: [2], w: [2] },
    initializers: [tensor('w', [2], [3, -4])],
  });
  expect(file.graph.inputs.map(({ name }) => name)).toEqual(['x']);
  expect([...file.graph.initializers.get('w')!.floats()]).toEqual([3, -4]);
});

test('attributes of every type, by name', () => {
  const { attributes } = decode({
    ...small,
    nodes: [
      node('Any', ['x'], ['y'], {
        int: -7,
        last: 2 ** 63,
        ints: [1, -2, 3],
        float: float(2),
        floats: floats([0.5, -1]),
        string: 'SAME_UPPER',
        strings: ['a', 'ü'],
        tensor: tensor('t', [2], [5, 6], { type: 'int64' }),
        body: subgraph({ name: 'body' }),
        empty: { attribute: { type: 7 } },
      }),
    ],
  }).graph.nodes[0]!;
  expect(attributes.names()).toHaveLength(10);
  expect(attributes.int('int')).toBe(-7);
  expect(attributes.ints('ints')).toEqual([1, -2, 3]);
  expect(attributes.ints('empty')).toEqual([]);
  expect(attributes.float('float')).toBe(2);
  expect(attributes.floats('floats')).toEqual([0.5, -1]);
  expect(attributes.string('string')).toBe('SAME_UPPER');
  expect(attributes.strings('strings')).toEqual(['a', 'ü']);
  expect(attributes.tensor('tensor').integers()).toEqual([5, 6]);
  expect(attributes.has('body')).toBe(true);
  expect([attributes.int('none', 4), attributes.string('none', ''), attributes.ints('none', [])]).toEqual([4, '', []]);
  expect(() => attributes.int('none')).toThrowErrorMatchingInlineSnapshot(
    `[FormatError: m.onnx: Any that makes 'y': expected attribute 'none' of type int, got nothing]`,
  );
  expect(() => attributes.float('int')).toThrow(
    refusal('FormatError', "m.onnx: Any that makes 'y'", 'int', "attribute 'int' of type float"),
  );
  expect(() => attributes.tensor('body')).toThrow(
    refusal('FormatError', "m.onnx: Any that makes 'y'", 'a graph', "attribute 'body' of type tensor"),
  );
});

test('attributes without a type, as in IR version 3', () => {
  const attribute = [
    { name: 'axis', i: 1 },
    { name: 'pads', ints: [0, 1] },
    { name: 'alpha', f: 0.25 },
  ];
  const { attributes } = decode({ ...small, irVersion: 3, nodes: [{ ...relu, attribute }] }).graph.nodes[0]!;
  expect([attributes.int('axis'), attributes.ints('pads'), attributes.float('alpha')]).toEqual([1, [0, 1], 0.25]);
});

test('nodes come in topological order, and stay where they are if they were in one', () => {
  const chain = ['a', 'b', 'c', 'd'].map((name, i, all) => node('Relu', [all[i - 1] ?? 'x'], [name]));
  const wide = [chain[0]!, node('Neg', ['x'], ['n']), ...chain.slice(1), node('Add', ['d', 'n'], ['y'])];
  expect(names(decode({ ...small, nodes: wide }).graph)).toEqual(['a', 'n', 'b', 'c', 'd', 'y']);
  expect(names(decode({ ...small, nodes: wide.toReversed() }).graph)).toEqual(['a', 'b', 'c', 'd', 'n', 'y']);
});

test('a long chain of nodes in the wrong order', () => {
  const nodes = Array.from({ length: 30_000 }, (_, i) => node('Relu', [i ? `v${i}` : 'x'], [`v${i + 1}`]));
  const { graph } = decode({ inputs: { x: [1] }, outputs: { v30000: [1] }, nodes: nodes.toReversed() });
  expect(names(graph).slice(0, 3)).toEqual(['v1', 'v2', 'v3']);
});

test.each<[string, string, ModelParts]>([
  [
    'cycle',
    "expected a graph without cycles, got one of 3 nodes: Relu that makes 'b' → Neg 'back' → Add that makes 'a'",
    {
      ...small,
      nodes: [
        relu,
        node('Add', ['x', 'c'], ['a']),
        node('Relu', ['a'], ['b']),
        node('Neg', ['b'], ['c'], {}, { name: 'back' }),
      ],
    },
  ],
  [
    'node that uses itself',
    "expected a graph without cycles, got one of 1 nodes: Add that makes 'y'",
    { ...small, nodes: [node('Add', ['x', 'y'], ['y'])] },
  ],
  [
    'missing values',
    "expected an input, an initializer or a node for each value, got none of 'w' for Conv 'c', 'bias' for Conv 'c', 'z' for an output",
    { ...small, nodes: [node('Conv', ['x', 'w', 'bias'], ['y'], {}, { name: 'c' })], outputs: ['y', 'z'] },
  ],
  [
    'many missing values',
    ", 'm9' for Relu that makes 'o9' and 30 more",
    { ...small, nodes: Array.from({ length: 40 }, (_, i) => node('Relu', [`m${i}`], [i ? `o${i}` : 'y'])) },
  ],
  [
    'value made twice',
    "expected 'y' to be made once, got Relu 'first' and Neg that makes 'y'",
    { ...small, nodes: [relu, node('Neg', ['x'], ['y'])] },
  ],
  [
    'value made although given',
    "expected 'x' to be made once, got an input or initializer and Neg that makes 'x'",
    { ...small, nodes: [relu, node('Neg', ['y'], ['x'])] },
  ],
  [
    'initializer twice',
    "expected a name of its own for initializer 1, got 'w'",
    { ...small, initializers: [tensor('w', [1], [1]), tensor('w', [1], [2])] },
  ],
  [
    'initializer without a name',
    "expected a name of its own for initializer 0, got ''",
    { ...small, initializers: [tensor('', [1], [1])] },
  ],
  [
    'input twice',
    'expected inputs of different names, got x,x',
    { ...small, inputs: [value('x', [1]), value('x', [1])] },
  ],
  ['no outputs', 'expected a graph with outputs, got none', { ...small, outputs: {} }],
  ['no opset', 'expected the opset that the model is written for, got none', { ...small, opset: 0 }],
  ['old IR version', 'expected an ONNX model of IR version 3 or newer, got 2', { ...small, irVersion: 2 }],
  [
    'functions',
    "expected no model-local functions, got 'inner' – export it without functions, or inline them with onnx.inliner",
    { ...small, model: { functions: [{ name: 'inner', domain: 'd' }] } },
  ],
  [
    'sparse initializers',
    'expected dense initializers, got 1 sparse ones',
    { ...small, graph: { sparseInitializer: [{ dims: [3] }] } },
  ],
  [
    'attribute twice',
    "Relu 'first': expected attribute 'a' once, got it twice",
    {
      ...small,
      nodes: [
        {
          ...relu,
          attribute: [
            { name: 'a', type: 2, i: 1 },
            { name: 'a', type: 2, i: 2 },
          ],
        },
      ],
    },
  ],
  [
    'huge dimension',
    "expected extents below 2^53 for 'x', got 1152921504606847000",
    { ...small, inputs: { x: [2 ** 60] } },
  ],
])('%s: rejected', (_, message, parts) => {
  const failure = expect.objectContaining({ name: 'FormatError', message: expect.stringContaining(message) });
  expect(() => decode(parts)).toThrow(failure);
});

test.each([
  ['nothing', new Uint8Array()],
  ['text', new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:db89\n')],
  ['zeros', new Uint8Array(100)],
])('%s is no model', (_, bytes) => {
  expect(() => decodeOnnx(bytes, 'm.onnx', new Map())).toThrow(expect.objectContaining({ name: 'FormatError' }));
});

test('training info and unknown fields are ignored', () => {
  const unknown = [0xfa, 0x3f, 3, 1, 2, 3, 0xf0, 0x3f, 5];
  const bytes = Uint8Array.from([...unknown, ...model({ ...small, model: { trainingInfo: [{}] } }), ...unknown]);
  expect(decodeOnnx(bytes, 'm.onnx', new Map()).graph.nodes).toHaveLength(1);
});

test('subgraphs are kept as present, and what they take from outside is not looked for', () => {
  const body = { name: 'body', node: [node('Relu', ['outer'], ['inner'])] };
  const { graph } = decode({ ...small, nodes: [node('If', ['x'], ['y'], { then_branch: subgraph(body) })] });
  expect(graph.nodes[0]!.attributes.names()).toEqual(['then_branch']);
});

test('chosen outputs: dead nodes, inputs and initializers are dropped', () => {
  const { graph } = decode({
    inputs: { x: [2], aux: [2] },
    outputs: { y: [2], z: [2] },
    initializers: [tensor('w', [2], [1, 2]), tensor('v', [2], [1, 2])],
    nodes: [node('Add', ['x', 'w'], ['a']), node('Mul', ['a', 'v'], ['y']), node('Add', ['a', 'aux'], ['z'])],
  });
  const inner = selectOutputs(graph, ['a']);
  expect(names(inner)).toEqual(['a']);
  expect(inner.inputs.map(({ name }) => name)).toEqual(['x']);
  expect([...inner.initializers.keys()]).toEqual(['w']);
  expect(inner.outputs).toEqual([{ name: 'a', type: undefined, shape: undefined }]);
  const both = selectOutputs(graph, ['z', 'w']);
  expect(names(both)).toEqual(['a', 'z']);
  expect(both.outputs.map(({ name }) => name)).toEqual(['z', 'w']);
  expect(() => selectOutputs(graph, ['logits', 'y'])).toThrow(
    refusal('FormatError', "outputs of 'graph'", "'logits'", "some of 'y', 'z'"),
  );
  expect(() => selectOutputs(graph, [])).toThrowErrorMatchingInlineSnapshot(
    `[FormatError: outputs of 'graph': expected some of 'y', 'z'; or, from the last, of the values inside: 'a', got none]`,
  );
});

test('a file and its SHA-256, from a path and from a URL', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'onnx-')), 'm.onnx');
  const bytes = model(small);
  writeFileSync(path, bytes);
  const file = await readOnnx(path);
  expect(file.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  expect(file.name).toBe(path);
  expect((await readOnnx(pathToFileURL(path))).sha256).toBe(file.sha256);
  expect((await readOnnx(bytes, { name: 'given' })).name).toBe('given');
  await expect(readOnnx(`${path}.none`)).rejects.toThrow(expect.objectContaining({ name: 'EnvironmentError' }));
});
