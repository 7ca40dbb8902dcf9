import weightsPerPixel from '../../../shaders/lib/conv/direct/weights_per_pixel.wgsl';
import tree from '../../../shaders/lib/tree.wgsl';
import source from '../../../shaders/loss/mse.wgsl';
import { defineKernel, type Variants } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { wholeVec4s } from '../core/vector_width.ts';
import { emitSum } from '../reduction/sum_rows.ts';

const WORKGROUP = 256;
/** Enough workgroups to fill a large GPU, few enough that one more adds their partial sums. */
const MAX_WORKGROUPS = 1024;
/** vec4s a thread adds at least, where there are that many. */
const MIN_VEC4S = 4;

/** How elements are weighted: all alike, or each pixel by `weight`. */
export const weightings = {
  none: 'fn weights_of(elements: vec4u) -> vec4f { return vec4f(1.0); }',
  per_pixel: weightsPerPixel,
} as const satisfies Variants[string];

/** `partial[k]` = `scale` times the weighted sum of squared differences in chunk k. See `emitMse`. */
export const mse = defineKernel({
  name: 'mse',
  source,
  library: { tree },
  buffers: {
    pred: { access: 'read', length: ({ pixels, channels }) => wholeVec4s(pixels * channels) },
    truth: { access: 'read', length: ({ pixels, channels }) => wholeVec4s(pixels * channels) },
    weight: { access: 'read', length: ({ pixels }) => pixels },
    partial: { access: 'read_write', length: (params) => chunksOf(params) },
  },
  params: { pixels: 'u32', channels: 'u32', chunk: 'u32', scale: 'f32' },
  constants: { WORKGROUP },
  variants: { weighting: weightings },
  workgroups: (params) => [chunksOf(params)],
});

function chunksOf({ pixels, channels, chunk }: { pixels: number; channels: number; chunk: number }): number {
  return Math.ceil((pixels * channels) / 4 / chunk);
}

export interface MseParams {
  /** N * H * W. */
  readonly pixels: number;
  readonly channels: number;
  /** What the sum is multiplied by: 1 / (pixels * channels) for the mean. */
  readonly scale: number;
}

/**
 * The weighted mean squared error: `y` [1] = scale * sum of weight * (pred - truth)^2.
 *
 * `pred` and `truth` are [pixels, channels], `weight` is [pixels]; without it all pixels weigh 1.
 * The order of the additions depends on the shape alone.
 */
export function emitMse<T>(
  emit: Emit<T>,
  { pred, truth, weight, y }: { readonly pred: T; readonly truth: T; readonly weight?: T | undefined; readonly y: T },
  { pixels, channels, scale }: MseParams,
): void {
  const vec4s = Math.ceil((pixels * channels) / 4);
  const chunk = Math.max(WORKGROUP * MIN_VEC4S, Math.ceil(vec4s / MAX_WORKGROUPS));
  const chunks = chunksOf({ pixels, channels, chunk });
  const partial = chunks === 1 ? y : emit.scratch(chunks);
  emit.call(
    mse,
    // Without weights the binding is not read, but WebGPU wants a buffer there.
    { pred, truth, weight: weight ?? pred, partial },
    { pixels, channels, chunk, scale },
    { weighting: weight === undefined ? 'none' : 'per_pixel' },
  );
  if (chunks > 1) emitSum(emit, { x: partial, y }, { count: chunks });
}
