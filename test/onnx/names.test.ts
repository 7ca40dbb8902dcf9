/** Names are data: keys of Object.prototype are as good as others, and no name makes two arrays one. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectOnnx } from '../../src/cli/inspect/onnx.ts';
import { reachable, sizeOf } from '../../src/graph/node.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { isFrozen } from '../../src/graph/rewrite.ts';
import { importGraph } from '../../src/onnx/import.ts';
import { loadOnnx } from '../../src/onnx/load.ts';
import { readOnnx } from '../../src/onnx/read.ts';
import { gpu } from '../support/gpu.ts';
import { expectModel } from '../support/oracle.ts';
import { externalTensor, model, node, rawData, tensor } from '../support/proto_builder.ts';

const keys = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];
const numbers = (of: readonly (readonly [string, number])[]) =>
  Object.fromEntries(of.map(([name, data]) => [name, { data: Float32Array.of(data), shape: [1] }]));

test.each(keys)("'%s' as the name of an input, an initializer and an output", async (name) => {
  const parts = (x: string, w: string, y: string) =>
    model({
      nodes: [node('Mul', [x, w], [y])],
      inputs: Object.fromEntries([[x, [1]]]),
      outputs: Object.fromEntries([[y, [1]]]),
      initializers: [tensor(w, [1], [3])],
    });
  for (const names of [
    [name, 'w', 'y'],
    ['x', name, 'y'],
    ['x', 'w', name],
  ] satisfies [string, string, string][]) {
    const loaded = await loadOnnx(gpu, parts(...names), { name: 'names.onnx' });
    const result = await loaded.run(numbers([[names[0], 7]]));
    expect(Object.entries(result).map(([key, { data }]) => [key, ...data])).toEqual([[names[2], 21]]);
    await expect(loaded.run({})).rejects.toThrow(
      `names.onnx: expected inputs '${names[0]}', got none for '${names[0]}'`,
    );
    loaded.close();
  }
});

test.each(keys)("'%s' as the name of external data, on disk and in memory, and inspected", async (name) => {
  const bytes = model({
    nodes: [node('Add', ['x', 'w'], ['y'])],
    inputs: { x: [1] },
    outputs: ['y'],
    initializers: [externalTensor('w', [1], { location: name })],
  });
  const external = Object.fromEntries([[name, rawData([5])]]);
  const file = await readOnnx(bytes, { external });
  expect([...file.graph.initializers.get('w')!.floats()]).toEqual([5]);
  await expect(readOnnx(bytes, { external: {} })).rejects.toThrow(`'${name}'`);
  const folder = await mkdtemp(join(tmpdir(), 'koalarize-'));
  try {
    const path = join(folder, 'm.onnx');
    await writeFile(path, bytes);
    await writeFile(join(folder, name), rawData([5]));
    const report = await inspectOnnx(bytes, path);
    expect(report.external).toEqual([{ file: name, bytes: 4 }]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a type of Cast that is a key of Object.prototype is no type', async () => {
  const bytes = model({
    nodes: [node('Cast', ['x'], ['y'], { to: 'constructor' })],
    inputs: { x: [1] },
    outputs: ['y'],
    opset: 5,
  });
  const loaded = await loadOnnx(gpu, bytes);
  await expect(loaded.run(numbers([['x', 1]]))).rejects.toThrow('elements of type constructor');
  loaded.close();
});

test('what a file calls its weights is never taken for a constant of ours', async () => {
  const count = 300;
  const rows = Array.from({ length: count }, (_, i) => count - 1 - i);
  const bits = `bits ${Array.from({ length: 2 }, (_, i) => new Uint32Array(Float32Array.of(i + 0.5).buffer)[0]).join()}`;
  const indices = `indices ${rows.join(' ')}`;
  const bytes = model({
    nodes: [
      // The gather's indices are a constant of ours, of as many elements.
      node('Gather', ['x', 'rows'], ['turned']),
      node('Mul', ['turned', indices], ['scaled']),
      node('Reshape', ['scaled', 'pairs'], ['paired']),
      node('Add', ['paired', 'small'], ['y']),
      node('Mul', ['y', bits], ['z']),
    ],
    inputs: { x: [count] },
    outputs: ['y', 'z'],
    initializers: [
      tensor('rows', [count], rows, { type: 'int64' }),
      tensor(
        indices,
        [count],
        Array.from({ length: count }, (_, i) => i / 7),
      ),
      tensor('pairs', [2], [-1, 2], { type: 'int64' }),
      tensor('small', [2], [0.5, 1.5]),
      tensor(
        bits,
        [150, 2],
        Array.from({ length: count }, (_, i) => i / 3),
      ),
    ],
  });
  const data = Float32Array.from({ length: count }, (_, i) => i);
  await expectModel(bytes, { x: { data, shape: [count] } });
});

test('200,000 arguments do not overflow the stack', async () => {
  const many = 200_000;
  const parts = (op: string, attributes = {}) =>
    model({
      nodes: [node(op, new Array<string>(many).fill('x'), ['y'], attributes)],
      inputs: { x: [1] },
      outputs: ['y'],
    });
  for (const [bytes, shape] of [
    [parts('Concat', { axis: 0 }), [many]],
    [parts('Sum'), [1]],
  ] as const) {
    const file = await readOnnx(bytes, { name: 'many.onnx' });
    const { y } = importGraph(file, file.graph, { x: input('x', [1]) });
    expect(y!.shape).toEqual(shape);
    const nodes = reachable([y!.node]);
    expect(nodes.at(-1)!.shape).toEqual(shape);
    expect(isFrozen(nodes.at(-1)!)).toBe(false);
    expect(sizeOf(y!.shape)).toBe(sizeOf(shape));
  }
  const weights = model({
    nodes: [node('Concat', new Array<string>(many).fill('w'), ['y'], { axis: 0 })],
    inputs: {},
    outputs: ['y'],
    initializers: [tensor('w', [1], [4])],
  });
  const loaded = await loadOnnx(gpu, weights);
  const { y } = await loaded.run({});
  expect(y!.shape).toEqual([many]);
  expect(y!.data.every((each) => each === 4)).toBe(true);
  loaded.close();
});
