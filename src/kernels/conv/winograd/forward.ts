/**
 * Winograd's algorithm for 3x3 kernels and stride 1: the inputs of each tile of outputs are transformed, multiplied point
 * by point with the transformed weights, summed over the input channels, and transformed back. A tile of 4x4 outputs
 * takes 36 products for each pair of channels instead of 144, one of 2x2 16 instead of 36.
 *
 * Not fused: the products of all tiles are 36 (or 16) products of matrices. Works on whole vec4s of channels.
 */
import type { Emit } from '../../core/emit.ts';
import type { Algorithm, ConvBuffers } from '../algorithm.ts';
import { scheduleFor } from '../gemm/schedule_choice.ts';
import { type ConvGeometry, type ConvOptions, wholeVectors } from '../geometry.ts';
import { cost } from './cost.ts';
import { squareFor, weightSquareFor } from './squares.ts';
import { fits, tileRanges } from './tiling.ts';
import { type OutputTile, points } from './transforms.ts';
import { winogradInput } from './winograd_input.ts';
import { MULTIPLY_HELD, winogradMultiply } from './winograd_multiply.ts';
import { winogradOutput } from './winograd_output.ts';
import { winogradProductSubgroup } from './winograd_product_subgroup.ts';
import { winogradWeights } from './winograd_weights.ts';

export const winogradForward = (['4', '2'] as const).map(
  (tile): Algorithm<'forward'> => ({
    name: `winograd${tile}`,
    fits: (traits, convolution) => fits(tile, traits, convolution),
    cost: (traits, convolution) => cost(tile, traits, convolution),
    emit: (emit, { x, w, ...rest }, { geometry, options }) =>
      emitTiles(emit, { x, w, ...rest }, geometry, options, tile, 'plain'),
  }),
);

/** The gradient of the input is a convolution of `dy`, with the weights turned round and the padding 2 - pad. */
export const winogradInputGrad = (['4', '2'] as const).map(
  (tile): Algorithm<'inputGrad'> => ({
    name: `winograd${tile}`,
    fits: (traits, convolution) => fits(tile, traits, convolution),
    cost: (traits, convolution) => cost(tile, traits, convolution),
    emit: (emit, { dy, w, dx }, { geometry: g, options }) =>
      emitTiles(
        emit,
        { x: dy, w, y: dx },
        {
          ...g,
          inHeight: g.outHeight,
          inWidth: g.outWidth,
          inChannels: g.outChannels,
          outHeight: g.inHeight,
          outWidth: g.inWidth,
          outChannels: g.inChannels,
          padTop: 2 - g.padTop,
          padLeft: 2 - g.padLeft,
        },
        options,
        tile,
        'turned',
      ),
  }),
);

function emitTiles<T>(
  emit: Emit<T>,
  { x, w, bias, residual, y }: ConvBuffers<T>['forward'],
  g: ConvGeometry,
  { activation, biasPerImage = false, inView, outView }: ConvOptions,
  tile: OutputTile,
  weights: 'plain' | 'turned',
): void {
  const products = points(tile) ** 2;
  const inVectors = g.inChannels / 4;
  const outVectors = g.outChannels / 4;
  const inputs = squareFor(emit.traits, products);
  const outputs = squareFor(emit.traits, points(tile) * Number(tile) + 1); // and the bias
  const u = emit.scratch(products * g.inChannels * g.outChannels);
  emit.call(
    winogradWeights,
    { w, u },
    { in_channels: g.inChannels, out_vectors: outVectors, points: points(tile) },
    { tile, weights, square: weightSquareFor(emit.traits) },
  );
  const ranges = tileRanges(emit.traits, g, tile);
  const most = wholeVectors(ranges[0]!.tiles);
  const v = emit.scratch(products * most * g.inChannels);
  const m = emit.scratch(products * most * g.outChannels);
  for (const range of ranges) {
    const common = { ...range, images: g.batch, points: points(tile) };
    emit.call(
      winogradInput,
      { x, v },
      {
        ...common,
        in_height: g.inHeight,
        in_width: g.inWidth,
        in_stride: inView ? inView.stride / 4 : inVectors,
        in_first: inView ? inView.first / 4 : 0,
        vectors: inVectors,
        origin_y: -g.padTop,
        origin_x: -g.padLeft,
      },
      { tile, layout: 'channels', square: inputs },
    );
    const output = {
      ...common,
      out_height: g.outHeight,
      out_width: g.outWidth,
      out_stride: outView ? outView.stride / 4 : outVectors,
      out_first: outView ? outView.first / 4 : 0,
      vectors: outVectors,
      bias: bias === undefined ? 0 : biasPerImage ? 2 : 1,
      residual: residual === undefined ? 0 : 1,
    };
    // Where there is no bias or residual, the binding still needs some buffer that the dispatch only reads.
    if (emit.traits.subgroupSize === 8) {
      emit.call(
        winogradProductSubgroup,
        { v, u, bias: bias ?? u, residual: residual ?? u, m, y },
        { ...output, in_channels: g.inChannels },
        { tile, activation },
      );
    } else {
      const [rows, inner, columns] = [range.tiles, g.inChannels, g.outChannels];
      const sizes = { products, rows, inner, columns, splits: 1, split_length: inner };
      emit.call(winogradMultiply, { a: v, b: u, y: m }, sizes, {
        store: 'set',
        schedule: scheduleFor(emit.traits, MULTIPLY_HELD),
      });
      emit.call(winogradOutput, { m, bias: bias ?? m, residual: residual ?? m, y }, output, {
        tile,
        activation,
        square: outputs,
      });
    }
  }
}
