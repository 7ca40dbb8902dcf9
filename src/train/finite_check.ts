/** Whether weights, or gradients, are finite: found out on the device. */
import { emitInto, type KernelCall } from '../kernels/emit.ts';
import { emitMse } from '../kernels/mse.ts';
import { type Binding, record, traitsOf } from '../kernels/record.ts';
import type { Gpu } from '../runtime/gpu.ts';
import type { Program } from '../runtime/program.ts';

export interface FiniteCheck {
  readonly program: Program;
  readonly scratch: readonly GPUBuffer[];
}

/**
 * Records what writes Σ (v − v)² over `count` values to `y`: 0, or NaN from the first one on that is not finite.
 * The loss does not tell, as ReLU turns NaN into 0.
 */
export async function makeCheck(gpu: Gpu, values: GPUBuffer, count: number, y: Binding): Promise<FiniteCheck> {
  const calls: KernelCall<Binding>[] = [];
  const scratch: GPUBuffer[] = [];
  const emit = emitInto<Binding>(calls, traitsOf(gpu), (elements) => {
    const buffer = gpu.buffer('finite check', elements * 4);
    scratch.push(buffer);
    return buffer;
  });
  emitMse(emit, { pred: values, truth: values, y }, { pixels: count, channels: 1, scale: 1 });
  return { program: await record(gpu, 'finite check', calls), scratch };
}

export function freeCheck(gpu: Gpu, { program, scratch }: FiniteCheck): void {
  program.destroy();
  for (const buffer of scratch) gpu.free(buffer);
}
