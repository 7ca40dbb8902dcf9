import source from '../../../../shaders/conv/winograd/winograd_multiply.wgsl';
import outer from '../../../../shaders/lib/conv/direct/outer.wgsl';
import { defineKernel, type Scalar, type Values } from '../../core/define.ts';
import { SCHEDULES } from '../gemm/schedule.ts';
import type { Held } from '../gemm/schedule_choice.ts';

/** The parameters shared by `winograd_multiply` and `winograd_multiply_subgroup`; the shader says what each means. */
export const MULTIPLY_PARAMS = {
  products: 'u32',
  rows: 'u32',
  inner: 'u32',
  columns: 'u32',
  splits: 'u32',
  split_length: 'u32',
} as const satisfies Record<string, Scalar>;

export type MultiplyParams = Values<typeof MULTIPLY_PARAMS>;

/** The buffers of both kernels. */
export const MULTIPLY_BUFFERS = {
  a: { access: 'read', length: (p: MultiplyParams) => p.products * p.inner * Math.ceil(p.rows / 4) * 4 },
  b: { access: 'read', length: (p: MultiplyParams) => p.products * p.inner * p.columns },
  y: { access: 'read_write', length: (p: MultiplyParams) => p.splits * p.products * p.rows * p.columns },
} as const;

/** The variants of both kernels. */
export const MULTIPLY_VARIANTS = {
  store: {
    set: 'fn store(at: u32, value: vec4f) { y[at] = value; }',
    add: 'fn store(at: u32, value: vec4f) { y[at] += value; }',
  },
} as const;

/** The registers of a thread. */
export const MULTIPLY_HELD: Held = { sums: 64, loads: 4 };

/** Many products of matrices `a^T b` at once. */
export const winogradMultiply = defineKernel({
  name: 'winograd_multiply',
  source,
  lanes: 'fewest',
  library: { outer },
  buffers: MULTIPLY_BUFFERS,
  params: MULTIPLY_PARAMS,
  constants: {},
  variants: { ...MULTIPLY_VARIANTS, schedule: SCHEDULES },
  workgroups: (p) => [Math.ceil(p.rows / 64), Math.ceil(p.columns / 64), p.products * p.splits],
});
