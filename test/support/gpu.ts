/** One device for all tests of a process, and helpers to run kernel calls on plain arrays. It ends with the process. */
import { type Emit, emitInto, type KernelCall } from '../../src/kernels/core/emit.ts';
import { type Binding, record, traitsOf } from '../../src/kernels/core/record.ts';
import { Gpu } from '../../src/runtime/gpu.ts';

export const gpu = await Gpu.open();

/** A buffer that holds `data`. */
export function upload(data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): GPUBuffer {
  const buffer = gpu.buffer('test input', data.byteLength);
  gpu.write(buffer, data);
  return buffer;
}

/** A buffer of `elements` NaNs, so that an element the kernel leaves out is noticed. */
export function poisoned(elements: number): GPUBuffer {
  const buffer = gpu.buffer('test output', elements * 4);
  gpu.write(buffer, new Float32Array(buffer.size / 4).fill(Number.NaN));
  return buffer;
}

/** Runs what `body` emits. Scratch buffers are poisoned. */
export async function run(body: (emit: Emit<Binding>) => void): Promise<void> {
  const calls: KernelCall<Binding>[] = [];
  body(emitInto(calls, traitsOf(gpu), poisoned));
  const program = await record(gpu, 'test', calls);
  gpu.submit(program);
  await gpu.fence();
  program.close();
}
