/** Gradients and loss of all micro-batches, added up on the device. */

import { recordOne } from '../../kernels/core/record.ts';
import { accumulate } from '../../kernels/elementwise/accumulate.ts';
import { fill } from '../../kernels/elementwise/fill.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import type { Program } from '../../runtime/program.ts';
import type { Resources } from '../../runtime/resources.ts';

export interface GradientSum {
  readonly buffer: GPUBuffer;
  /** Sets the sum to 0. */
  readonly clear: Program;
  /** Adds what is in the gradient buffer. */
  readonly add: Program;
}

/** @param resources get what is made */
export async function makeSum(gpu: Gpu, resources: Resources, gradient: GPUBuffer): Promise<GradientSum> {
  const buffer = resources.buffer('gradient sum', gradient.size);
  const count = gradient.size / 4;
  return {
    buffer,
    clear: resources.add(await recordOne(gpu, fill, { y: buffer }, { count, value: 0 })),
    add: resources.add(await recordOne(gpu, accumulate, { x: gradient, acc: buffer }, { count })),
  };
}
