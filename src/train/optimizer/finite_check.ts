/** Check on the device that weights, or gradients, are finite. */

import { emitInto, type KernelCall } from '../../kernels/core/emit.ts';
import { type Binding, record, traitsOf } from '../../kernels/core/record.ts';
import { emitCountNotFinite } from '../../kernels/reduction/count_not_finite.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import type { Program } from '../../runtime/program.ts';
import type { Scope } from '../../runtime/scope.ts';

/**
 * Records what writes to `y` [1] how many of `count` values are NaN or infinite. The loss does not tell, as ReLU turns NaN
 * into 0.
 *
 * @param scope owns what is made
 */
export async function makeCheck(
  gpu: Gpu,
  scope: Scope,
  values: GPUBuffer,
  count: number,
  y: Binding,
): Promise<Program> {
  const calls: KernelCall<Binding>[] = [];
  const scratch = (elements: number) => scope.buffer('finite check', elements * 4);
  emitCountNotFinite(emitInto<Binding>(calls, traitsOf(gpu), scratch), { x: values, y }, { count });
  return scope.own(await record(gpu, 'finite check', calls));
}
