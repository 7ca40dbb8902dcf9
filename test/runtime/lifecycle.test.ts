/**
 * Lifecycle of what holds memory of a device: it is closed by hand or by `await using`, any number of times; and where one
 * of its allocations fails, at once or later, it leaves nothing on the device, which is as good as before.
 */
import { expect, test, vi } from 'vitest';
import { compile } from '../../src/graph/compile.ts';
import { ConstantStore, type StoredNode } from '../../src/graph/constants.ts';
import { gradients } from '../../src/graph/gradient.ts';
import { glorotUniform } from '../../src/graph/initializers.ts';
import { type Node, reachable } from '../../src/graph/node.ts';
import { conv2dSame } from '../../src/graph/ops/conv/conv2d.ts';
import { input, parameter, parameterOp } from '../../src/graph/ops/core/input.ts';
import { tensor } from '../../src/graph/ops/core/tensor.ts';
import { biasAdd } from '../../src/graph/ops/elementwise/bias_add.ts';
import { tanh } from '../../src/graph/ops/elementwise/tanh.ts';
import { mse } from '../../src/graph/ops/loss/mse.ts';
import { ParameterLayout, ParameterSlab } from '../../src/graph/parameters.ts';
import { recordOne } from '../../src/kernels/core/record.ts';
import { relu } from '../../src/kernels/elementwise/relu.ts';
import { Colorizer } from '../../src/model/colorizer.ts';
import { Extractor } from '../../src/model/extractor.ts';
import { loadOnnx } from '../../src/onnx/index.ts';
import type { Closable } from '../../src/runtime/dispose.ts';
import { DeviceError } from '../../src/runtime/errors.ts';
import { Gpu } from '../../src/runtime/gpu.ts';
import { Scope } from '../../src/runtime/scope.ts';
import { assembleBatch, sourceSize } from '../../src/train/data/batch.ts';
import { centered } from '../../src/train/data/sampler.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { SIZE as CLASSIFIED, classifier } from '../support/classifier.ts';
import { noise } from '../support/fixtures.ts';
import { gpu } from '../support/gpu.ts';
import { datasetOf } from '../support/pictures.ts';
import { testWeights } from '../support/weights.ts';

const SIZE = 16;
const picture = noise(SIZE, SIZE);
const dataset = datasetOf(2, sourceSize(SIZE));
const network = (x: Node) => tanh(biasAdd(conv2dSame(x, parameter('w', [3, 3, 1, 2])), parameter('b', [2])));

/** Something to close, a use of it, and what messages call it. */
interface Case {
  readonly it: Closable;
  readonly use: () => Promise<unknown>;
  readonly name: string;
}

/** What there is to close. `scope` owns what is needed beside it. */
const cases: Record<string, (scope: Scope) => Promise<Case>> = {
  'a program': async (scope) => {
    const [x, y] = [scope.buffer('x', 16), scope.buffer('y', 16)];
    const it = await recordOne(gpu, relu, { x, y }, { count: 4 });
    return { it, use: async () => gpu.submit(it), name: "program 'relu'" };
  },
  'a slab of parameters': async () => {
    const layout = new ParameterLayout([parameter('w', [4])]);
    const it = await gpu.attempt(() => new ParameterSlab(gpu, 'weights', layout));
    return { it, use: () => it.read(), name: "parameters 'weights'" };
  },
  'a store of constants': async () => {
    const it = new ConstantStore(gpu);
    const w = tensor('w', [4], () => new Float32Array(4));
    return { it, use: () => it.get(w as StoredNode, () => expect.unreachable()), name: 'constants' };
  },
  'an executable': async () => {
    const w = tensor('w', [3, 3, 1, 2], () => new Float32Array(18).fill(0.1));
    const it = await compile(gpu, { label: 'forward', outputs: { y: conv2dSame(input('x', [1, 8, 8, 1]), w) } });
    return { it, use: () => fed(it, 'y'), name: "'forward'" };
  },
  'an executable with gradients': async (scope) => {
    const loss = mse(
      network(input('x', [1, 8, 8, 1])),
      tensor('truth', [1, 8, 8, 2], () => new Float32Array(128).fill(0.5)),
    );
    const layout = new ParameterLayout(reachable([loss]));
    const parameters = scope.own(await gpu.attempt(() => new ParameterSlab(gpu, 'weights', layout)));
    parameters.write(glorotUniform(layout, 1));
    const weights = reachable([loss]).filter(({ op }) => op === parameterOp);
    const [dw, db] = gradients(loss, weights) as [Node, Node];
    const it = await compile(gpu, { label: 'backward', outputs: { loss, dw, db }, parameters });
    return { it, use: () => fed(it, 'dw'), name: "'backward'" };
  },
  'a trainer': async () => {
    const config = { size: SIZE, lightness: 'luma', chromaScale: 1, masked: false, averageDecay: 0.9 } as const;
    const parts = { batch: 2, microBatch: 1, adam: { clipNorm: 1 } };
    const it = await Trainer.create(gpu, { ...config, ...parts }, network);
    it.load(glorotUniform(it.weights.layout, 1));
    const batch = await assembleBatch(dataset, [centered(0), centered(1)], SIZE);
    return { it, use: () => it.step(batch, 1, 1e-3), name: 'trainer' };
  },
  'an ONNX model': async () => {
    const it = await loadOnnx(gpu, classifier(), { name: 'tiny.onnx' });
    const data = new Float32Array(3 * CLASSIFIED ** 2).fill(0.5);
    const feeds = { picture: { data, shape: [1, 3, CLASSIFIED, CLASSIFIED] } };
    return { it, use: () => it.run(feeds), name: 'model tiny.onnx' };
  },
  'an extractor': async () => {
    const it = await Extractor.open(gpu, classifier());
    return { it, use: () => it.embed(picture), name: 'feature extractor' };
  },
  'a colorizer': async () => {
    const it = await Colorizer.load({ gpu, weights: testWeights(30, 32) });
    return { it, use: () => it.colorize(picture, { renderSize: SIZE }), name: 'colorizer' };
  },
};

/** Feeds an executable, and reads an output. */
async function fed(executable: Awaited<ReturnType<typeof compile>>, output: string) {
  executable.feed('x', new Float32Array(64).fill(0.25));
  executable.run();
  return executable.read(output);
}

const known = Float32Array.of(-1, 2, -3, 4);
const probe = { x: gpu.buffer('x', 16), y: gpu.buffer('y', 16) };
gpu.write(probe.x, known);
const program = await recordOne(gpu, relu, probe, { count: 4 });

async function expectUsable(where: string): Promise<void> {
  await gpu.fence();
  gpu.submit(program);
  expect([...(await gpu.readFloats(probe.y))], where).toEqual([0, 2, 0, 4]);
}

test.each(Object.entries(cases))('%s is closed by hand, or by await using, any number of times', async (_, make) => {
  const before = gpu.allocatedBytes;
  const scope = new Scope(gpu);
  const { it, use, name } = await make(scope);
  await use();
  await it.close();
  await it.close();
  const error = await use().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(DeviceError);
  expect((error as Error).message).toContain(`${name}: expected an open one, got a closed one – `);
  {
    const again = await make(scope);
    await using _ = again.it;
    await again.use();
  }
  scope.close();
  expect(gpu.allocatedBytes).toBe(before);
});

test('a device is closed by await using', async () => {
  let closed: Gpu;
  {
    await using opened = await Gpu.open();
    closed = opened;
    opened.buffer('x', 16);
  }
  expect(() => closed.buffer('x', 16)).toThrow('closed');
});

test.each(Object.entries(cases))('%s leaves nothing where an allocation fails', async (_, make) => {
  const before = gpu.allocatedBytes;
  const makeAndUse = async () => {
    const scope = new Scope(gpu);
    try {
      const { it, use } = await make(scope);
      await use()
        .then(() => gpu.fence())
        .finally(() => it.close());
    } finally {
      scope.close();
    }
  };
  const create = gpu.device.createBuffer.bind(gpu.device);
  for (const how of ['at once', 'later'] as const) {
    let failures = 0;
    for (let at = 1; at === failures + 1; at++) {
      let count = 0;
      const spy = vi.spyOn(gpu.device, 'createBuffer').mockImplementation((descriptor) => {
        if (++count !== at) return create(descriptor);
        if (how === 'at once') throw new RangeError('no memory');
        return create({ ...descriptor, usage: 0 }); // which the device does not take
      });
      const error = await makeAndUse().catch((error: unknown) => error);
      spy.mockRestore();
      const where = `${how}, buffer ${at}: ${error}`;
      if (error !== undefined) failures++;
      expect(error !== undefined, where).toBe(count >= at);
      expect(gpu.allocatedBytes, where).toBe(before);
      await expectUsable(where);
    }
    expect(failures, 'buffers').toBeGreaterThan(0);
  }
});

test('an open device adds nothing to the globals of a program', () => {
  expect(Object.getOwnPropertyNames(globalThis).filter((name) => name.startsWith('GPU'))).toEqual([]);
});
