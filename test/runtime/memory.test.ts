/** Memory that runs out: who is told of it, and that nothing stays behind. On a device of 512 MiB that computes nothing. */
import { expect, test, vi } from 'vitest';
import { compile } from '../../src/graph/compile.ts';
import type { Node } from '../../src/graph/node.ts';
import { conv2dSame } from '../../src/graph/ops/conv/conv2d.ts';
import { constant } from '../../src/graph/ops/core/constant.ts';
import { input, parameter } from '../../src/graph/ops/core/input.ts';
import { tensor } from '../../src/graph/ops/core/tensor.ts';
import { biasAdd } from '../../src/graph/ops/elementwise/bias_add.ts';
import { tanh } from '../../src/graph/ops/elementwise/tanh.ts';
import { mse } from '../../src/graph/ops/loss/mse.ts';
import { record, recordOne } from '../../src/kernels/core/record.ts';
import { relu } from '../../src/kernels/elementwise/relu.ts';
import { prove } from '../../src/kernels/tuning/self_test.ts';
import { Workspace } from '../../src/kernels/tuning/workspace.ts';
import { Colorizer } from '../../src/model/colorizer.ts';
import { DeviceError } from '../../src/runtime/errors.ts';
import { Gpu } from '../../src/runtime/gpu.ts';
import { Trainer, type TrainerConfig } from '../../src/train/trainer.ts';
import { Validator } from '../../src/train/validator.ts';
import { testWeights } from '../support/weights.ts';

vi.mock('../../src/runtime/node/adapters.ts', async (original) => {
  const { nullAdapter } = await import('../support/null_device.ts');
  const requestNodeAdapter = async () => ({ adapter: await nullAdapter(), source: 'bundled software', software: true });
  return { ...(await original<object>()), requestNodeAdapter };
});

const MiB = 2 ** 20;
/** Leaves less memory than any buffer needs, until it is destroyed. */
function hog(gpu: Gpu): { destroy(): void } {
  const buffers: GPUBuffer[] = [];
  for (let size = 256 * MiB; size >= 4; size /= 2) {
    // The device has been asked for all of it twice: what does not fit is no harm.
    for (let twice = 0; twice < 2; twice++) {
      gpu.device.pushErrorScope('out-of-memory');
      buffers.push(gpu.device.createBuffer({ size, usage: 0x0008 }));
      void gpu.device.popErrorScope();
    }
  }
  return {
    destroy: () => {
      for (const each of buffers) each.destroy();
    },
  };
}

test('memory that runs out is told to whoever uses that buffer, once, by its name; the others go on', async () => {
  const gpu = await Gpu.open();
  const mine = gpu.buffer('mine', 16);
  const held = hog(gpu);
  const [lost, other] = [gpu.buffer('activations', 2 * MiB), gpu.buffer('other', 16)];
  held.destroy();
  gpu.write(lost, new Float32Array(4));
  await gpu.read(mine);
  await expect(gpu.read(lost)).rejects.toThrow(
    "expected enough memory for 'activations' (2.0 MiB), got 'out of memory: ",
  );
  await expect(recordOne(gpu, relu, { x: mine, y: other }, { count: 4 })).rejects.toThrow("for 'other' (0.0 MiB)");
  for (const buffer of [lost, other]) gpu.free(buffer);
  await gpu.fence();
  const again = await gpu.attempt(() => gpu.buffer('activations', 2 * MiB));
  expect(await gpu.read(again)).toHaveProperty('byteLength', 2 * MiB);
  await gpu.close();
});

test('an allocation in an attempt fails there', async () => {
  const gpu = await Gpu.open();
  const held = hog(gpu);
  await expect(gpu.attempt(() => gpu.buffer('x', MiB))).rejects.toThrow("expected enough memory for 'x'");
  held.destroy();
  await gpu.fence();
  await gpu.close();
});

test('a pipeline that failed for lack of memory can be made again', async () => {
  const gpu = await Gpu.open();
  const [x, y] = [gpu.buffer('x', 16), gpu.buffer('y', 16)];
  const before = gpu.allocatedBytes;
  const spy = vi.spyOn(gpu.device, 'createComputePipelineAsync').mockRejectedValueOnce(new Error('out of memory'));
  const make = () => recordOne(gpu, relu, { x, y }, { count: 4 });
  await expect(make()).rejects.toThrow("relu: expected a pipeline, got 'out of memory'");
  expect(gpu.allocatedBytes).toBe(before);
  (await make()).close();
  expect(spy).toHaveBeenCalledTimes(2);
  await gpu.close();
});

test('a grid past the limit leaves nothing', async () => {
  const gpu = await Gpu.open();
  const [x, y] = [gpu.buffer('x', 16), gpu.buffer('y', 16)];
  const before = gpu.allocatedBytes;
  const kernel = { ...relu, workgroups: () => [2 ** 20] as const };
  const call = { kernel: kernel as never, buffers: { x, y }, params: { count: 4 }, choice: {} };
  await expect(record(gpu, 'test', [call])).rejects.toThrow('expected at most 65535 workgroups a dimension');
  expect(gpu.allocatedBytes).toBe(before);
  await gpu.close();
});

const network = (x: Node) => tanh(biasAdd(conv2dSame(x, parameter('w', [3, 3, 1, 2])), parameter('b', [2])));
const config: TrainerConfig = {
  ...{ batch: 4, microBatch: 2, size: 8, lightness: 'luma', chromaScale: 1, masked: false },
  ...{ adam: { clipNorm: 1 }, averageDecay: 0.9 },
};
const picture = { data: new Uint8ClampedArray(16 * 16 * 4).fill(255), width: 16, height: 16 };
const dataset = { length: 2, picture: async () => picture };

interface Made {
  close(): unknown;
}

/** What takes several steps to make, each of which can fail; and what it needs. */
const makers: Record<string, (gpu: Gpu) => Promise<() => Promise<Made>>> = {
  'a program': async (gpu) => {
    const buffers = { x: gpu.buffer('x', 16), y: gpu.buffer('y', 16) };
    return () => recordOne(gpu, relu, buffers, { count: 4 });
  },
  'an executable with constants': async (gpu) => {
    const weight = tensor('w', [3, 3, 1, 2], () => new Float32Array(18));
    const sum = mse(conv2dSame(input('x', [1, 8, 8, 1]), weight), constant([1, 8, 8, 2], 1));
    return () => compile(gpu, { label: 'test', outputs: { sum } });
  },
  'a trainer': async (gpu) => () => Trainer.create(gpu, config, network),
  'a validator': async (gpu) => {
    const trainer = await Trainer.create(gpu, config, network);
    return () => Validator.create(gpu, trainer, network, dataset);
  },
  'a colorizer': async (gpu) => () => Colorizer.load({ gpu, weights: testWeights() }),
  'a workspace': async (gpu) => () => Workspace.open(gpu),
};

test.each(Object.entries(makers))('%s whose making fails leaves nothing, wherever it fails', async (_, prepare) => {
  const gpu = await Gpu.open();
  const make = await prepare(gpu);
  const before = gpu.allocatedBytes;
  const buffer = gpu.buffer.bind(gpu);
  for (const how of ['at once', 'later'] as const) {
    let failures = 0;
    for (let at = 1; at === failures + 1; at++) {
      let count = 0;
      const spy = vi.spyOn(gpu, 'buffer').mockImplementation((...args) => {
        if (++count !== at) return buffer(...args);
        if (how === 'at once') throw new DeviceError('no memory');
        const held = hog(gpu);
        const made = buffer(...args);
        held.destroy();
        return made;
      });
      const made = await make().catch((error: unknown) => error as Error);
      spy.mockRestore();
      const where = `${how}, buffer ${at}`;
      if (made instanceof Error) expect(made.message, where).toContain('memory');
      else await made.close();
      expect(gpu.allocatedBytes, where).toBe(before);
      if (made instanceof Error) failures++;
      expect(made instanceof Error, where).toBe(count >= at);
    }
    expect(failures, 'buffers').toBeGreaterThan(0);
  }
  await gpu.fence();
  await gpu.close();
});

test('a self-test that fails half-way leaves nothing', async () => {
  const gpu = await Gpu.open({ precision: 'f16', onWarning: () => undefined });
  const before = gpu.allocatedBytes;
  const buffer = gpu.buffer.bind(gpu);
  for (const at of [1, 3, 5, 8]) {
    let count = 0;
    const spy = vi.spyOn(gpu, 'buffer').mockImplementation((...args) => {
      if (++count === at) throw new DeviceError('no memory');
      return buffer(...args);
    });
    await prove(gpu);
    // What its siblings still had to do.
    await new Promise((done) => setTimeout(done, 50));
    spy.mockRestore();
    expect(gpu.allocatedBytes).toBe(before);
    expect(gpu.validated.precision).toBe('f32');
  }
  // It computes nothing, which is no right answer either.
  await prove(gpu);
  expect(gpu.allocatedBytes).toBe(before);
  await gpu.close();
});
