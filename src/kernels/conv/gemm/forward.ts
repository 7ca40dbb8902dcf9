/**
 * Implicit GEMM, for GPUs: tiles of pixels x output channels in workgroup memory, forward and for the gradient of the
 * input. Each tile is an algorithm of its own, and so is each with its sums split into parts, for grids of few tiles.
 */

import type { DeviceTraits, Emit } from '../../core/emit.ts';
import { emitStridedCopy } from '../../movement/strided_copy.ts';
import type { Algorithm, ConvBuffers } from '../algorithm.ts';
import type { BlockParams } from '../direct/conv2d_block.ts';
import {
  type ConvActivation,
  type ConvGeometry,
  type ConvOptions,
  pixelsOut,
  taps,
  wholeVectors,
} from '../geometry.ts';
import { forwardParams, padChannels, padWeights, patched, transposedParams, wholeInput } from '../operands.ts';
import type { Convolution } from '../task.ts';
import { conv2dGemmSum } from './conv2d_gemm_sum.ts';
import { costOf, type Product, partElements, splitsOf, stepsOf } from './cost.ts';
import { type GemmTile, gemmTiles } from './tiles.ts';

/** Which tile, and whether the sums may fall into parts. */
interface Plan {
  readonly tile: GemmTile;
  readonly split: boolean;
}

const plans = gemmTiles.flatMap((tile): Plan[] => [
  { tile, split: false },
  { tile, split: true },
]);

const nameOf = ({ tile, split }: Plan): string => `${tile.name}${split ? ' split' : ''}`;

export const gemmForward: readonly Algorithm<'forward'>[] = plans.map((plan) => ({
  name: nameOf(plan),
  fits: (traits, task) => wholeView(task) && fits(traits, plan, forwardProducts(traits, task.geometry)),
  cost: (traits, { geometry }) => cost(traits, plan, forwardProducts(traits, geometry)),
  emit: (emit, buffers, { geometry, options }) => emitForward(emit, plan, buffers, geometry, options),
}));

export const gemmInputGrad: readonly Algorithm<'inputGrad'>[] = plans.map((plan) => ({
  name: nameOf(plan),
  fits: (traits, { geometry }) => fits(traits, plan, transposedProducts(geometry)),
  cost: (traits, { geometry }) => cost(traits, plan, transposedProducts(geometry)),
  emit: (emit, buffers, { geometry }) => emitInputGrad(emit, plan, buffers, geometry),
}));

/** Whether the range of channels that is read, if there is one, consists of whole vec4s. */
function wholeView({ geometry, options: { inView } }: Convolution): boolean {
  return !inView || [inView.stride, inView.first, geometry.inChannels].every((channels) => channels % 4 === 0);
}

const forwardProducts = (traits: DeviceTraits, g: ConvGeometry): Product[] => [
  productOf(forwardParams(patched(traits, g) ?? g, {}, { activation: 'none' })),
];

const transposedProducts = (g: ConvGeometry): Product[] => transposedParams(g, {}, {}).map(productOf);

function productOf(p: BlockParams): Product {
  return {
    rows: p.batch * p.rows * p.columns,
    columns: p.out_channels,
    runs: p.taps_y * p.taps_x,
    run: p.in_vectors * 4,
  };
}

/** A split plan fits where at least one product does fall into parts: it would be the other plan again. */
function fits(traits: DeviceTraits, plan: Plan, products: readonly Product[]): boolean {
  if (!plan.tile.available(traits)) return false;
  const splits = products.map((product) => partsOf(traits, plan, product).splits);
  const room = traits.maxStorageBufferBindingSize / 4;
  return (
    products.every((product, i) => splits[i]! * partElements(product) <= room) &&
    (!plan.split || splits.some((count) => count > 1))
  );
}

function cost(traits: DeviceTraits, plan: Plan, products: readonly Product[]): number {
  const costs = products.map((product) => {
    const { splits } = partsOf(traits, plan, product);
    const summed = splits > 1 || product.columns % 4 !== 0;
    // A thread of the direct algorithm computes 4 pixels of 8 channels.
    return costOf(traits, plan.tile, product, { splits, summed, directThreads: partElements(product) / 32 });
  });
  return costs.reduce((sum, each) => sum + each, 0);
}

function partsOf(traits: DeviceTraits, { tile, split }: Plan, product: Product) {
  return split ? splitsOf(traits, tile, product) : { splits: 1, stepsPerSplit: stepsOf(tile, product) };
}

function emitForward<T>(
  emit: Emit<T>,
  plan: Plan,
  { bias, residual, y, ...operands }: ConvBuffers<T>['forward'],
  geometry: ConvGeometry,
  options: ConvOptions,
): void {
  const { x, g } = options.inView ? { x: operands.x, g: geometry } : wholeInput(emit, operands.x, geometry);
  const weights = padWeights(emit, operands.w, g);
  const params = forwardParams(g, { bias, residual }, options);
  emitProduct(emit, plan, { x, weights, bias, residual, y }, params, options.activation);
}

function emitInputGrad<T>(
  emit: Emit<T>,
  plan: Plan,
  { dy, w, dx }: ConvBuffers<T>['inputGrad'],
  g: ConvGeometry,
): void {
  const weights = turnWeights(emit, w, g);
  const x = padChannels(emit, dy, pixelsOut(g), g.outChannels);
  for (const params of transposedParams(g, {}, {})) {
    emitProduct(emit, plan, { x, weights, bias: undefined, residual: undefined, y: dx }, params, 'none');
  }
}

/** A copy of the weights with input and output channels swapped, so that one kernel reads both directions in rows. */
function turnWeights<T>(emit: Emit<T>, w: T, g: ConvGeometry): T {
  const [rows, columns] = [wholeVectors(g.inChannels), wholeVectors(g.outChannels)];
  const x = padWeights(emit, w, g);
  const y = emit.scratch(taps(g) * rows * columns);
  emitStridedCopy(
    emit,
    { x, y },
    {
      extents: [taps(g), columns, rows],
      x: { first: 0, steps: [rows * columns, 1, columns] },
      y: { first: 0, steps: [rows * columns, rows, 1] },
    },
  );
  return y;
}

/** The parameter `bias` for one per image and channel. */
const PER_IMAGE = 2;
/** In the order of the parameter `activation`. */
const ACTIVATIONS: readonly ConvActivation[] = ['none', 'relu', 'tanh', 'relu6', 'hard_swish'];

function emitProduct<T>(
  emit: Emit<T>,
  plan: Plan,
  buffers: { x: T; weights: T; bias: T | undefined; residual: T | undefined; y: T },
  params: BlockParams,
  activation: ConvActivation,
): void {
  const { x, weights, bias = weights, residual = weights, y } = buffers;
  const { out_channels, out_stride, out_first, ...rest } = params;
  const product = productOf(params);
  const { splits, stepsPerSplit } = partsOf(emit.traits, plan, product);
  const shared = { ...rest, activation: ACTIVATIONS.indexOf(activation) };
  const out_vectors = Math.ceil(out_channels / 4);
  const steps = { out_vectors, splits, steps_per_split: stepsPerSplit };
  const aligned = [out_channels, out_stride, out_first].every((channels) => channels % 4 === 0);
  if (splits === 1 && aligned && params.bias !== PER_IMAGE && activation !== 'tanh') {
    const place = { out_stride: out_stride / 4, out_first: out_first / 4 };
    plan.tile.emit(emit, { x, weights, bias, residual, y }, { ...shared, ...steps, ...place });
    return;
  }
  const partial = emit.scratch(splits * partElements(product));
  const dense = {
    out_height: params.rows,
    out_width: params.columns,
    out_step_y: 1,
    out_step_x: 1,
    out_first_y: 0,
    out_first_x: 0,
    out_stride: out_vectors,
    out_first: 0,
    bias: 0,
    residual: 0,
    activation: 0,
  };
  const undone = { x, weights, bias: weights, residual: weights, y: partial };
  plan.tile.emit(emit, undone, { ...shared, ...steps, ...dense });
  const whole = { ...shared, splits, out_channels, out_stride, out_first };
  emit.call(conv2dGemmSum, { partial, bias, residual, y }, whole);
}
