import source from '../../../shaders/optimizer/adam.wgsl';
import { defineKernel, type Values, type Variants } from '../core/define.ts';
import { wholeVec4s } from '../core/vector_width.ts';

/** What gradients are multiplied by: a number, or less where their norm is too large (Pascanu et al. 2013). */
const clippings = {
  none: 'fn gradient_scale() -> f32 { return params.grad_scale; }',
  norm: `fn gradient_scale() -> f32 {
  let norm = sqrt(squares[0]);
  return params.grad_scale * select(1.0, params.max_norm / norm, norm > params.max_norm);
}`,
} as const satisfies Variants[string];

/** One step of Adam over `count` parameters `p`, in place, with moments `m` and `v`. See `adamParams`. */
export const adam = defineKernel({
  name: 'adam',
  source,
  buffers: {
    g: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    p: { access: 'read_write', length: ({ count }) => wholeVec4s(count) },
    m: { access: 'read_write', length: ({ count }) => wholeVec4s(count) },
    v: { access: 'read_write', length: ({ count }) => wholeVec4s(count) },
    // Read with `clipping: 'norm'` alone, but WebGPU wants a buffer there.
    squares: { access: 'read', length: () => 1 },
  },
  params: {
    count: 'u32',
    beta1: 'f32',
    one_minus_beta1: 'f32',
    beta2: 'f32',
    one_minus_beta2: 'f32',
    epsilon: 'f32',
    step_size: 'f32',
    root2: 'f32',
    grad_scale: 'f32',
    max_norm: 'f32',
  },
  constants: { WORKGROUP: 256 },
  variants: { clipping: clippings },
  threads: ({ count }) => count / 4,
});

export interface AdamSettings {
  readonly count: number;
  /** 1 for the first update. */
  readonly step: number;
  readonly learningRate: number;
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
  /** What gradients are multiplied by first, such as 1 / micro-batches. Default 1. */
  readonly gradScale?: number;
  /** With clipping: the norm that `gradScale` times all gradients may have. */
  readonly maxNorm?: number;
}

/** Computes the kernel's parameters for one step in float64. */
export function adamParams({
  count,
  step,
  learningRate,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  gradScale = 1,
  maxNorm = 0,
}: AdamSettings): Values<typeof adam.params> {
  return {
    count,
    beta1,
    one_minus_beta1: 1 - beta1,
    beta2,
    one_minus_beta2: 1 - beta2,
    epsilon,
    step_size: learningRate / (1 - beta1 ** step),
    root2: Math.sqrt(1 - beta2 ** step),
    grad_scale: gradScale,
    max_norm: maxNorm,
  };
}
