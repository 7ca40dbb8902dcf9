/** Operands of several algorithms: of whole vec4s of channels, and where the taps of an output lie. */

import type { DeviceTraits, Emit } from '../core/emit.ts';
import type { BlockParams } from './direct/conv2d_block.ts';
import { conv2dPad } from './direct/conv2d_pad.ts';
import { conv2dPatches } from './direct/conv2d_patches.ts';
import { type ConvGeometry, type ConvOptions, pixelsIn, pixelsOut, taps, wholeVectors } from './geometry.ts';

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

/** The parameters of `g` as a product over a grid of outputs; `g` is what `wholeInput` has left. */
export function forwardParams(
  g: ConvGeometry,
  { bias, residual }: { readonly bias?: unknown; readonly residual?: unknown },
  { biasPerImage = false, inView, outView }: ConvOptions,
): BlockParams {
  return {
    ...inputParams(g),
    in_stride: (inView?.stride ?? wholeVectors(g.inChannels)) / 4,
    in_first: (inView?.first ?? 0) / 4,
    rows: g.outHeight,
    columns: g.outWidth,
    out_height: g.outHeight,
    out_width: g.outWidth,
    out_channels: g.outChannels,
    out_step_y: 1,
    out_step_x: 1,
    out_first_y: 0,
    out_first_x: 0,
    tap_first: 0,
    tap_step_y: g.kernelWidth,
    tap_step_x: 1,
    bias: bias === undefined ? 0 : biasPerImage ? 2 : 1,
    residual: residual === undefined ? 0 : 1,
    out_stride: outView?.stride ?? g.outChannels,
    out_first: outView?.first ?? 0,
  };
}

/** Whether outputs see nothing but the input's pixel at their place: 1x1, stride 1, no padding. */
export function isPointwise(g: ConvGeometry): boolean {
  const pointwise = taps(g) === 1 && g.strideY === 1 && g.strideX === 1 && g.padTop === 0 && g.padLeft === 0;
  return pointwise && g.inHeight === g.outHeight && g.inWidth === g.outWidth;
}

/**
 * Takes all pixels of the batch for one long row where neighbors don't matter (1x1, stride 1), so that strips of 4
 * outputs are full whatever the picture's width.
 */
export function flattened(g: ConvGeometry): ConvGeometry {
  if (!isPointwise(g)) return g;
  return { ...g, batch: 1, inHeight: 1, outHeight: 1, inWidth: pixelsIn(g), outWidth: pixelsIn(g) };
}

/**
 * The 1x1 convolution of patches that a convolution of 1 to 3 channels becomes, as these would leave some of each vec4
 * empty, and each tap one of few terms; undefined for others.
 */
export function patched(traits: DeviceTraits, g: ConvGeometry): ConvGeometry | undefined {
  const inChannels = taps(g) * g.inChannels;
  const bytes = pixelsOut(g) * wholeVectors(inChannels) * 4;
  if (g.inChannels > 3 || taps(g) === 1 || bytes > traits.maxStorageBufferBindingSize) return undefined;
  const pointwise = { kernelHeight: 1, kernelWidth: 1, strideY: 1, strideX: 1, padTop: 0, padLeft: 0 };
  return { ...g, ...pointwise, inHeight: g.outHeight, inWidth: g.outWidth, inChannels };
}

/** The input with whole vec4s of channels, and the convolution that is left to do on it. */
export function wholeInput<T>(emit: Emit<T>, x: T, g: ConvGeometry): { x: T; g: ConvGeometry } {
  const left = patched(emit.traits, g);
  if (!left) return { x: padChannels(emit, x, pixelsIn(g), g.inChannels), g };
  const vectors = Math.ceil(left.inChannels / 4);
  const y = emit.scratch(pixelsOut(g) * vectors * 4);
  const { in_vectors: _, ...params } = inputParams(g);
  emit.call(
    conv2dPatches,
    { x, y },
    { ...params, channels: g.inChannels, rows: g.outHeight, columns: g.outWidth, vectors },
  );
  return { x: y, g: left };
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

/**
 * The parameters of the gradient of the input of `g`, from dy with whole vec4s of channels.
 *
 * With stride s, row i of dx only meets the taps t with (i + pad - t) divisible by s. So dx falls into s*s phases, each
 * of them a convolution of stride 1 over dy with its own taps, in reverse: no multiplication by a zero between pixels.
 */
export function transposedParams(
  g: ConvGeometry,
  { bias }: { readonly bias?: unknown },
  { biasPerImage = false }: Pick<ConvOptions, 'biasPerImage'>,
): BlockParams[] {
  const across = phases(g.inWidth, g.kernelWidth, g.strideX, g.padLeft);
  return phases(g.inHeight, g.kernelHeight, g.strideY, g.padTop).flatMap((vertical) =>
    across.map((horizontal) => ({
      batch: g.batch,
      in_height: g.outHeight,
      in_width: g.outWidth,
      in_vectors: Math.ceil(g.outChannels / 4),
      in_stride: Math.ceil(g.outChannels / 4),
      in_first: 0,
      rows: vertical.count,
      columns: horizontal.count,
      out_height: g.inHeight,
      out_width: g.inWidth,
      out_channels: g.inChannels,
      out_step_y: g.strideY,
      out_step_x: g.strideX,
      out_first_y: vertical.first,
      out_first_x: horizontal.first,
      taps_y: vertical.taps,
      taps_x: horizontal.taps,
      tap_first: vertical.lastTap * g.kernelWidth + horizontal.lastTap,
      tap_step_y: -g.strideY * g.kernelWidth,
      tap_step_x: -g.strideX,
      step_y: 1,
      step_x: 1,
      origin_y: vertical.origin,
      origin_x: horizontal.origin,
      bias: bias === undefined ? 0 : biasPerImage ? 2 : 1,
      residual: 0,
      out_stride: g.inChannels,
      out_first: 0,
    })),
  );
}

/** Along one axis: the inputs `first`, `first + stride`, ... and the taps that reach them, seen as a convolution of dy. */
interface Phase {
  readonly first: number;
  readonly count: number;
  readonly taps: number;
  /** The tap of the forward convolution that meets the first element of dy read: taps go backwards. */
  readonly lastTap: number;
  readonly origin: number;
}

/** Splits an axis of `inputs` elements into phases, as many as the stride. */
function phases(inputs: number, kernel: number, stride: number, pad: number): Phase[] {
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
