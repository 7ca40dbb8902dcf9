/** What goes wrong on a device becomes a DeviceError at the next call, and nothing hangs. */
import { afterEach, expect, test } from 'vitest';
import { DeviceError } from '../../src/runtime/errors.ts';
import { Gpu } from '../../src/runtime/gpu.ts';
import { Program } from '../../src/runtime/program.ts';
import { program } from './child.ts';

const opened: Gpu[] = [];
afterEach(() => Promise.all(opened.splice(0).map((gpu) => gpu.close())));

async function open(): Promise<Gpu> {
  const gpu = await Gpu.open();
  opened.push(gpu);
  return gpu;
}

/** Keeps the device busy for a while: `dispatches` times 64 x 256 invocations that each loop. */
function busy(gpu: Gpu, dispatches: number): Program {
  const code = /* wgsl */ `
    @group(0) @binding(0) var<storage, read_write> y: array<f32>;
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3u) {
      var sum = y[id.x];
      for (var i = 0u; i < 2000u; i++) { sum += sin(sum + f32(i)); }
      y[id.x] = sum;
    }`;
  const module = gpu.device.createShaderModule({ code });
  const pipeline = gpu.device.createComputePipeline({ layout: 'auto', compute: { module } });
  const resource = { buffer: gpu.buffer('y', 4 * 64 * 256) };
  const bindGroup = gpu.device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource }],
  });
  const dispatch = { label: 'busy', pipeline, bindGroup, grid: [256, 1, 1] as const };
  return new Program(
    'busy',
    Array.from({ length: dispatches }, () => dispatch),
  );
}

function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'no error',
    (error: unknown) => error,
  );
}

test('an invalid submit is an error at the next fence, and again at every call after it', async () => {
  const gpu = await open();
  const buffer = gpu.buffer('x', 16);
  const encoder = gpu.device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, buffer, 8, 8);
  gpu.device.queue.submit([encoder.finish()]);
  const error = await failure(gpu.fence());
  expect(error).toBeInstanceOf(DeviceError);
  expect((error as Error).message).toContain(`${gpu.name}: expected valid GPU work, got 'GPUValidationError: `);
  expect((error as Error).message).not.toMatch(/\n +at /);
  expect(() => gpu.buffer('y', 16)).toThrow(DeviceError);
  expect(() => gpu.submit()).toThrow('GPUValidationError');
  expect(await failure(gpu.read(buffer))).toBeInstanceOf(DeviceError);
});

test('a write to a freed buffer is an error at the next read', async () => {
  const gpu = await open();
  const [freed, kept] = [gpu.buffer('freed', 16), gpu.buffer('kept', 16)];
  gpu.free(freed);
  gpu.write(freed, new Float32Array(4));
  expect(await failure(gpu.read(kept))).toBeInstanceOf(DeviceError);
});

test('an error in an error scope is not ours', async () => {
  const gpu = await open();
  gpu.device.pushErrorScope('validation');
  gpu.device.createBuffer({ size: 16, usage: 0x0001 | 0x0080 });
  expect(await gpu.device.popErrorScope()).not.toBeNull();
  await gpu.fence();
});

test('a buffer above the limits is refused, with sizes', async () => {
  const gpu = await open();
  expect(() => gpu.buffer('activations', 2 ** 53)).toThrow(
    /^activations: expected at most [\d.]+ MiB \(a limit of .*\), got 8589934592.0 MiB – use a smaller batch or picture size$/,
  );
  expect(gpu.allocatedBytes).toBe(0);
  await gpu.fence();
});

test('buffers within the limits, but more than there is memory, end in an error before anything uses them', async () => {
  const gpu = await open();
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.device.limits;
  const bytes = Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize) / 16) * 16;
  let error: unknown;
  for (let i = 0; i < 100_000 && !error; i++) {
    try {
      gpu.buffer(`part ${i}`, bytes);
    } catch (cause) {
      error = cause;
    }
  }
  expect(error).toBeInstanceOf(DeviceError);
  expect((error as Error).message).toMatch(/memory/);
  expect((error as Error).message).toContain('use a smaller batch or picture size');
});

test('memory that the driver does not have is an error at the next fence', async () => {
  const gpu = await open();
  let error: unknown = 'no error';
  for (let i = 0; i < 100_000 && error === 'no error'; i++) {
    gpu.device.createBuffer({ size: gpu.device.limits.maxBufferSize, usage: 0x0004 | 0x0008 | 0x0080 });
    error = await failure(gpu.fence());
  }
  expect(error).toBeInstanceOf(DeviceError);
  expect((error as Error).message).toContain("expected enough memory, got 'out of memory: ");
});

test('a device that goes away during work rejects what is pending, and everything after it', async () => {
  const gpu = await open();
  gpu.submit(busy(gpu, 20));
  const pending = failure(gpu.fence());
  gpu.device.destroy();
  const error = await pending;
  expect(error).toBeInstanceOf(DeviceError);
  expect((error as Error).message).toContain(`${gpu.name}: expected a working device, got 'lost (destroyed)`);
  expect(await failure(gpu.fence())).toBeInstanceOf(DeviceError);
  expect(() => gpu.buffer('x', 16)).toThrow(DeviceError);
});

test('reads return what was written, at offsets, of any length; several at once', async () => {
  const gpu = await open();
  const buffer = gpu.buffer('x', 5 * 4);
  expect([buffer.size, gpu.allocatedBytes]).toEqual([32, 32]);
  expect(new Uint8Array(await gpu.read(buffer))).toEqual(new Uint8Array(32));
  gpu.write(buffer, Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7));
  gpu.write(buffer, new Float32Array([0, 0, 1.5]).subarray(2), 8);
  const [head, tail, all] = await Promise.all([gpu.read(buffer, 3), gpu.read(buffer, 5, 4), gpu.readFloats(buffer, 3)]);
  expect([...new Uint8Array(head)]).toEqual([0, 1, 2]);
  expect([...new Uint8Array(tail)]).toEqual([4, 5, 6, 7, 0]);
  expect(all[2]).toBe(1.5);
  gpu.free(buffer);
  expect([gpu.allocatedBytes, gpu.peakBytes]).toEqual([0, 32]);
});

test('times are milliseconds of each dispatch', async () => {
  const gpu = await open();
  const work = busy(gpu, 3);
  if (!gpu.hasTimestamps) return expect(gpu.time(work)).rejects.toThrow('expected timestamp-query');
  const start = performance.now();
  const times = await gpu.time(work);
  expect(times).toHaveLength(3);
  for (const ms of times) expect(ms).toBeGreaterThan(0);
  expect(times.reduce((a, b) => a + b)).toBeLessThan(performance.now() - start);
});

test('after close every call says so; closing again does nothing', async () => {
  const gpu = await open();
  const buffer = gpu.buffer('x', 16);
  const work = busy(gpu, 1);
  await gpu.close();
  await gpu.close();
  const calls: (() => unknown)[] = [
    () => gpu.buffer('y', 16),
    () => gpu.write(buffer, new Float32Array(4)),
    () => gpu.submit(work),
    () => gpu.read(buffer),
    () => gpu.readFloats(buffer),
    () => gpu.fence(),
    () => gpu.time(work),
    () => gpu.check(),
  ];
  for (const call of calls) {
    const error = await failure(Promise.resolve().then(call));
    expect(error).toBeInstanceOf(DeviceError);
    expect((error as Error).message).toBe(`${gpu.name}: the device is closed – open another one`);
  }
  gpu.free(buffer);
});

test('closing waits for a read that is pending', async () => {
  const gpu = await open();
  const buffer = gpu.buffer('x', 16);
  gpu.write(buffer, Float32Array.of(1, 2, 3, 4));
  gpu.submit(busy(gpu, 2));
  const [read] = await Promise.all([gpu.readFloats(buffer), gpu.close()]);
  expect([...read]).toEqual([1, 2, 3, 4]);
});

test('five devices, one after the other', async () => {
  for (let i = 0; i < 5; i++) {
    const gpu = await Gpu.open();
    const buffer = gpu.buffer('x', 16);
    gpu.write(buffer, Float32Array.of(i, 0, 0, 0));
    expect((await gpu.readFloats(buffer))[0]).toBe(i);
    await gpu.close();
  }
});

test('a program ends by itself after close, ten times out of ten, with devices collected in between', async () => {
  const run = await program(`
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    import { Gpu } from './src/runtime/gpu.ts';
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc');
    for (let i = 0; i < 2; i++) {
      const gpu = await Gpu.open();
      gc();
      const buffer = gpu.buffer('x', 1 << 20);
      gpu.write(buffer, new Float32Array(1 << 18).fill(7));
      gc();
      console.log((await gpu.readFloats(buffer)).every((x) => x === 7));
      await gpu.close();
      gc();
      await new Promise((done) => setTimeout(done, 10));
    }
  `);
  for (let i = 0; i < 10; i++) {
    const { code, signal, stdout } = await run();
    expect({ code, signal, stdout }).toEqual({ code: 0, signal: null, stdout: 'true\ntrue\n' });
  }
});

test('a program that fails or exits without closing has the exit code it should have', async () => {
  const START = `
    import { Gpu } from './src/runtime/gpu.ts';
    const gpu = await Gpu.open();
    gpu.write(gpu.buffer('x', 1 << 20), new Float32Array(1 << 18));
  `;
  const [exits, fails] = [
    await program(`${START} process.exit(7);`),
    await program(`${START} throw new Error('mine');`),
  ];
  expect(await exits()).toMatchObject({ code: 7, signal: null });
  const failed = await fails();
  expect(failed).toMatchObject({ code: 1, signal: null });
  expect(failed.stderr).toContain('mine');
});

test('an error of the device leaves nothing on stdout', async () => {
  const run = await program(`
    import { Gpu } from './src/runtime/gpu.ts';
    const gpu = await Gpu.open();
    gpu.device.createBuffer({ size: 16, usage: 0x0001 | 0x0080 });
    await gpu.fence().catch((error) => console.error(error.name));
    await gpu.close();
  `);
  const { code, stdout, stderr } = await run();
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  expect(stderr).toContain('DeviceError');
});
