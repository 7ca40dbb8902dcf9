import chroma_classes from '../../../shaders/lib/chroma_classes.wgsl';
import tree from '../../../shaders/lib/tree.wgsl';
import source from '../../../shaders/loss/cross_entropy.wgsl';
import { defineKernel, dispatch1d, type Variants } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { emitSum } from '../reduction/sum_rows.ts';
import { BINS_PER_UNIT } from './chroma_bins.ts';

/** How pixels are weighted: all alike, or each by `weight`. */
export const weightings = {
  none: 'fn weight_of(pixel: u32) -> f32 { return 1.0; }',
  per_pixel: 'fn weight_of(pixel: u32) -> f32 { return weight[pixel]; }',
} as const satisfies Variants[string];

/** `losses[p]` = `scale` times the weighted cross-entropy of pixel p. See `emitCrossEntropy`. */
export const crossEntropy = defineKernel({
  name: 'cross_entropy',
  source,
  library: { chroma_classes, tree },
  buffers: {
    logits: { access: 'read', length: ({ pixels, side }) => pixels * side * side },
    chroma: { access: 'read', length: ({ pixels }) => 2 * pixels },
    weight: { access: 'read', length: ({ pixels }) => pixels },
    losses: { access: 'read_write', length: ({ pixels }) => pixels },
  },
  params: { pixels: 'u32', side: 'u32', bins_per_unit: 'f32', scale: 'f32' },
  constants: { WORKGROUP: 64 },
  variants: { weighting: weightings },
  workgroups: ({ pixels }) => dispatch1d(pixels, 1),
});

export interface CrossEntropyParams {
  /** N * H * W. */
  readonly pixels: number;
  /** Bins along a* and along b*. */
  readonly side: number;
  /** What the sum is multiplied by: 1 / pixels for the mean. */
  readonly scale: number;
}

/**
 * The weighted cross-entropy between what the logits say and the true colors, each shared between the four classes
 * around it (bins of chroma, see `BINS`) by bilinear interpolation: `y` [1] = scale * sum of weight * −Σ share · log p.
 *
 * `logits` are [pixels, side²], `chroma` is [pixels, 2], `weight` [pixels]; without it all pixels weigh 1.
 */
export function emitCrossEntropy<T>(
  emit: Emit<T>,
  {
    logits,
    chroma,
    weight,
    y,
  }: { readonly logits: T; readonly chroma: T; readonly weight?: T | undefined; readonly y: T },
  { pixels, side, scale }: CrossEntropyParams,
): void {
  const losses = emit.scratch(pixels);
  emit.call(
    crossEntropy,
    // Without weights the binding is not read, but WebGPU wants a buffer there.
    { logits, chroma, weight: weight ?? chroma, losses },
    { pixels, side, bins_per_unit: BINS_PER_UNIT, scale },
    { weighting: weight === undefined ? 'none' : 'per_pixel' },
  );
  emitSum(emit, { x: losses, y }, { count: pixels });
}
