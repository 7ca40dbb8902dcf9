/** Gradients and loss of all micro-batches, added up on the device. */
import { accumulate } from '../kernels/accumulate.ts';
import { fill } from '../kernels/fill.ts';
import { recordOne } from '../kernels/record.ts';
import type { Gpu } from '../runtime/gpu.ts';
import type { Program } from '../runtime/program.ts';

export interface GradientSum {
  readonly buffer: GPUBuffer;
  /** Sets the sum to 0. */
  readonly clear: Program;
  /** Adds what is in the gradient buffer. */
  readonly add: Program;
}

export async function makeSum(gpu: Gpu, gradient: GPUBuffer): Promise<GradientSum> {
  const buffer = gpu.buffer('gradient sum', gradient.size);
  const count = gradient.size / 4;
  return {
    buffer,
    clear: await recordOne(gpu, fill, { y: buffer }, { count, value: 0 }),
    add: await recordOne(gpu, accumulate, { x: gradient, acc: buffer }, { count }),
  };
}

export function freeSum(gpu: Gpu, { buffer, clear, add }: GradientSum): void {
  gpu.free(buffer);
  clear.destroy();
  add.destroy();
}
