/**
 * Nearest x2 followed by a 3x3 convolution with SAME padding, and its two gradients: which algorithm computes them.
 *
 * The 3x3 taps meet only 2x2 different pixels of x, other ones for each parity of row and column. So y is a transposed
 * convolution of x, of stride 2, with 4x4 taps that are sums of the 3x3 ones: 16 products instead of 36, and no picture
 * in between. Its gradients are that convolution itself, over dy, and the gradient of its weights.
 * N batch, H height, W width, C channels.   x [N, H, W, Cin]   w [3, 3, Cin, Cout]   y [N, 2H, 2W, Cout]
 */

import type { DeviceTraits, Emit } from '../../core/emit.ts';
import { upsample2xGrad } from '../../movement/upsample2x_grad.ts';
import { type Algorithm, type Algorithms, type ConvBuffers, multiplyAdds } from '../algorithm.ts';
import { emitChosen } from '../choice.ts';
import { emitTransposed } from '../direct/index.ts';
import { type ConvGeometry, type ConvOptions, pixelsOut } from '../geometry.ts';
import { emitConv2d, emitConv2dInputGrad, emitConv2dWeightGrad, ranked } from '../index.ts';
import type { Convolution, Direction, UpsampleDirection } from '../task.ts';
import { emitActivation, emitLarge, emitWeights, enlarged, largeElements, pictureOf, shrinking } from './steps.ts';
import { upsampleWeightsGrad } from './upsample_weights_grad.ts';

/** Height and width are those of x. */
export interface UpsampleConvSize {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly inChannels: number;
  readonly outChannels: number;
}

/** From x to y, with the padding of the 3x3 taps around the enlarged picture. */
export function upsampleGeometry({ batch, height, width, inChannels, outChannels }: UpsampleConvSize): ConvGeometry {
  const pixels = { inHeight: height, inWidth: width, outHeight: 2 * height, outWidth: 2 * width };
  const window = { kernelHeight: 3, kernelWidth: 3, strideY: 1, strideX: 1, padTop: 1, padLeft: 1 };
  return { batch, ...pixels, ...window, inChannels, outChannels };
}

/** No memory for a large picture is needed. */
const always = { fits: () => true };
const enlarging = {
  name: 'enlarged',
  fits: ({ maxStorageBufferBindingSize }: DeviceTraits, { geometry: g }: Convolution<UpsampleDirection>) =>
    largeElements(g) * 4 <= maxStorageBufferBindingSize,
};

/** The small picture through the transposed convolution, of which the direct algorithm adds the bias and activates. */
const transposed: Algorithm<'upsample forward'> = {
  ...always,
  name: 'transposed, with bias and activation',
  cost: (_, { geometry: g }) => multiplyAdds(shrinking(g)),
  emit: (emit, { x, w, bias, y }, { geometry: g, options }) => {
    const buffers = { dy: x, w: emitWeights(emit, w, g, 'plain'), dx: y, ...(bias === undefined ? {} : { bias }) };
    emitTransposed(emit, buffers, shrinking(g), { ...options, weights: 'plain' });
  },
};

/** The same by any algorithm for the gradient of an input; bias and activation take a pass of their own. */
const transposedThenActivated: Algorithm<'upsample forward'> = {
  ...always,
  name: 'transposed, then bias and activation',
  cost: (traits, { geometry: g }) => costOf(traits, 'inputGrad', shrinking(g)) + moved(pixelsOut(g) * g.outChannels),
  emit: (emit, { x, w, bias, y }, { geometry: g, options }) => {
    const alone = bias === undefined && options.activation === 'none';
    const sums = alone ? y : emit.scratch(pixelsOut(g) * g.outChannels);
    emitConv2dInputGrad(emit, { dy: x, w: emitWeights(emit, w, g, 'turned'), dx: sums }, shrinking(g));
    if (!alone) emitActivation(emit, { x: sums, bias, y }, g, options);
  },
};

const enlargedForward: Algorithm<'upsample forward'> = {
  ...enlarging,
  cost: (traits, { geometry: g }) => costOf(traits, 'forward', enlarged(g)) + moved(largeElements(g)),
  emit: (emit, { x, ...buffers }, { geometry: g, options }) =>
    emitConv2d(emit, { ...buffers, x: emitLarge(emit, x, g) }, enlarged(g), options),
};

const shrinkingInputGrad: Algorithm<'upsample inputGrad'> = {
  ...always,
  name: 'shrinking',
  cost: (traits, { geometry: g }) => costOf(traits, 'forward', shrinking(g)),
  emit: (emit, { dy, w, dx }, { geometry: g }) => {
    const buffers = { x: dy, w: emitWeights(emit, w, g, 'turned'), y: dx };
    emitConv2d(emit, buffers, shrinking(g), { activation: 'none' });
  },
};

const enlargedInputGrad: Algorithm<'upsample inputGrad'> = {
  ...enlarging,
  cost: (traits, { geometry: g }) => costOf(traits, 'inputGrad', enlarged(g)) + moved(largeElements(g)),
  emit: (emit, { dy, w, dx }, { geometry: g }) => {
    const large = emit.scratch(largeElements(g));
    emitConv2dInputGrad(emit, { dy, w, dx: large }, enlarged(g));
    emit.call(upsample2xGrad, { dy: large, dx }, ...pictureOf(g));
  },
};

const shrinkingWeightGrad: Algorithm<'upsample weightGrad'> = {
  ...always,
  name: 'shrinking',
  cost: (traits, { geometry: g }) => costOf(traits, 'weightGrad', shrinking(g)),
  emit: (emit, { x, dy, dw }, { geometry: g }) => {
    const ds = emit.scratch(16 * g.inChannels * g.outChannels);
    emitConv2dWeightGrad(emit, { x: dy, dy: x, dw: ds }, shrinking(g));
    emit.call(upsampleWeightsGrad, { ds, dw }, { in_channels: g.inChannels, out_channels: g.outChannels });
  },
};

const enlargedWeightGrad: Algorithm<'upsample weightGrad'> = {
  ...enlarging,
  cost: (traits, { geometry: g }) => costOf(traits, 'weightGrad', enlarged(g)) + moved(largeElements(g)),
  emit: (emit, { x, dy, dw }, { geometry: g }) =>
    emitConv2dWeightGrad(emit, { x: emitLarge(emit, x, g), dy, dw }, enlarged(g)),
};

/** All algorithms; all sums are in a fixed order. No residual, no ranges of channels. */
export const upsampleAlgorithms: Algorithms<UpsampleDirection> = {
  'upsample forward': [transposed, transposedThenActivated, enlargedForward],
  'upsample inputGrad': [shrinkingInputGrad, enlargedInputGrad],
  'upsample weightGrad': [shrinkingWeightGrad, enlargedWeightGrad],
};

/** Emits `y = activation(conv(upsample2x(x), w) + bias)`, its dx, or its dw. The gradients have no options. */
export function emitUpsampleConv2d<T, D extends UpsampleDirection>(
  emit: Emit<T>,
  direction: D,
  buffers: ConvBuffers<T>[D],
  size: UpsampleConvSize,
  options: Pick<ConvOptions, 'activation' | 'biasPerImage'> = { activation: 'none' },
): void {
  const convolution = { direction, geometry: upsampleGeometry(size), options };
  emitChosen(emit, buffers, convolution, upsampleAlgorithms[direction]);
}

/** The cost of a convolution by the best algorithm for it. */
function costOf<D extends Direction>(traits: DeviceTraits, direction: D, geometry: ConvGeometry): number {
  const convolution: Convolution<D> = { direction, geometry, options: { activation: 'none' } };
  return ranked(traits, convolution)[0]!.cost(traits, convolution);
}

/** The cost of writing so many elements and reading them: estimated for an NVIDIA H200; lavapipe takes about half. */
const moved = (elements: number): number => 16 * elements;
