/** Damaged models: always a FormatError or ShapeError, soon, and without much memory. Seeded: the same cases each time. */
import { beforeEach, describe, expect, test } from 'vitest';
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
import { isModel, splice, wrap } from '../support/untrusted_model.ts';

const DATA = rawData([1, 2, 3, 4, 5, 6, 7, 8]);
/** The models' external data. */
const FILES = new Map([['m.data', DATA]]);
/** @returns whether the bytes are still a model; anything but the project's own errors is thrown. */
const survives = (bytes: Uint8Array, files: ReadonlyMap<string, Uint8Array> = FILES) => isModel(bytes, files);

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
    const accepted = repeat(300, () => {
      const bytes = base.slice();
      for (let flips = 1 + below(4); flips > 0; flips--) bytes[below(bytes.length)]! ^= 1 << below(8);
      return survives(bytes);
    });
    // Flips in numbers and names do no harm; if all were refused, or none, nothing would be tested.
    expect(accepted).toBeGreaterThan(25);
    expect(accepted).toBeLessThan(275);
  });

  test('bytes replaced by large varints, as lengths, extents and offsets are', () => {
    const large = [
      [0x7f],
      [0xff, 0x7f],
      [0xff, 0xff, 0xff, 0x7f],
      [0xff, 0xff, 0xff, 0xff, 0x0f],
      [...Array<number>(9).fill(0xff), 1],
    ];
    const refused = 200 - repeat(200, () => survives(splice(base, below(base.length), 1, large[below(large.length)]!)));
    expect(refused).toBeGreaterThan(100);
  });

  test('pieces taken out, doubled, or put elsewhere', () => {
    const refused =
      200 -
      repeat(200, () => {
        const start = below(base.length);
        const piece = [...base.slice(start, start + 1 + below(40))];
        const taken = next() < 0.5 ? splice(base, start, piece.length, []) : base;
        return survives(next() < 0.3 ? taken : splice(taken, below(taken.length), 0, piece));
      });
    expect(refused).toBeGreaterThan(130);
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

test('graphs nested in graphs, past the depth of the stack', () => {
  let bytes = new Uint8Array();
  for (let depth = 0; depth < 10_000; depth++) bytes = [6, 5, 1].reduce((inner, field) => wrap(inner, field), bytes);
  expect(survives(wrap(bytes, 7))).toBe(false);
});

/** How many of `count` calls return true. */
function repeat(count: number, action: () => boolean): number {
  let accepted = 0;
  for (let i = 0; i < count; i++) if (action()) accepted++;
  return accepted;
}
