/** The gradient of the weights as implicit GEMM, for GPUs: the sum over all pixels falls into parts, added up in order. */

import type { DeviceTraits, Emit } from '../../core/emit.ts';
import { MAX_GRID } from '../../core/limits.ts';
import type { Algorithm, ConvBuffers } from '../algorithm.ts';
import { conv2dUnpad } from '../direct/conv2d_unpad.ts';
import { type ConvGeometry, pixelsOut, taps, wholeVectors } from '../geometry.ts';
import { inputParams, padChannels, patched, wholeInput } from '../operands.ts';
import { costOf, type Product, partElements, splitsOf } from './cost.ts';
import { type GemmTile, gemmTiles } from './tiles.ts';

export const gemmWeightGrad: readonly Algorithm<'weightGrad'>[] = gemmTiles.map((tile) => ({
  name: tile.name,
  fits: (traits, { geometry }) => {
    const product = productOf(patched(traits, geometry) ?? geometry);
    // The grid has the tiles on two axes of at most 65 535.
    return tile.available(traits) && Math.max(product.rows / tile.rows, product.columns / tile.columns) <= MAX_GRID;
  },
  cost: (traits, { geometry }) => {
    const product = productOf(patched(traits, geometry) ?? geometry);
    const { splits } = partsOf(traits, tile, product);
    return costOf(traits, tile, product, { splits, summed: splits > 1, directThreads: Number.POSITIVE_INFINITY });
  },
  emit: (emit, buffers, { geometry }) => emitWeightGrad(emit, tile, buffers, geometry),
}));

function productOf(g: ConvGeometry): Product {
  return { rows: taps(g) * wholeVectors(g.inChannels), columns: g.outChannels, runs: 1, run: pixelsOut(g) };
}

/** Pixels that one thread adds up at most, so that rounding errors stay small at any batch size. */
const LONGEST_SUM = 8192;

function partsOf(traits: DeviceTraits, tile: GemmTile, product: Product) {
  return splitsOf(traits, tile, product, Math.ceil(product.run / LONGEST_SUM));
}

function emitWeightGrad<T>(
  emit: Emit<T>,
  tile: GemmTile,
  buffers: ConvBuffers<T>['weightGrad'],
  geometry: ConvGeometry,
): void {
  const { x, g } = wholeInput(emit, buffers.x, geometry);
  const product = productOf(g);
  const { splits, stepsPerSplit } = partsOf(emit.traits, tile, product);
  const whole = splits === 1 && g.inChannels % 4 === 0 && g.outChannels % 4 === 0;
  const partial = whole ? buffers.dw : emit.scratch(splits * partElements(product));
  const dy = padChannels(emit, buffers.dy, pixelsOut(g), g.outChannels);
  const params = {
    ...inputParams(g),
    rows: g.outHeight,
    columns: g.outWidth,
    out_vectors: Math.ceil(g.outChannels / 4),
    splits,
    pixels_per_split: stepsPerSplit * tile.depth,
  };
  tile.emitWeightGrad(emit, { x, dy, partial }, params);
  if (whole) return;
  emit.call(
    conv2dUnpad,
    { x: partial, y: buffers.dw },
    {
      splits,
      blocks: taps(g),
      rows: g.inChannels,
      columns: g.outChannels,
      padded_rows: wholeVectors(g.inChannels),
      padded_columns: wholeVectors(g.outChannels),
    },
  );
}
