import elementwise from '../../../shaders/lib/elementwise.wgsl';
import source from '../../../shaders/loss/mse_grad.wgsl';
import { defineKernel } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { wholeVec4s } from '../core/vector_width.ts';
import { type MseParams, weightings } from './mse.ts';

/** `dpred[i] = dy[0] * 2 * scale * weight * (pred[i] - truth[i])`. See `emitMseGrad`. */
export const mseGrad = defineKernel({
  name: 'mse_grad',
  source,
  library: { elementwise },
  buffers: {
    pred: { access: 'read', length: ({ pixels, channels }) => wholeVec4s(pixels * channels) },
    truth: { access: 'read', length: ({ pixels, channels }) => wholeVec4s(pixels * channels) },
    weight: { access: 'read', length: ({ pixels }) => pixels },
    dy: { access: 'read', length: () => 1 },
    dpred: { access: 'read_write', length: ({ pixels, channels }) => wholeVec4s(pixels * channels) },
  },
  params: { pixels: 'u32', channels: 'u32', scale: 'f32' },
  constants: { WORKGROUP: 256 },
  variants: { weighting: weightings },
  threads: ({ pixels, channels }) => (pixels * channels) / 4,
});

/** The gradient of `emitMse` with respect to `pred`; `dy` [1] is the gradient of the loss. */
export function emitMseGrad<T>(
  emit: Emit<T>,
  {
    pred,
    truth,
    weight,
    dy,
    dpred,
  }: { readonly pred: T; readonly truth: T; readonly weight?: T | undefined; readonly dy: T; readonly dpred: T },
  { pixels, channels, scale }: MseParams,
): void {
  emit.call(
    mseGrad,
    // Without weights the binding is not read, but WebGPU wants a buffer there.
    { pred, truth, weight: weight ?? pred, dy, dpred },
    { pixels, channels, scale },
    { weighting: weight === undefined ? 'none' : 'per_pixel' },
  );
}
