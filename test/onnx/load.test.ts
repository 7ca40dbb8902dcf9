/** Loading and running whole models: shapes, outputs, what is kept and what is freed. */
import { expect, test } from 'vitest';
import { compile } from '../../src/graph/compile.ts';
import { constant } from '../../src/graph/ops/core/constant.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { binary } from '../../src/graph/ops/elementwise/binary.ts';
import { ArgumentError, DeviceError, loadOnnx, type OnnxModel } from '../../src/index.ts';
import { gpu } from '../support/gpu.ts';
import { expectModel, reference } from '../support/oracle.ts';
import { CODES, model, node, tensor, value } from '../support/proto_builder.ts';
import { random } from '../support/random.ts';

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
  loaded.close();
});

test('feeds that are missing, unknown, of another shape or length are refused, by name', async () => {
  const loaded = await loadOnnx(gpu, network, { name: 'small.onnx' });
  const failure = (feeds: Parameters<typeof loaded.run>[0]) => loaded.run(feeds).catch((error: Error) => error);
  expect(String(await failure({ x: feed(1, 1, 4, 4) }))).toMatchInlineSnapshot(
    `"ShapeError: small.onnx: expected input 'x' as [n, 3, h, w], got [1, 1, 4, 4]"`,
  );
  for (const [feeds, expected, got] of [
    [{}, "inputs 'x'", "none for 'x'"],
    [{ x: feed(1, 3, 4, 4), y: feed(1) }, "inputs 'x'", "'y' too"],
    [{ x: feed(3, 4, 4) }, "input 'x' as [n, 3, h, w]", '[3, 4, 4]'],
    [{ x: { data: random(47), shape: [1, 3, 4, 4] } }, "'x' [1, 3, 4, 4] as 48 numbers", '47'],
    [{ x: feed(0, 3, 4, 4) }, "input 'x' with elements", '[0, 3, 4, 4]'],
  ] as const) {
    expect(await failure(feeds)).toMatchObject({ where: 'small.onnx', expected, got });
  }
  loaded.close();
});

test('weights are uploaded once, and everything is freed', async () => {
  const before = gpu.allocatedBytes;
  const loaded = await loadOnnx(gpu, network);
  const bytesAfter = async (sizes: readonly number[]) => {
    for (const size of sizes) await loaded.run({ x: feed(1, 3, size, size) });
    await gpu.fence();
    return gpu.allocatedBytes;
  };
  const one = await bytesAfter([4]);
  const kept = await bytesAfter([4, 5, 6, 7, 4]);
  expect(kept).toBeGreaterThan(one);
  // Sizes come and go; four are kept.
  const others = await bytesAfter([8, 9, 10, 11]);
  expect(await bytesAfter([4, 5, 6, 7])).toBe(kept);
  expect(await bytesAfter([8, 9, 10, 11])).toBe(others);
  loaded.close();
  loaded.close();
  expect(gpu.allocatedBytes).toBe(before);
});

test('what compile hands out stays until its caller or the model is closed, whatever else is run', async () => {
  const before = gpu.allocatedBytes;
  const loaded = await loadOnnx(gpu, network);
  const shapes = { x: [1, 3, 4, 4] };
  const [mine, same] = await Promise.all([loaded.compile(shapes), loaded.compile(shapes)]);
  expect(same).toBe(mine);
  const x = random(48);
  const want = await loaded.run({ x: { data: x, shape: [1, 3, 4, 4] } });
  for (const size of [5, 6, 7, 8, 9]) {
    await loaded.run({ x: { data: random(3 * size * size), shape: [1, 3, size, size] } });
    await loaded.compile({ x: [1, 3, size, size] });
  }
  mine.feed('x', x);
  mine.run();
  expect(await mine.read('pooled')).toEqual(want.pooled!.data);
  mine.close();
  mine.close();
  expect(() => mine.run()).toThrow(/expected an open one, got a closed one – compile it again/);
  expect(() => mine.feed('x', x)).toThrow(DeviceError);
  await expect(mine.read('pooled')).rejects.toThrow(DeviceError);
  expect(await loaded.run({ x: { data: x, shape: [1, 3, 4, 4] } })).toEqual(want);
  expect(await loaded.compile(shapes)).not.toBe(mine);
  loaded.close();
  await Promise.resolve();
  expect(gpu.allocatedBytes).toBe(before);
});

test('a model that is closed says so, and what it was compiling is freed', async () => {
  const before = gpu.allocatedBytes;
  for (const start of [
    (model: OnnxModel) => model.compile({ x: [1, 3, 4, 4] }),
    (model: OnnxModel) => model.run({ x: { data: random(48), shape: [1, 3, 4, 4] } }),
  ]) {
    const loaded = await loadOnnx(gpu, network);
    const pending = start(loaded).catch((error: unknown) => error);
    await new Promise((done) => setTimeout(done, 2));
    loaded.close();
    expect(await pending).toBeInstanceOf(DeviceError);
    await gpu.fence();
    expect(gpu.allocatedBytes).toBe(before);
    const message = /expected an open one, got a closed one – load it again$/;
    await expect(start(loaded)).rejects.toThrow(message);
    expect(() => loaded.build({})).toThrow(message);
  }
});

test.each([
  [{ data: [1, 2], shape: [1, 3, 4, 4] }, 'expected data as a Float32Array, got an array – convert it'],
  [
    { data: new Float64Array(48), shape: [1, 3, 4, 4] },
    'expected data as a Float32Array, got Float64Array – convert it',
  ],
  [{ data: new Uint8Array(48), shape: [1, 3, 4, 4] }, 'expected data as a Float32Array, got Uint8Array – convert it'],
  [{ data: new Float32Array(48) }, 'expected shape as an array of numbers, got undefined'],
  [new Float32Array(48), 'expected { data, shape } as an object, got Float32Array'],
  [undefined, 'expected { data, shape } as an object, got undefined'],
])('an input %o is refused', async (x, expected) => {
  const loaded = await loadOnnx(gpu, network);
  await expect(loaded.run({ x } as never)).rejects.toThrow(expected);
  await expect(loaded.run({ x } as never)).rejects.toBeInstanceOf(ArgumentError);
  loaded.close();
});

test('options and sources that are none are refused', async () => {
  await expect(loadOnnx(gpu, network, { output: ['y'] } as never)).rejects.toThrow("do you mean 'outputs'?");
  await expect(loadOnnx(gpu, new ArrayBuffer(8) as never)).rejects.toThrow(
    'got ArrayBuffer – wrap it: new Uint8Array(buffer)',
  );
  await expect(loadOnnx(gpu.device as never, network)).rejects.toThrow('loadOnnx: expected a Gpu, got GPUDevice');
  await expect(loadOnnx(gpu, network).then((model) => model.run(3 as never))).rejects.toThrow(ArgumentError);
});

test('runs that overlap do not mix', async () => {
  const loaded = await loadOnnx(gpu, network);
  const feeds = [1, 2, 3, 4, 5, 6].map((seed) => ({
    data: random(48 * (1 + (seed % 2)), seed),
    shape: [1 + (seed % 2), 3, 4, 4],
  }));
  const together = await Promise.all(feeds.map((x) => loaded.run({ x })));
  for (const [i, x] of feeds.entries()) expect(together[i]).toEqual(await loaded.run({ x }));
  loaded.close();
});

test('any value may be chosen as output', async () => {
  const loaded = await loadOnnx(gpu, network, { outputs: ['conv'] });
  const x = feed(1, 3, 4, 4);
  const { conv, ...rest } = await loaded.run({ x });
  expect(rest).toEqual({});
  expect(conv!.data.some((each) => each < 0)).toBe(true);
  loaded.close();
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
  executable.close();
  loaded.close();
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
  shapesAlone.close();
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
    loaded.close();
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
  loaded.close();
});
