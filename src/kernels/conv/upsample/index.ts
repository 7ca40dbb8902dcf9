/**
 * Nearest x2 followed by a 3x3 convolution with SAME padding, and its two gradients: ways to compute them, and a choice.
 *
 * The 3x3 taps meet only 2x2 different pixels of x, other ones for each parity of row and column. So y is a transposed
 * convolution of x, of stride 2, with 4x4 taps that are sums of the 3x3 ones: 16 products instead of 36, and no picture
 * in between. Its gradients are that convolution itself, over dy, and the gradient of its weights.
 * N batch, H height, W width, C channels.   x [N, H, W, Cin]   w [3, 3, Cin, Cout]   y [N, 2H, 2W, Cout]
 */

import type { DeviceTraits, Emit } from '../../core/emit.ts';
import { widthFor } from '../../core/vector_width.ts';
import { biasAdd } from '../../elementwise/bias_add.ts';
import { relu } from '../../elementwise/relu.ts';
import { tanh } from '../../elementwise/tanh.ts';
import { unary } from '../../elementwise/unary.ts';
import { upsample2x } from '../../movement/upsample2x.ts';
import { upsample2xGrad } from '../../movement/upsample2x_grad.ts';
import { type ConvBuffers, multiplyAdds } from '../algorithm.ts';
import { emitTransposed } from '../direct/index.ts';
import { type ConvActivation, type ConvGeometry, pixelsIn, pixelsOut } from '../geometry.ts';
import { emitConv2d, emitConv2dInputGrad, emitConv2dWeightGrad, ranked } from '../index.ts';
import type { Convolution, Direction } from '../task.ts';
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

/** A way to compute one direction: `y = activation(conv(upsample2x(x), w) + bias)`, its dx, or its dw. No residual. */
export interface UpsampleConvWay<D extends Direction> {
  readonly name: string;
  /** How long it takes, in multiply-adds of the direct algorithm that would take as long. The least is chosen. */
  cost(traits: DeviceTraits, size: UpsampleConvSize): number;
  emit<T>(emit: Emit<T>, buffers: ConvBuffers<T>[D], size: UpsampleConvSize, options: UpsampleConvOptions): void;
}

/** All ways for each direction; all sums are in a fixed order. */
export const upsampleConvWays: { readonly [D in Direction]: readonly UpsampleConvWay<D>[] } = {
  forward: [
    {
      name: 'transposed, with bias and activation',
      cost: (_, size) => multiplyAdds(shrinking(size)),
      emit: (emit, { x, w, bias, y }, size, options) => {
        const buffers = {
          dy: x,
          w: emitWeights(emit, w, size, 'plain'),
          dx: y,
          ...(bias === undefined ? {} : { bias }),
        };
        emitTransposed(emit, buffers, shrinking(size), { ...options, weights: 'plain' });
      },
    },
    {
      name: 'transposed, then bias and activation',
      cost: (traits, size) =>
        costOf(traits, 'inputGrad', shrinking(size)) + moved(pixelsIn(shrinking(size)) * size.outChannels),
      emit: (emit, { x, w, bias, y }, size, options) => {
        const alone = bias === undefined && options.activation === 'none';
        const sums = alone ? y : emit.scratch(pixelsIn(shrinking(size)) * size.outChannels);
        emitConv2dInputGrad(emit, { dy: x, w: emitWeights(emit, w, size, 'turned'), dx: sums }, shrinking(size));
        if (!alone) emitActivation(emit, { x: sums, bias, y }, size, options);
      },
    },
    {
      name: 'enlarged',
      cost: (traits, size) => costOf(traits, 'forward', enlarged(size)) + movedLarge(traits, size),
      emit: (emit, { x, ...buffers }, size, options) =>
        emitConv2d(emit, { ...buffers, x: emitLarge(emit, x, size) }, enlarged(size), options),
    },
  ],
  inputGrad: [
    {
      name: 'shrinking',
      cost: (traits, size) => costOf(traits, 'forward', shrinking(size)),
      emit: (emit, { dy, w, dx }, size) => {
        const buffers = { x: dy, w: emitWeights(emit, w, size, 'turned'), y: dx };
        emitConv2d(emit, buffers, shrinking(size), { activation: 'none' });
      },
    },
    {
      name: 'enlarged',
      cost: (traits, size) => costOf(traits, 'inputGrad', enlarged(size)) + movedLarge(traits, size),
      emit: (emit, { dy, w, dx }, size) => {
        const large = emit.scratch(largeElements(size));
        emitConv2dInputGrad(emit, { dy, w, dx: large }, enlarged(size));
        emit.call(upsample2xGrad, { dy: large, dx }, ...pictureOf(size));
      },
    },
  ],
  weightGrad: [
    {
      name: 'shrinking',
      cost: (traits, size) => costOf(traits, 'weightGrad', shrinking(size)),
      emit: (emit, { x, dy, dw }, size) => {
        const ds = emit.scratch(16 * size.inChannels * size.outChannels);
        emitConv2dWeightGrad(emit, { x: dy, dy: x, dw: ds }, shrinking(size));
        emit.call(upsampleWeightsGrad, { ds, dw }, { in_channels: size.inChannels, out_channels: size.outChannels });
      },
    },
    {
      name: 'enlarged',
      cost: (traits, size) => costOf(traits, 'weightGrad', enlarged(size)) + movedLarge(traits, size),
      emit: (emit, { x, dy, dw }, size) =>
        emitConv2dWeightGrad(emit, { x: emitLarge(emit, x, size), dy, dw }, enlarged(size)),
    },
  ],
};

/** Emits one direction in the way that should be the fastest. The gradients have no options. */
export function emitUpsampleConv2d<T, D extends Direction>(
  emit: Emit<T>,
  direction: D,
  buffers: ConvBuffers<T>[D],
  size: UpsampleConvSize,
  options: UpsampleConvOptions = { activation: 'none' },
): void {
  const ways: readonly UpsampleConvWay<D>[] = upsampleConvWays[direction];
  const costs = ways.map((way) => way.cost(emit.traits, size));
  ways[costs.indexOf(Math.min(...costs))]!.emit(emit, buffers, size, options);
}

/** The convolution from y's shape to x's of which the transposed one makes y from x. */
function shrinking({ batch, height, width, inChannels, outChannels }: UpsampleConvSize): ConvGeometry {
  const pixels = { batch, inHeight: 2 * height, inWidth: 2 * width, outHeight: height, outWidth: width };
  const window = { kernelHeight: 4, kernelWidth: 4, strideY: 2, strideX: 2, padTop: 1, padLeft: 1 };
  return { ...pixels, ...window, inChannels: outChannels, outChannels: inChannels };
}

/** The 3x3 convolution of the picture that is twice as high and wide. */
function enlarged({ batch, height, width, inChannels, outChannels }: UpsampleConvSize): ConvGeometry {
  const pixels = { batch, inHeight: 2 * height, inWidth: 2 * width, outHeight: 2 * height, outWidth: 2 * width };
  const window = { kernelHeight: 3, kernelWidth: 3, strideY: 1, strideX: 1, padTop: 1, padLeft: 1 };
  return { ...pixels, ...window, inChannels, outChannels };
}

/** The cost of a convolution by the best algorithm for it. */
function costOf<D extends Direction>(traits: DeviceTraits, direction: D, geometry: ConvGeometry): number {
  const convolution: Convolution<D> = { direction, geometry, options: { activation: 'none' } };
  return ranked(traits, convolution)[0]!.cost(traits, convolution);
}

/** The cost of writing so many elements and reading them: estimated for an NVIDIA H200; lavapipe takes about half. */
const moved = (elements: number): number => 16 * elements;

function movedLarge(traits: DeviceTraits, size: UpsampleConvSize): number {
  const elements = largeElements(size);
  return elements * 4 > traits.maxStorageBufferBindingSize ? Number.POSITIVE_INFINITY : moved(elements);
}

const largeElements = (size: UpsampleConvSize): number => pixelsOut(enlarged(size)) * size.inChannels;

function emitLarge<T>(emit: Emit<T>, x: T, size: UpsampleConvSize): T {
  const y = emit.scratch(largeElements(size));
  emit.call(upsample2x, { x, y }, ...pictureOf(size));
  return y;
}

function pictureOf({ batch, height, width, inChannels: channels }: UpsampleConvSize) {
  return [{ batch, height, width, channels }, { vector: widthFor(channels) }] as const;
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

function emitActivation<T>(
  emit: Emit<T>,
  { x, bias, y }: { readonly x: T; readonly bias: T | undefined; readonly y: T },
  size: UpsampleConvSize,
  { activation, biasPerImage }: UpsampleConvOptions,
): void {
  const channels = size.outChannels;
  const pixels = pixelsIn(shrinking(size));
  const outer = biasPerImage ? size.batch : 1;
  if (bias !== undefined) {
    emit.call(biasAdd, { x, b: bias, y }, { outer, rows: pixels / outer, channels }, { activation });
  } else {
    const count = pixels * channels;
    if (activation === 'relu6') emit.call(unary, { x, y }, { count, alpha: 0, beta: 6 }, { f: 'clip' });
    else if (activation === 'hard_swish') emit.call(unary, { x, y }, { count, alpha: 0, beta: 0 }, { f: activation });
    else emit.call(activation === 'tanh' ? tanh : relu, { x, y }, { count });
  }
}
