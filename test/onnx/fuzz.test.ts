/** Damaged models: always a FormatError or ShapeError, soon, and without much memory. Seeded: the same cases each time. */
import { beforeEach, describe, expect, test } from 'vitest';
import { input } from '../../src/graph/ops/core/input.ts';
import { decodeOnnx, externalLocations } from '../../src/onnx/decode.ts';
import { checkOperators, importGraph } from '../../src/onnx/import.ts';
import type { OnnxGraph } from '../../src/onnx/model.ts';
import { selectOutputs } from '../../src/onnx/select.ts';
import type { OnnxTensor } from '../../src/onnx/tensor_types.ts';
import { random } from '../support/fixtures.ts';
import {
  externalTensor,
  float,
  type ModelParts,
  model,
  node,
  rawData,
  tensor,
  value,
} from '../support/proto_builder.ts';

const SECONDS = 5;
const DATA = rawData([1, 2, 3, 4, 5, 6, 7, 8]);
const FILES = new Map([['m.data', DATA]]);

/** Everything that is done with a file's bytes, in order. */
const stages: ((bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array>) => void)[] = [
  (bytes) => void externalLocations(bytes, 'm.onnx'),
  (bytes, files) => {
    const { graph } = decodeOnnx(bytes, 'm.onnx', files);
    for (const constant of constantsOf(graph)) {
      throwsOnlyOurs(() => constant.floats());
      throwsOnlyOurs(() => constant.integers());
    }
    for (const { name } of graph.outputs) selectOutputs(graph, [name]);
  },
  (bytes, files) => {
    const file = { ...decodeOnnx(bytes, 'm.onnx', files), sha256: '' };
    const shapes = file.graph.inputs.map(
      ({ name, shape }) => [name, shape?.map((n) => (typeof n === 'number' ? n : 1)) ?? []] as const,
    );
    checkOperators(file, file.graph);
    importGraph(file, file.graph, Object.fromEntries(shapes.map(([name, shape]) => [name, input(name, shape)])));
  },
];

/** Runs the stages. @returns whether the bytes are still a model; anything but the project's own errors is thrown. */
function survives(bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array> = FILES): boolean {
  const start = process.cpuUsage();
  const accepted = throwsOnlyOurs(() => {
    for (const stage of stages) stage(bytes, files);
  });
  // Of this process alone: other work on the machine doesn't count.
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1e6).toBeLessThan(SECONDS);
  return accepted;
}

function throwsOnlyOurs(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof Error && /^(Format|Shape)Error$/.test(error.name)) return false;
    throw error;
  }
}

function constantsOf(graph: OnnxGraph): OnnxTensor[] {
  const ofNodes = graph.nodes.filter(({ opType, attributes }) => opType === 'Constant' && attributes.has('value'));
  return [...graph.initializers.values(), ...ofNodes.map(({ attributes }) => attributes.tensor('value'))];
}

const conv = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [2, 2], auto_pad: 'NOTSET' };
const weights = Array.from({ length: 54 }, (_, i) => Math.sin(i));
const parts = {
  inputs: { x: ['n', 3, 9, 9] },
  outputs: { y: ['n', 4] },
  values: [value('a', [1, 2, 5, 5])],
  initializers: [
    tensor('w', [2, 3, 3, 3], weights),
    tensor('b', [2], [0.5, -0.5], { encoding: 'typed' }),
    tensor('half', [2, 1, 1], [0.25, 4], { type: 'float16', encoding: 'typed' }),
    externalTensor('m', [2, 4], { location: 'm.data', offset: 0, length: 32 }),
    tensor('shape', [2], [-1, 2], { type: 'int64', encoding: 'typed' }),
  ],
  nodes: [
    node('Conv', ['x', 'w', 'b'], ['a'], conv, { name: 'conv' }),
    node('Constant', [], ['scale'], { value: tensor('', [], [0.17]) }),
    node('LeakyRelu', ['a'], ['r'], { alpha: float(0.1) }),
    node('Mul', ['r', 'scale'], ['s']),
    node('GlobalAveragePool', ['s'], ['p']),
    node('Reshape', ['p', 'shape'], ['f']),
    node('MatMul', ['f', 'm'], ['y']),
  ],
} satisfies ModelParts;
const int64 = (name: string, numbers: readonly number[]) => tensor(name, [numbers.length], numbers, { type: 'int64' });
const constant = (of: ReturnType<typeof tensor>) => node('Constant', [], [of.name!], { value: of });
const bases: Record<string, Uint8Array> = {
  convolution: model(parts),
  // As from tf2onnx: channels last, weights in nodes, shapes that are computed.
  'shape arithmetic': model({
    inputs: { x: ['n', 8, 8, 3] },
    outputs: { y: ['n', 'c'] },
    nodes: [
      ...[int64('zero', [0]), int64('two', [2]), int64('rest', [-1]), int64('pads', [0, 0, 1, 1, 0, 0, 0, 0])].map(
        constant,
      ),
      constant(tensor('w', [2, 3, 3, 3], weights)),
      ...[tensor('low', [], [0]), tensor('high', [], [6]), tensor('s', [2], [1, 2])].map(constant),
      node('Transpose', ['x'], ['t'], { perm: [0, 3, 1, 2] }),
      node('Pad', ['t', 'pads', 'low'], ['p'], { mode: 'constant' }),
      node('Conv', ['p', 'w'], ['c'], { auto_pad: 'SAME_UPPER', dilations: [1, 1], group: 1 }),
      node('BatchNormalization', ['c', 's', 's', 's', 's'], ['b'], { epsilon: float(0.001) }),
      node('Clip', ['b', 'low', 'high'], ['r']),
      node('MaxPool', ['r'], ['m'], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
      node('Concat', ['m', 'm'], ['d'], { axis: -3 }),
      node('Shape', ['d'], ['shape']),
      node('Slice', ['shape', 'zero', 'two'], ['front']),
      node('Concat', ['front', 'rest'], ['target'], { axis: 0 }),
      node('Reshape', ['d', 'target'], ['f']),
      node('ReduceMean', ['f'], ['g'], { axes: [-1], keepdims: 0 }),
      node('Softmax', ['g'], ['y'], { axis: 1 }),
    ],
  }),
};

let next: () => number;
beforeEach(() => {
  next = random(20_171_210);
});
const below = (n: number) => Math.floor(next() * n);

describe.each(Object.entries(bases))('%s', (_, base) => {
  test('is a model to begin with', () => {
    expect(survives(base)).toBe(true);
  });

  test('cut off at any byte', () => {
    for (let length = 0; length < base.length; length++) survives(base.slice(0, length));
  });

  test('bits flipped', () => {
    const accepted = repeat(600, () => {
      const bytes = base.slice();
      for (let flips = 1 + below(4); flips > 0; flips--) bytes[below(bytes.length)]! ^= 1 << below(8);
      return survives(bytes);
    });
    // Flips in numbers and names do no harm; if all were refused, or none, nothing would be tested.
    expect(accepted).toBeGreaterThan(50);
    expect(accepted).toBeLessThan(550);
  });

  test('bytes replaced by large varints, as lengths, extents and offsets are', () => {
    const large = [
      [0x7f],
      [0xff, 0x7f],
      [0xff, 0xff, 0xff, 0x7f],
      [0xff, 0xff, 0xff, 0xff, 0x0f],
      [...Array<number>(9).fill(0xff), 1],
    ];
    const refused = 400 - repeat(400, () => survives(splice(base, below(base.length), 1, large[below(large.length)]!)));
    expect(refused).toBeGreaterThan(200);
  });

  test('pieces taken out, doubled, or put elsewhere', () => {
    const refused =
      300 -
      repeat(300, () => {
        const start = below(base.length);
        const piece = [...base.slice(start, start + 1 + below(40))];
        const taken = next() < 0.5 ? splice(base, start, piece.length, []) : base;
        return survives(next() < 0.3 ? taken : splice(taken, below(taken.length), 0, piece));
      });
    expect(refused).toBeGreaterThan(200);
  });

  test('random bytes', () => {
    repeat(200, () => survives(Uint8Array.from({ length: below(300) }, () => below(256))));
  });
});

test('extents that the data cannot have', () => {
  const extents = [0, -1, 1, 5, 2 ** 16, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 53, 2 ** 62, -(2 ** 63)];
  const accepted = repeat(300, () => {
    const dims = Array.from({ length: 1 + below(5) }, () => extents[below(extents.length)]!);
    const which = below(parts.initializers.length);
    const initializers = parts.initializers.map((one, i) => (i === which ? { ...one, dims } : one));
    return survives(model({ ...parts, initializers }));
  });
  expect(accepted).toBeLessThan(30);
});

test('names of values mixed up: cycles, values never made or made twice', () => {
  const values = [...new Set(parts.nodes.flatMap(({ input, output }) => [...input!, ...output!])), ''];
  const accepted = repeat(300, () => {
    const nodes = parts.nodes.map((one) => ({ ...one, input: [...one.input!], output: [...one.output!] }));
    const list = nodes[below(nodes.length)]![next() < 0.7 ? 'input' : 'output'];
    list[below(list.length)] = values[below(values.length)]!;
    return survives(model({ ...parts, nodes }));
  });
  expect(accepted).toBeGreaterThan(20);
  expect(accepted).toBeLessThan(280);
});

test('external files that are shorter than told', () => {
  for (let length = 0; length < DATA.length; length++)
    expect(survives(bases.convolution!, new Map([['m.data', DATA.slice(0, length)]]))).toBe(false);
});

// Each pattern costs two to four bytes in the file, and hundreds in memory if it is decoded.
test.each<[string, number[], number[]]>([
  ['nodes', [7], [10, 0]],
  ['attributes', [7, 1], [42, 0]],
  ['lists of strings', [7, 1, 5], [74, 0]],
  ['tensors', [7], [42, 0]],
  ['unknown extents', [7, 11, 2, 1, 2], [10, 0]],
  ['functions', [], [0xca, 1, 0]],
  ['integers of an attribute', [7, 1, 5, 8], [1]],
])('10 MB of tiny %s', (_, path, pattern) => {
  const before = process.resourceUsage().maxRSS;
  const bomb = path.reduceRight(wrap, tiled(pattern, 1e7));
  expect(survives(bomb)).toBe(false);
  expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(400);
});

test('graphs nested in graphs, past the depth of the stack', () => {
  let bytes = new Uint8Array();
  for (let depth = 0; depth < 10_000; depth++) bytes = [6, 5, 1].reduce((inner, field) => wrap(inner, field), bytes);
  expect(survives(wrap(bytes, 7))).toBe(false);
});

/** Puts a message into a field of another. */
function wrap(message: Uint8Array, field: number): Uint8Array<ArrayBuffer> {
  const head = [field * 8 + 2];
  let length = message.length;
  for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
  return splice(message, 0, 0, [...head, length]);
}

function splice(bytes: Uint8Array, start: number, removed: number, added: readonly number[]): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(bytes.length - Math.min(removed, bytes.length - start) + added.length);
  result.set(bytes.subarray(0, start));
  result.set(added, start);
  result.set(bytes.subarray(start + removed), start + added.length);
  return result;
}

function tiled(pattern: readonly number[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = pattern[i % pattern.length]!;
  return bytes;
}

/** How many of `count` calls return true. */
function repeat(count: number, action: () => boolean): number {
  let accepted = 0;
  for (let i = 0; i < count; i++) if (action()) accepted++;
  return accepted;
}
