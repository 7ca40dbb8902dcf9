/**
 * The gradient of the weights by Winograd's algorithm: the transpose of its forward direction. The gradients of the
 * products of a tile meet its transformed inputs; summed over the tiles they are those of the transformed weights.
 */
import type { DeviceTraits, Emit } from '../../core/emit.ts';
import type { Algorithm, ConvBuffers } from '../algorithm.ts';
import { scheduleFor } from '../gemm/schedule_choice.ts';
import { type ConvGeometry, wholeVectors } from '../geometry.ts';
import { cost } from './cost.ts';
import { squareFor, weightSquareFor } from './squares.ts';
import { fits, tileRanges } from './tiling.ts';
import { type OutputTile, points } from './transforms.ts';
import { winogradInput } from './winograd_input.ts';
import { MULTIPLY_HELD, winogradMultiply } from './winograd_multiply.ts';
import { winogradMultiplySubgroup } from './winograd_multiply_subgroup.ts';
import { winogradOutputGrad } from './winograd_output_grad.ts';
import { winogradWeightsGrad } from './winograd_weights_grad.ts';

export const winogradWeightGrad = (['4', '2'] as const).map(
  (tile): Algorithm<'weightGrad'> => ({
    name: `winograd${tile}`,
    fits: (traits, convolution) => fits(tile, traits, convolution),
    cost: (traits, convolution) => cost(tile, traits, convolution),
    emit: (emit, buffers, { geometry }) => emitWeightGrad(emit, buffers, geometry, tile),
  }),
);

/** The sum over all tiles: range by range, each in parts where there are few channels; in a fixed order. */
function emitWeightGrad<T>(
  emit: Emit<T>,
  { x, dy, dw }: ConvBuffers<T>['weightGrad'],
  g: ConvGeometry,
  tile: OutputTile,
): void {
  const products = points(tile) ** 2;
  const inVectors = g.inChannels / 4;
  const outVectors = g.outChannels / 4;
  const ranges = tileRanges(emit.traits, g, tile);
  const most = ranges[0]!.tiles;
  const splits = splitCount(emit.traits, g, most);
  const inputs = squareFor(emit.traits, products);
  const outputs = squareFor(emit.traits, points(tile) * Number(tile));
  const v = emit.scratch(products * wholeVectors(most) * g.inChannels);
  const p = emit.scratch(products * most * g.outChannels);
  const du = emit.scratch(splits * products * g.inChannels * g.outChannels);
  ranges.forEach((range, i) => {
    const common = { ...range, images: g.batch, points: points(tile) };
    emit.call(
      winogradInput,
      { x, v },
      {
        ...common,
        in_height: g.inHeight,
        in_width: g.inWidth,
        in_stride: inVectors,
        in_first: 0,
        vectors: inVectors,
        origin_y: -g.padTop,
        origin_x: -g.padLeft,
      },
      { tile, layout: 'tiles', square: inputs },
    );
    emit.call(
      winogradOutputGrad,
      { dy, p },
      { ...common, out_height: g.outHeight, out_width: g.outWidth, vectors: outVectors },
      { tile, square: outputs },
    );
    const factors = { a: v, b: p, y: du };
    const sizes = {
      products,
      rows: g.inChannels,
      inner: range.tiles,
      columns: g.outChannels,
      splits,
      split_length: Math.ceil(range.tiles / splits),
    };
    const store = i === 0 ? 'set' : 'add';
    if (emit.traits.subgroupSize === 8) emit.call(winogradMultiplySubgroup, factors, sizes, { store });
    else emit.call(winogradMultiply, factors, sizes, { store, schedule: scheduleFor(emit.traits, MULTIPLY_HELD) });
  });
  emit.call(
    winogradWeightsGrad,
    { du, dw },
    { in_channels: g.inChannels, out_vectors: outVectors, splits, points: points(tile) },
    { tile, square: weightSquareFor(emit.traits) },
  );
}

/** Workgroups below which a GPU is taken to be idle in part. */
const BUSY_WORKGROUPS = 512;
/** Tiles that one thread adds up at least. */
const SHORTEST_SUM = 64;

/** Into how many parts the sum over a range of tiles falls, so that a GPU has work enough. */
function splitCount({ software }: DeviceTraits, g: ConvGeometry, tiles: number): number {
  if (software) return 1;
  const workgroups = 36 * Math.ceil(g.inChannels / 64) * Math.ceil(g.outChannels / 64);
  return Math.max(1, Math.min(Math.ceil(BUSY_WORKGROUPS / workgroups), Math.floor(tiles / SHORTEST_SUM)));
}
