/** Room `koalarize/kernels`: declaring kernels of your own, and running them without a graph. */
export { defineKernel, dispatch1d, type KernelDeclaration, type KernelSpec } from '../kernels/core/define.ts';
export type { Emit, KernelCall } from '../kernels/core/emit.ts';
export { type Binding, record, recordOne } from '../kernels/core/record.ts';
export type { Program } from '../runtime/program.ts';
