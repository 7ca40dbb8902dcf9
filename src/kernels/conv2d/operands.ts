/** What several algorithms share: operands of whole vec4s of channels, and where the taps of an output lie. */
import { conv2dPad } from '../conv2d_pad.ts';
import { conv2dPatches } from '../conv2d_patches.ts';
import type { Emit } from '../emit.ts';
import { type ConvGeometry, pixelsIn, pixelsOut, taps, wholeVectors } from './geometry.ts';

/** The parameters that say where the taps of an output of `g` lie in its input. */
export function inputParams(g: ConvGeometry) {
  return {
    batch: g.batch,
    in_height: g.inHeight,
    in_width: g.inWidth,
    in_vectors: Math.ceil(g.inChannels / 4),
    taps_y: g.kernelHeight,
    taps_x: g.kernelWidth,
    step_y: g.strideY,
    step_x: g.strideX,
    origin_y: -g.padTop,
    origin_x: -g.padLeft,
  };
}

/**
 * Takes all pixels of the batch for one long row where neighbours don't matter (1x1, stride 1), so that strips of 4
 * outputs are full whatever the picture's width.
 */
export function flattened(g: ConvGeometry): ConvGeometry {
  const pointwise = taps(g) === 1 && g.strideY === 1 && g.strideX === 1 && g.padTop === 0 && g.padLeft === 0;
  if (!pointwise || g.inHeight !== g.outHeight || g.inWidth !== g.outWidth) return g;
  return { ...g, batch: 1, inHeight: 1, outHeight: 1, inWidth: pixelsIn(g), outWidth: pixelsIn(g) };
}

/**
 * The input with whole vec4s of channels, and the convolution that is left to do on it.
 *
 * 1 or 2 channels would leave most of each vec4 empty, so these become a 1x1 convolution of patches.
 */
export function wholeInput<T>(emit: Emit<T>, x: T, g: ConvGeometry): { x: T; g: ConvGeometry } {
  const channels = taps(g) * g.inChannels;
  const elements = pixelsOut(g) * wholeVectors(channels);
  if (g.inChannels > 2 || taps(g) === 1 || elements * 4 > emit.traits.maxStorageBufferBindingSize) {
    return { x: padChannels(emit, x, pixelsIn(g), g.inChannels), g };
  }
  const y = emit.scratch(elements);
  const { in_vectors: _, ...params } = inputParams(g);
  emit.call(
    conv2dPatches,
    { x, y },
    { ...params, channels: g.inChannels, rows: g.outHeight, columns: g.outWidth, vectors: Math.ceil(channels / 4) },
  );
  const pointwise = { kernelHeight: 1, kernelWidth: 1, strideY: 1, strideX: 1, padTop: 0, padLeft: 0 };
  return { x: y, g: { ...g, ...pointwise, inHeight: g.outHeight, inWidth: g.outWidth, inChannels: channels } };
}

/** Activations with whole vec4s of channels: `x` itself, or a copy with zeros behind each pixel's channels. */
export function padChannels<T>(emit: Emit<T>, x: T, pixels: number, channels: number): T {
  if (channels % 4 === 0) return x;
  const y = emit.scratch(pixels * wholeVectors(channels));
  const vectors = Math.ceil(channels / 4);
  emit.call(conv2dPad, { x, y }, { blocks: 1, rows: pixels, columns: channels, padded_rows: pixels, vectors });
  return y;
}

/** Weights with whole vec4s of input and of output channels: `w` itself, or a copy with zeros between. */
export function padWeights<T>(emit: Emit<T>, w: T, g: ConvGeometry): T {
  const rows = g.inChannels;
  const columns = g.outChannels;
  if (rows % 4 === 0 && columns % 4 === 0) return w;
  const y = emit.scratch(taps(g) * wholeVectors(rows) * wholeVectors(columns));
  const vectors = Math.ceil(columns / 4);
  emit.call(conv2dPad, { x: w, y }, { blocks: taps(g), rows, columns, padded_rows: wholeVectors(rows), vectors });
  return y;
}

/** Along one axis: the inputs `first`, `first + stride`, ... and the taps that reach them, seen as a convolution of dy. */
export interface Phase {
  readonly first: number;
  readonly count: number;
  readonly taps: number;
  /** The tap of the forward convolution that meets the first element of dy read: taps go backwards. */
  readonly lastTap: number;
  readonly origin: number;
}

/** Splits an axis of `inputs` elements into phases, as many as the stride; see `emitTransposed`. */
export function phases(inputs: number, kernel: number, stride: number, pad: number): Phase[] {
  const all: Phase[] = [];
  for (let first = 0; first < Math.min(stride, inputs); first++) {
    const firstTap = (first + pad) % stride;
    const count = Math.ceil((inputs - first) / stride);
    const taps = Math.max(0, Math.ceil((kernel - firstTap) / stride));
    const lastTap = firstTap + stride * (taps - 1);
    all.push({ first, count, taps, lastTap, origin: (first + pad - lastTap) / stride });
  }
  return all;
}
