/** Gradients and loss of all micro-batches, added up on the device. */

import { recordOne } from '../../kernels/core/record.ts';
import { accumulate } from '../../kernels/elementwise/accumulate.ts';
import { fill } from '../../kernels/elementwise/fill.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import type { Program } from '../../runtime/program.ts';
import type { Scope } from '../../runtime/scope.ts';

export interface GradientSum {
  readonly buffer: GPUBuffer;
  /** Sets the sum to 0. */
  readonly clear: Program;
  /** Adds what is in the gradient buffer. */
  readonly add: Program;
}

/** @param scope owns what is made */
export async function makeSum(gpu: Gpu, scope: Scope, gradient: GPUBuffer): Promise<GradientSum> {
  const buffer = scope.buffer('gradient sum', gradient.size);
  const count = gradient.size / 4;
  return {
    buffer,
    clear: scope.own(await recordOne(gpu, fill, { y: buffer }, { count, value: 0 })),
    add: scope.own(await recordOne(gpu, accumulate, { x: gradient, acc: buffer }, { count })),
  };
}
