/**
 * The direct algorithm, register-blocked: all sizes, all three directions. Works on whole vec4s of channels; other
 * channel counts go through padded copies.
 */

import { KernelError } from '../../../runtime/errors.ts';
import type { DeviceTraits, Emit } from '../../core/emit.ts';
import { BUSY_THREADS, MAX_GRID, MAX_PARTIAL_SUMS } from '../../core/limits.ts';
import { type Algorithm, type ConvBuffers, multiplyAdds } from '../algorithm.ts';
import { type ConvActivation, type ConvGeometry, type ConvOptions, pixelsOut, taps } from '../geometry.ts';
import {
  flattened,
  forwardParams,
  inputParams,
  padChannels,
  padWeights,
  transposedParams,
  wholeInput,
} from '../operands.ts';
import type { Convolution } from '../task.ts';
import { BLOCK_VECTORS, type Block, type BlockParams, conv2dBlock } from './conv2d_block.ts';
import { conv2dBlockSubgroup } from './conv2d_block_subgroup.ts';
import { conv2dChannelSubgroup } from './conv2d_channel_subgroup.ts';
import { conv2dUnpad } from './conv2d_unpad.ts';
import { conv2dWeightGrad } from './conv2d_weight_grad.ts';
import { conv2dWeightGradSubgroup } from './conv2d_weight_grad_subgroup.ts';
import { sumsFor } from './sums.ts';

const always = {
  name: 'direct',
  fits: () => true,
  cost: ({ subgroupSize }: DeviceTraits, { direction, geometry: g }: Convolution) => {
    if (subgroupSize !== 8 || direction === 'weightGrad') return multiplyAdds(g);
    // These kernels always compute 32 channels.
    const channels = direction === 'forward' ? g.outChannels : g.inChannels;
    return multiplyAdds(g) * ((Math.ceil(channels / 32) * 32) / channels);
  },
};

export const directForward: Algorithm<'forward'> = { ...always, emit: emitForward };
export const directInputGrad: Algorithm<'inputGrad'> = { ...always, emit: emitInputGrad };
export const directWeightGrad: Algorithm<'weightGrad'> = { ...always, emit: emitWeightGrad };

function emitForward<T>(
  emit: Emit<T>,
  buffers: ConvBuffers<T>['forward'],
  { geometry, options }: Convolution<'forward'>,
): void {
  const { activation, biasPerImage = false, inView } = options;
  if (inView && [inView.stride, inView.first, geometry.inChannels].some((channels) => channels % 4)) {
    throw new KernelError({
      where: 'conv2d',
      expected: 'a range of whole vec4s',
      got: `channels ${inView.first} + ${geometry.inChannels} of ${inView.stride}`,
    });
  }
  const input = inView ? { x: buffers.x, g: geometry } : wholeInput(emit, buffers.x, geometry);
  const g = biasPerImage ? input.g : flattened(input.g);
  const weights = padWeights(emit, buffers.w, g);
  emitBlock(
    emit,
    { x: input.x, weights, bias: buffers.bias, residual: buffers.residual, y: buffers.y },
    forwardParams(g, buffers, options),
    { weights: 'plain', activation },
  );
}

function emitInputGrad<T>(
  emit: Emit<T>,
  buffers: ConvBuffers<T>['inputGrad'],
  { geometry }: Convolution<'inputGrad'>,
): void {
  emitTransposed(emit, buffers, geometry, { weights: 'turned', activation: 'none' });
}

/**
 * Emits `dx = activation(the gradient with respect to x + bias)`: taken for itself, a transposed convolution. For that
 * use the channels of its weights may be `plain`, from dy to dx, instead of `turned`.
 */
export function emitTransposed<T>(
  emit: Emit<T>,
  buffers: ConvBuffers<T>['inputGrad'] & { readonly bias?: T },
  geometry: ConvGeometry,
  options: Pick<ConvOptions, 'activation' | 'biasPerImage'> & { readonly weights: 'plain' | 'turned' },
): void {
  const { weights: layout, activation, biasPerImage = false } = options;
  const g = biasPerImage ? geometry : flattened(geometry);
  const forward = { ...g, inChannels: g.outChannels, outChannels: g.inChannels };
  const weights = padWeights(emit, buffers.w, layout === 'turned' ? g : forward);
  const x = padChannels(emit, buffers.dy, pixelsOut(g), g.outChannels);
  for (const params of transposedParams(g, buffers, options)) {
    emitBlock(emit, { x, weights, bias: buffers.bias, residual: undefined, y: buffers.dx }, params, {
      weights: layout,
      activation,
    });
  }
}

/** The sum over all pixels falls into parts, which are added up in a fixed order. */
function emitWeightGrad<T>(
  emit: Emit<T>,
  buffers: ConvBuffers<T>['weightGrad'],
  { geometry }: Convolution<'weightGrad'>,
): void {
  const input = wholeInput(emit, buffers.x, geometry);
  const g = flattened(input.g);
  const inVectors = Math.ceil(g.inChannels / 4);
  const outVectors = Math.ceil(g.outChannels / 4);
  // Splitting the pixels makes threads enough, so the widest block that fits is right.
  const block = fittingBlocks(outVectors)[0]!;
  const width = useSubgroups(emit.traits, outVectors) ? SUBGROUP_VECTORS : BLOCK_VECTORS[block];
  const elements = taps(g) * inVectors * 4 * outVectors * 4;
  const quads = g.batch * g.outHeight * Math.ceil(g.outWidth / 4);
  const threads = taps(g) * inVectors * Math.ceil(outVectors / width);
  const quadsPerSplit = Math.ceil(quads / splitCount(emit.traits, quads, threads, elements));
  const splits = Math.ceil(quads / quadsPerSplit);
  const direct = splits === 1 && g.inChannels % 4 === 0 && g.outChannels % 4 === 0;
  const partial = direct ? buffers.dw : emit.scratch(splits * elements);

  const operands = {
    x: input.x,
    dy: padChannels(emit, buffers.dy, pixelsOut(g), g.outChannels),
    partial,
  };
  const params = {
    ...inputParams(g),
    rows: g.outHeight,
    columns: g.outWidth,
    out_vectors: outVectors,
    splits,
    quads_per_split: quadsPerSplit,
  };
  if (useSubgroups(emit.traits, outVectors)) emit.call(conv2dWeightGradSubgroup, operands, params);
  else emit.call(conv2dWeightGrad, operands, params, { block, sums: sumsFor(emit.traits) });
  if (direct) return;
  emit.call(
    conv2dUnpad,
    { x: partial, y: buffers.dw },
    {
      splits,
      blocks: taps(g),
      rows: g.inChannels,
      columns: g.outChannels,
      padded_rows: inVectors * 4,
      padded_columns: outVectors * 4,
    },
  );
}

function emitBlock<T>(
  emit: Emit<T>,
  {
    x,
    weights,
    bias = weights,
    residual = weights,
    y,
  }: { x: T; weights: T; bias: T | undefined; residual: T | undefined; y: T },
  params: BlockParams,
  variant: { weights: 'plain' | 'turned'; activation: ConvActivation },
): void {
  const aligned = [params.out_channels, params.out_stride, params.out_first].every((channels) => channels % 4 === 0);
  const choice = { ...variant, store: aligned ? 'vec4' : 'scalar' } as const;
  const vectors = Math.ceil(params.out_channels / 4);
  // Where there is no bias or residual, the binding still needs some buffer that this dispatch only reads.
  const buffers = { x, weights, bias, residual, y };
  if (useSubgroups(emit.traits, vectors)) {
    const { weights: layout, ...rest } = choice;
    if (layout === 'plain') emit.call(conv2dChannelSubgroup, buffers, params, rest);
    else emit.call(conv2dBlockSubgroup, buffers, params, { ...rest, weights: layout });
  } else {
    const strips = params.batch * params.rows * Math.ceil(params.columns / 4);
    const block = blockFor(emit.traits, vectors, strips);
    emit.call(conv2dBlock, buffers, params, { ...choice, block, sums: sumsFor(emit.traits) });
  }
}

/** The output channels of a block of the subgroup kernels, in vec4s. */
const SUBGROUP_VECTORS = 8;

/** Subgroups of 8 lanes hand round 8 vec4s of channels; with fewer than 3 in use the plain kernel is faster. */
function useSubgroups({ subgroupSize }: DeviceTraits, outVectors: number): boolean {
  return subgroupSize === 8 && outVectors > 2;
}

const BLOCKS = Object.keys(BLOCK_VECTORS) as Block[];

/** The blocks, widest first, that waste no more than a quarter of their channels. */
function fittingBlocks(outVectors: number): Block[] {
  return BLOCKS.filter((block) => outVectors * 1.25 >= blockCount(outVectors, block) * BLOCK_VECTORS[block]);
}

const blockCount = (outVectors: number, block: Block): number => Math.ceil(outVectors / BLOCK_VECTORS[block]);

/** The widest fitting block that, on a GPU, leaves enough threads. */
function blockFor(traits: DeviceTraits, outVectors: number, strips: number): Block {
  const fitting = fittingBlocks(outVectors);
  const busy = fitting.find((block) => traits.software || strips * blockCount(outVectors, block) >= BUSY_THREADS);
  // In blocks narrower than 8 channels, loads cost more than the extra threads give.
  return busy ?? fitting.findLast((block) => block !== '4x4') ?? '4x4';
}

/** Quads of pixels that one thread adds up at most, so that rounding errors stay small at any batch size. */
const LONGEST_SUM = 2048;

/** Into how many parts the sum over all pixels falls: enough threads, short sums, bounded memory. */
function splitCount(traits: DeviceTraits, quads: number, threads: number, elements: number): number {
  const wanted = Math.ceil((traits.software ? 128 : 2 * BUSY_THREADS) / threads);
  const useful = Math.max(Math.min(wanted, Math.floor(quads / 8)), Math.ceil(quads / LONGEST_SUM));
  const room = Math.floor(Math.min(MAX_PARTIAL_SUMS, traits.maxStorageBufferBindingSize / 4) / elements);
  return Math.max(1, Math.min(useful, room, MAX_GRID));
}
