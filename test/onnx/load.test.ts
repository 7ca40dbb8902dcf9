/** Loading and running whole models: shapes, outputs, what is kept and what is freed. */
import { expect, test } from 'vitest';
import { compile } from '../../src/graph/compile.ts';
import { binary } from '../../src/graph/ops/binary.ts';
import { constant } from '../../src/graph/ops/constant.ts';
import { input } from '../../src/graph/ops/input.ts';
import { loadOnnx } from '../../src/index.ts';
import { gpu, random } from '../gpu.ts';
import { expectModel, reference } from './oracle.ts';
import { CODES, model, node, tensor, value } from './proto_builder.ts';

/** x [n, 3, h, w] → Conv → Relu → pooled [n, 4] */
const network = model({
  nodes: [
    node('Conv', ['x', 'w', 'b'], ['conv'], { pads: [1, 1, 1, 1] }),
    node('Relu', ['conv'], ['features']),
    node('GlobalAveragePool', ['features'], ['average']),
    node('Flatten', ['average'], ['pooled']),
  ],
  inputs: { x: ['n', 3, 'h', 'w'] },
  outputs: { pooled: ['n', 4], features: ['n', 4, 'h', 'w'] },
  initializers: [tensor('w', [4, 3, 3, 3], random(108)), tensor('b', [4], random(4, 2))],
});
const feed = (...shape: number[]) => ({
  data: random(
    shape.reduce((a, b) => a * b),
    7,
  ),
  shape,
});

test('symbolic dimensions take any extent, one after the other', async () => {
  const loaded = await loadOnnx(gpu, network);
  expect(loaded.inputs.map(({ name, shape }) => ({ name, shape }))).toEqual([{ name: 'x', shape: ['n', 3, 'h', 'w'] }]);
  expect(loaded.outputs.map(({ name }) => name)).toEqual(['pooled', 'features']);
  for (const shape of [
    [1, 3, 5, 7],
    [2, 3, 8, 4],
    [1, 3, 5, 7],
  ] as const) {
    const x = feed(...shape);
    const expected = await reference(network, { x });
    const results = await loaded.run({ x });
    expect(Object.keys(results)).toEqual(['pooled', 'features']);
    expect(results.features!.shape).toEqual([shape[0], 4, shape[2], shape[3]]);
    expected.pooled!.data.forEach((each, i) => {
      expect(results.pooled!.data[i]).toBeCloseTo(each, 5);
    });
  }
  loaded.destroy();
});

test('feeds that are missing, unknown, of another shape or length are refused, by name', async () => {
  const loaded = await loadOnnx(gpu, network, { name: 'small.onnx' });
  const message = (feeds: Parameters<typeof loaded.run>[0]) =>
    loaded.run(feeds).then(
      () => 'no error',
      (error: Error) => `${error.name}: ${error.message}`,
    );
  expect(await message({})).toMatchInlineSnapshot(`"ShapeError: small.onnx: expected inputs 'x', got none for 'x'"`);
  expect(await message({ x: feed(1, 3, 4, 4), y: feed(1) })).toMatchInlineSnapshot(
    `"ShapeError: small.onnx: expected inputs 'x', got 'y' too"`,
  );
  expect(await message({ x: feed(1, 1, 4, 4) })).toMatchInlineSnapshot(
    `"ShapeError: small.onnx: expected input 'x' as [n, 3, h, w], got [1, 1, 4, 4]"`,
  );
  expect(await message({ x: feed(3, 4, 4) })).toMatchInlineSnapshot(
    `"ShapeError: small.onnx: expected input 'x' as [n, 3, h, w], got [3, 4, 4]"`,
  );
  expect(await message({ x: { data: random(47), shape: [1, 3, 4, 4] } })).toMatchInlineSnapshot(
    `"ShapeError: small.onnx: expected 'x' [1, 3, 4, 4] as 48 numbers, got 47"`,
  );
  expect(await message({ x: feed(0, 3, 4, 4) })).toMatchInlineSnapshot(
    `"ShapeError: small.onnx: expected input 'x' with elements, got [0, 3, 4, 4]"`,
  );
  loaded.destroy();
});

test('weights are uploaded once, and everything is freed', async () => {
  const before = gpu.allocatedBytes;
  const loaded = await loadOnnx(gpu, network);
  const small = await loaded.compile({ x: [1, 3, 4, 4] });
  const weights = gpu.allocatedBytes - before - small.bytes;
  for (const size of [5, 6, 7]) await loaded.compile({ x: [1, 3, size, size] });
  const [a, b] = await Promise.all([loaded.compile({ x: [1, 3, 4, 4] }), loaded.compile({ x: [1, 3, 4, 4] })]);
  expect(a).toBe(small);
  expect(b).toBe(small);
  const kept = await Promise.all([5, 6, 7].map((size) => loaded.compile({ x: [1, 3, size, size] })));
  const executables = [small, ...kept].reduce((sum, { bytes }) => sum + bytes, 0);
  expect(gpu.allocatedBytes - before).toBe(weights + executables);
  // The fifth pushes the oldest out.
  const fifth = await loaded.compile({ x: [1, 3, 8, 8] });
  await gpu.fence();
  expect(gpu.allocatedBytes - before).toBe(weights + executables - small.bytes + fifth.bytes);
  loaded.destroy();
  expect(gpu.allocatedBytes).toBe(before);
});

test('runs that overlap do not mix', async () => {
  const loaded = await loadOnnx(gpu, network);
  const feeds = [1, 2, 3, 4, 5, 6].map((seed) => ({
    data: random(48 * (1 + (seed % 2)), seed),
    shape: [1 + (seed % 2), 3, 4, 4],
  }));
  const together = await Promise.all(feeds.map((x) => loaded.run({ x })));
  for (const [i, x] of feeds.entries()) expect(together[i]).toEqual(await loaded.run({ x }));
  loaded.destroy();
});

test('any value may be chosen as output', async () => {
  const loaded = await loadOnnx(gpu, network, { outputs: ['conv'] });
  const x = feed(1, 3, 4, 4);
  const { conv, ...rest } = await loaded.run({ x });
  expect(rest).toEqual({});
  expect(conv!.data.some((each) => each < 0)).toBe(true);
  loaded.destroy();
  await expect(loadOnnx(gpu, network, { outputs: ['logits'] })).rejects.toThrow(/'pooled'.*got 'logits'/);
});

test('a model becomes part of a bigger graph', async () => {
  const loaded = await loadOnnx(gpu, network, { outputs: ['pooled'] });
  const x = feed(1, 3, 4, 4);
  const { pooled } = loaded.build({ x: binary('mul', input('half', x.shape), constant([], 2)) });
  const executable = await compile(gpu, { label: 'test', outputs: { y: pooled! }, constants: loaded.constants });
  executable.feed(
    'half',
    x.data.map((each) => each / 2),
  );
  executable.run();
  const expected = await loaded.run({ x });
  const got = await executable.read('y');
  got.forEach((each, i) => {
    expect(each).toBeCloseTo(expected.pooled!.data[i]!, 6);
  });
  executable.destroy();
  loaded.destroy();
});

test('outputs that are constants, inputs, or made from a shape alone', async () => {
  const nodes = [
    node('Shape', ['x'], ['shape']),
    node('Cast', ['shape'], ['extents'], { to: CODES.float32 }),
    node('Identity', ['x'], ['same']),
    node('Reshape', ['x', 'row'], ['line']),
    node('Identity', ['large'], ['weights']),
    node('Sqrt', ['large'], ['computed']),
  ];
  const parts = {
    nodes,
    inputs: [value('x', ['a', 'b']), value('unused', [1])],
    outputs: [value('shape', undefined, 'int64'), 'extents', 'same', 'line', 'weights', 'computed'].map((each) =>
      typeof each === 'string' ? value(each) : each,
    ),
    initializers: [tensor('row', [1], [-1], { type: 'int64' }), tensor('large', [300], random(300).map(Math.abs))],
  };
  const x = feed(3, 4);
  await expectModel(model({ ...parts, inputs: [value('x', ['a', 'b'])] }), { x });
  const shapesAlone = await loadOnnx(gpu, model(parts), { outputs: ['extents'] });
  expect(await shapesAlone.run({ x, unused: feed(1) })).toEqual({
    extents: { data: Float32Array.of(3, 4), shape: [2] },
  });
  await expect(shapesAlone.compile({ x: x.shape })).rejects.toThrow('got constants alone');
  shapesAlone.destroy();
});

test('float16, bfloat16 and float64 files take and give float32', async () => {
  for (const type of ['float16', 'float64'] as const) {
    const bytes = model({
      nodes: [
        node('Cast', ['x'], ['c'], { to: CODES[type] }),
        node('Mul', ['c', 'k'], ['d']),
        node('Cast', ['d'], ['y'], { to: 1 }),
      ],
      inputs: { x: [3] },
      outputs: ['y'],
      initializers: [tensor('k', [3], [1.5, -2, 0.25], { type })],
    });
    await expectModel(bytes, { x: { data: Float32Array.of(1, 2, -8), shape: [3] } });
  }
  for (const type of ['float16', 'bfloat16', 'float64'] as const) {
    const bytes = model({
      nodes: [node('Mul', ['x', 'k'], ['y'])],
      inputs: [value('x', [3], type)],
      outputs: [value('y', [3], type)],
      initializers: [tensor('k', [3], [1.5, -2, 0.25], { type })],
    });
    const loaded = await loadOnnx(gpu, bytes);
    const { y } = await loaded.run({ x: { data: Float32Array.of(1, 2, -8), shape: [3] } });
    expect(y!.data).toEqual(Float32Array.of(1.5, -4, -2));
    loaded.destroy();
  }
});

test('integers that are cast to floats may be fed', async () => {
  const bytes = model({
    nodes: [node('Cast', ['x'], ['c'], { to: 1 }), node('Mul', ['c', 'k'], ['y'])],
    inputs: [value('x', [3], 'uint8')],
    outputs: ['y'],
    initializers: [tensor('k', [], [0.5])],
  });
  const loaded = await loadOnnx(gpu, bytes);
  const { y } = await loaded.run({ x: { data: Float32Array.of(1, 2, 255), shape: [3] } });
  expect(y!.data).toEqual(Float32Array.of(0.5, 1, 127.5));
  loaded.destroy();
});
