/** Steps of the algorithms for nearest x2 with a 3x3 convolution behind it: the convolutions inside, and what is around. */

import type { Emit } from '../../core/emit.ts';
import { widthFor } from '../../core/vector_width.ts';
import { biasAdd } from '../../elementwise/bias_add.ts';
import { relu } from '../../elementwise/relu.ts';
import { tanh } from '../../elementwise/tanh.ts';
import { unary } from '../../elementwise/unary.ts';
import { upsample2x } from '../../movement/upsample2x.ts';
import { type ConvGeometry, type ConvOptions, pixelsOut } from '../geometry.ts';
import { upsampleWeights } from './upsample_weights.ts';

/** The convolution from y's shape to x's of which the transposed one makes y from x. */
export function shrinking(g: ConvGeometry): ConvGeometry {
  const pixels = { inHeight: g.outHeight, inWidth: g.outWidth, outHeight: g.inHeight, outWidth: g.inWidth };
  const window = { kernelHeight: 4, kernelWidth: 4, strideY: 2, strideX: 2, padTop: 1, padLeft: 1 };
  return { ...g, ...pixels, ...window, inChannels: g.outChannels, outChannels: g.inChannels };
}

/** The 3x3 convolution of the picture that is twice as high and wide. */
export function enlarged(g: ConvGeometry): ConvGeometry {
  return { ...g, inHeight: g.outHeight, inWidth: g.outWidth };
}

/** The elements of the picture that is twice as high and wide. */
export const largeElements = (g: ConvGeometry): number => pixelsOut(g) * g.inChannels;

/** Enlarges `x`. */
export function emitLarge<T>(emit: Emit<T>, x: T, g: ConvGeometry): T {
  const y = emit.scratch(largeElements(g));
  emit.call(upsample2x, { x, y }, ...pictureOf(g));
  return y;
}

/** Parameters and variant of the kernels that enlarge, and shrink. */
export function pictureOf({ batch, inHeight: height, inWidth: width, inChannels: channels }: ConvGeometry) {
  return [{ batch, height, width, channels }, { vector: widthFor(channels) }] as const;
}

/** Sums the 3x3 taps up to 4x4 ones. */
export function emitWeights<T>(emit: Emit<T>, w: T, g: ConvGeometry, layout: 'plain' | 'turned'): T {
  const s = emit.scratch(16 * g.inChannels * g.outChannels);
  emit.call(upsampleWeights, { w, s }, { in_channels: g.inChannels, out_channels: g.outChannels }, { layout });
  return s;
}

/** Emits `y = activation(x + bias)`, all of y's shape. */
export function emitActivation<T>(
  emit: Emit<T>,
  { x, bias, y }: { readonly x: T; readonly bias: T | undefined; readonly y: T },
  g: ConvGeometry,
  { activation, biasPerImage }: ConvOptions,
): void {
  const channels = g.outChannels;
  const outer = biasPerImage ? g.batch : 1;
  if (bias !== undefined) {
    emit.call(biasAdd, { x, b: bias, y }, { outer, rows: pixelsOut(g) / outer, channels }, { activation });
  } else {
    const count = pixelsOut(g) * channels;
    if (activation === 'relu6') emit.call(unary, { x, y }, { count, alpha: 0, beta: 6 }, { f: 'clip' });
    else if (activation === 'hard_swish') emit.call(unary, { x, y }, { count, alpha: 0, beta: 0 }, { f: activation });
    else emit.call(activation === 'tanh' ? tanh : relu, { x, y }, { count });
  }
}
