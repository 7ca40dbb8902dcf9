/** What goes wrong on a device is an error of the call it concerns, once, and nothing hangs. */
import { afterEach, expect, test } from 'vitest';
import { recordOne } from '../../src/kernels/core/record.ts';
import { relu } from '../../src/kernels/elementwise/relu.ts';
import { ArgumentError, DeviceError, ShapeError } from '../../src/runtime/errors.ts';
import { Gpu } from '../../src/runtime/gpu.ts';
import { Program } from '../../src/runtime/program.ts';
import { program } from '../support/child.ts';

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

test('an invalid submit is an error at the next fence, once: then the device is as good as before', async () => {
  const gpu = await open();
  const buffer = gpu.buffer('x', 16);
  const encoder = gpu.device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, buffer, 8, 8);
  gpu.device.queue.submit([encoder.finish()]);
  const error = await failure(gpu.fence());
  expect(error).toBeInstanceOf(DeviceError);
  expect((error as Error).message).toContain(`${gpu.name}: expected valid GPU work, got 'GPUValidationError: `);
  expect((error as Error).message).not.toMatch(/\n +at /);
  await gpu.fence();
  gpu.submit();
  gpu.write(buffer, Float32Array.of(1, 2, 3, 4));
  expect([...(await gpu.readFloats(buffer))]).toEqual([1, 2, 3, 4]);
});

test('what is wrong with a submit is told to whoever reads what it writes, and to nobody else', async () => {
  const gpu = await open();
  const [x, y, other] = ['x', 'y', 'other'].map((label) => gpu.buffer(label, 16)) as [GPUBuffer, GPUBuffer, GPUBuffer];
  gpu.write(other, Float32Array.of(5, 6, 7, 8));
  const work = await recordOne(gpu, relu, { x, y }, { count: 4 });
  x.destroy(); // not by gpu.free, which would know
  gpu.submit(work);
  expect([...(await gpu.readFloats(other))]).toEqual([5, 6, 7, 8]);
  const reads = [failure(gpu.read(y)), failure(gpu.read(y))];
  for (const error of await Promise.all(reads)) expect((error as Error).message).toContain('destroyed');
  await gpu.read(y);
  await gpu.fence();
  work.close();
});

test('an attempt is told of what is wrong with it at once, and nobody else is', async () => {
  const gpu = await open();
  const invalid = () => gpu.device.createBuffer({ size: 16, usage: 0x0001 | 0x0080 });
  expect(((await failure(gpu.attempt(invalid))) as Error).message).toContain('expected valid GPU work');
  await expect(gpu.attempt(() => JSON.parse('{'))).rejects.toThrow(SyntaxError);
  const buffer = await gpu.attempt(() => gpu.buffer('x', 16));
  await gpu.confirm(buffer);
  await gpu.fence();
});

test('use after free or close is an error at that call, which names what it is', async () => {
  const gpu = await open();
  const [freed, kept] = [gpu.buffer('freed', 16), gpu.buffer('kept', 16)];
  const onFreed = await recordOne(gpu, relu, { x: freed, y: kept }, { count: 4 });
  const closed = await recordOne(gpu, relu, { x: freed, y: kept }, { count: 4 });
  closed.close();
  closed.close();
  gpu.free(freed);
  gpu.free(freed);
  const one = 'expected a buffer in use, got one that is freed – make another one';
  expect(() => gpu.write(freed, new Float32Array(4))).toThrow(new DeviceError(`write to 'freed': ${one}`));
  expect(await failure(gpu.read(freed))).toEqual(new DeviceError(`read of 'freed': ${one}`));
  expect(() => gpu.submit(onFreed)).toThrow(new DeviceError(`program on 'freed': ${one}`));
  expect(() => gpu.submit(closed)).toThrow("program 'relu': expected an open one, got a closed one");
  onFreed.close();
  expect(gpu.allocatedBytes).toBe(kept.size);
  await gpu.read(kept);
});

test.each([
  [new Float64Array(2), 'Float64Array'],
  [new BigUint64Array(2), 'BigUint64Array'],
  [new Uint16Array(8), 'Uint16Array'],
  [[1, 2, 3, 4], 'an array'],
  [new ArrayBuffer(16), 'ArrayBuffer'],
  [undefined, 'undefined'],
])('%o is not written: its bits would be read as others', async (data, kind) => {
  const gpu = await open();
  const buffer = gpu.buffer('x', 16);
  expect(() => gpu.write(buffer, data as never)).toThrow(ArgumentError);
  expect(() => gpu.write(buffer, data as never)).toThrow(`got ${kind} – convert it`);
});

test('ranges beyond a buffer, and sizes that are none, are refused', async () => {
  const gpu = await open();
  const buffer = gpu.buffer('x', 16);
  expect(() => gpu.write(buffer, new Float32Array(5))).toThrow(ShapeError);
  expect(() => gpu.write(buffer, new Float32Array(1), 2)).toThrow(ShapeError);
  expect(() => gpu.write(buffer, new Uint8Array(3))).toThrow('whole words of 4 bytes, got 3 bytes');
  for (const [bytes, offset] of [
    [20, 0],
    [4, 16],
    [4, 2],
    [Number.NaN, 0],
    [-4, 0],
  ] as const) {
    expect(await failure(gpu.read(buffer, bytes, offset))).toBeInstanceOf(ShapeError);
  }
  for (const bytes of [Number.NaN, -1, 1.5, '16' as never]) expect(() => gpu.buffer('y', bytes)).toThrow(ArgumentError);
  await gpu.fence();
});

test('options that do not exist are refused, and the nearest is named', async () => {
  const open = (options: object) => failure(Gpu.open(options)).then((error) => (error as Error).message);
  expect(await open({ adaptor: 'auto' })).toBe(
    "Gpu.open: expected an option that exists, got 'adaptor' – do you mean 'adapter'?",
  );
  expect(await open({ powerPreference: 'low' })).toContain(
    'there are adapter, tune, verbose, precision, onWarning, notice',
  );
  expect(await open({ precision: 'f64' })).toContain("expected precision f32 or f16, got 'f64'");
  expect(await open({ adapter: 3 })).toContain('expected adapter as a text, got a number');
  expect(await open('auto' as never)).toContain('expected options as an object, got a string');
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

test('any number of dispatches can be timed', async () => {
  const gpu = await open();
  if (!gpu.hasTimestamps) return;
  const [x, y] = [gpu.buffer('x', 16), gpu.buffer('y', 16)];
  const one = await recordOne(gpu, relu, { x, y }, { count: 4 });
  // A query set holds 4096 queries: the timestamps of 2048.
  const many = new Program(
    'many',
    Array.from({ length: 2049 }, () => one.dispatches[0]!),
  );
  const times = await gpu.time(many);
  expect(times).toHaveLength(2049);
  expect(times.every((ms) => ms >= 0)).toBe(true);
  await gpu.fence();
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
    expect((error as Error).message).toBe(`${gpu.name}: expected an open one, got a closed one – open another one`);
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
