import chroma_classes from '../../../shaders/lib/chroma_classes.wgsl';
import tree from '../../../shaders/lib/tree.wgsl';
import source from '../../../shaders/loss/cross_entropy_grad.wgsl';
import { defineKernel, dispatch1d } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { BINS_PER_UNIT } from './chroma_bins.ts';
import { type CrossEntropyParams, weightings } from './cross_entropy.ts';

/** `dlogits` = `dy[0]` * scale * weight * (softmax of the logits − shares). See `emitCrossEntropyGrad`. */
export const crossEntropyGrad = defineKernel({
  name: 'cross_entropy_grad',
  source,
  library: { chroma_classes, tree },
  buffers: {
    logits: { access: 'read', length: ({ pixels, side }) => pixels * side * side },
    chroma: { access: 'read', length: ({ pixels }) => 2 * pixels },
    weight: { access: 'read', length: ({ pixels }) => pixels },
    dy: { access: 'read', length: () => 1 },
    dlogits: { access: 'read_write', length: ({ pixels, side }) => pixels * side * side },
  },
  params: { pixels: 'u32', side: 'u32', bins_per_unit: 'f32', scale: 'f32' },
  constants: { WORKGROUP: 64 },
  variants: { weighting: weightings },
  workgroups: ({ pixels }) => dispatch1d(pixels, 1),
});

/** The gradient of `emitCrossEntropy` with respect to `logits`; `dy` [1] is the gradient of the loss. */
export function emitCrossEntropyGrad<T>(
  emit: Emit<T>,
  {
    logits,
    chroma,
    weight,
    dy,
    dlogits,
  }: { readonly logits: T; readonly chroma: T; readonly weight?: T | undefined; readonly dy: T; readonly dlogits: T },
  { pixels, side, scale }: CrossEntropyParams,
): void {
  emit.call(
    crossEntropyGrad,
    // Without weights the binding is not read, but WebGPU wants a buffer there.
    { logits, chroma, weight: weight ?? chroma, dy, dlogits },
    { pixels, side, bins_per_unit: BINS_PER_UNIT, scale },
    { weighting: weight === undefined ? 'none' : 'per_pixel' },
  );
}
