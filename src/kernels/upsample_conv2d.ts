/**
 * Nearest x2 followed by a 3x3 convolution with SAME padding, and its two gradients, without the picture in between.
 *
 * The 3x3 taps meet only 2x2 different pixels of x, other ones for each parity of row and column. So y is a transposed
 * convolution of x, of stride 2, with 4x4 taps that are sums of the 3x3 ones: 16 products instead of 36. Its gradients
 * are that convolution itself, over dy, and the gradient of its weights.
 * N batch, H height, W width, C channels.   x [N, H, W, Cin]   w [3, 3, Cin, Cout]   y [N, 2H, 2W, Cout]
 */
import { emitTransposed } from './conv2d/direct.ts';
import { type ConvActivation, type ConvGeometry, emitConv2d, emitConv2dWeightGrad } from './conv2d.ts';
import type { Emit } from './emit.ts';
import { upsampleWeights } from './upsample_weights.ts';
import { upsampleWeightsGrad } from './upsample_weights_grad.ts';

/** Height and width are those of x. */
export interface UpsampleConvSize {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

export interface UpsampleConvOptions {
  readonly activation: ConvActivation;
  /** The bias is `[batch, outChannels]` instead of `[outChannels]`. */
  readonly biasPerImage?: boolean;
}

/** Emits `y = activation(conv(upsample2x(x), w) + bias)`. */
export function emitUpsampleConv2d<T>(
  emit: Emit<T>,
  { x, y, w, bias }: { readonly x: T; readonly w: T; readonly bias?: T; readonly y: T },
  size: UpsampleConvSize,
  options: UpsampleConvOptions,
): void {
  const buffers = { dy: x, w: emitWeights(emit, w, size, 'plain'), dx: y, ...(bias === undefined ? {} : { bias }) };
  emitTransposed(emit, buffers, shrinking(size), { ...options, weights: 'plain' });
}

/** Emits the gradient with respect to `x`. */
export function emitUpsampleConv2dInputGrad<T>(
  emit: Emit<T>,
  { dy, w, dx }: { readonly dy: T; readonly w: T; readonly dx: T },
  size: UpsampleConvSize,
): void {
  emitConv2d(emit, { x: dy, w: emitWeights(emit, w, size, 'turned'), y: dx }, shrinking(size), { activation: 'none' });
}

/** Emits the gradient with respect to `w`. The order of summation is fixed. */
export function emitUpsampleConv2dWeightGrad<T>(
  emit: Emit<T>,
  { x, dy, dw }: { readonly x: T; readonly dy: T; readonly dw: T },
  size: UpsampleConvSize,
): void {
  const ds = emit.scratch(16 * size.inChannels * size.outChannels);
  emitConv2dWeightGrad(emit, { x: dy, dy: x, dw: ds }, shrinking(size));
  emit.call(upsampleWeightsGrad, { ds, dw }, { in_channels: size.inChannels, out_channels: size.outChannels });
}

function emitWeights<T>(
  emit: Emit<T>,
  w: T,
  { inChannels, outChannels }: UpsampleConvSize,
  layout: 'plain' | 'turned',
): T {
  const s = emit.scratch(16 * inChannels * outChannels);
  emit.call(upsampleWeights, { w, s }, { in_channels: inChannels, out_channels: outChannels }, { layout });
  return s;
}

/** The convolution from y's shape to x's that is transposed. */
function shrinking({ batch, height, width, inChannels, outChannels }: UpsampleConvSize): ConvGeometry {
  return {
    batch,
    inHeight: 2 * height,
    inWidth: 2 * width,
    inChannels: outChannels,
    outHeight: height,
    outWidth: width,
    outChannels: inChannels,
    kernelHeight: 4,
    kernelWidth: 4,
    strideY: 2,
    strideX: 2,
    padTop: 1,
    padLeft: 1,
  };
}
