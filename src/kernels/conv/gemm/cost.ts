/**
 * Cost model of an implicit GEMM on a GPU: how long each tile takes, and into how many parts its sums should fall.
 * Rough.
 */
import type { DeviceTraits } from '../../core/emit.ts';
import { BUSY_THREADS, MAX_GRID, MAX_PARTIAL_SUMS } from '../../core/limits.ts';
import { wholeVectors } from '../geometry.ts';

/** A product of matrices: `rows x columns` sums of `runs * run` terms; the steps of a tile begin anew with each run. */
export interface Product {
  readonly rows: number;
  readonly columns: number;
  readonly runs: number;
  readonly run: number;
}

/** A tile of a product, in steps of `depth` terms. */
export interface TileShape {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
  /** Multiply-adds of a multiprocessor in a cycle, in a large product. */
  rate(traits: DeviceTraits): number;
  /** How many times as long as the direct algorithm it takes on a CPU. */
  readonly softwareSlowness: number;
}

/** WebGPU does not tell: an NVIDIA H200 has 132. With fewer, grids are only cut finer than they need be. */
const MULTIPROCESSORS = 132;
/** Multiply-adds of one multiprocessor in a cycle, in float32: NVIDIA's since Ampere. */
export const RATE = 128;
/** Cycles that no step is shorter than: memory's latency and two barriers. The first fetch takes as long. */
const STEP = 800;
/** Cycles from one dispatch to the next that reads its results. */
const DISPATCH = 5000;
/** Bytes that memory moves in a cycle: 4.3 TB/s at 1.7 GHz. */
const BANDWIDTH = 2500;
/** The share of the ceiling that the direct algorithm is taken to reach on a busy GPU. */
const DIRECT_SHARE = 0.25;
/** A part shorter than this many steps is not worth a second dispatch. */
const SHORTEST_SPLIT = 4;

/** The steps of a product: how often each workgroup fills its memory. */
export function stepsOf(tile: TileShape, { runs, run }: Product): number {
  return runs * Math.ceil(run / tile.depth);
}

/** The elements of one part of a split product. */
export const partElements = ({ rows, columns }: Product): number => rows * wholeVectors(columns);

/** Into how many parts the sums should fall to keep a GPU busy, of how many steps each. At least `least` parts. */
export function splitsOf(traits: DeviceTraits, tile: TileShape, product: Product, least = 1) {
  const steps = stepsOf(tile, product);
  const wanted = Math.ceil((2 * MULTIPROCESSORS) / tilesOf(tile, product));
  const room = Math.floor(Math.min(MAX_PARTIAL_SUMS, traits.maxStorageBufferBindingSize / 4) / partElements(product));
  const useful = Math.max(least, Math.min(wanted, Math.floor(steps / SHORTEST_SPLIT)));
  const stepsPerSplit = Math.max(1, Math.ceil(steps / Math.max(1, Math.min(useful, room, MAX_GRID))));
  return { splits: Math.max(1, Math.ceil(steps / stepsPerSplit)), stepsPerSplit };
}

/**
 * The time of a product in multiply-adds of the direct algorithm.
 *
 * @param summed whether another dispatch adds up the parts, or gives the result its channel count.
 * @param directThreads into how many threads the direct algorithm would divide the product.
 */
export function costOf(
  traits: DeviceTraits,
  tile: TileShape,
  product: Product,
  { splits, summed, directThreads }: { splits: number; summed: boolean; directThreads: number },
): number {
  const tiles = tilesOf(tile, product);
  const perStep = tile.rows * tile.columns * tile.depth;
  const steps = stepsOf(tile, product);
  if (traits.software) return tiles * steps * perStep * tile.softwareSlowness;
  const queue = Math.max(1, (tiles * splits) / MULTIPROCESSORS);
  const multiply = STEP + Math.ceil(steps / splits) * Math.max(STEP, (queue * perStep) / tile.rate(traits));
  const sum = summed ? DISPATCH + (8 * splits * partElements(product)) / BANDWIDTH : 0;
  const busy = Math.min(1, directThreads / BUSY_THREADS);
  return (multiply + sum) * MULTIPROCESSORS * RATE * DIRECT_SHARE * busy;
}

function tilesOf(tile: TileShape, { rows, columns }: Product): number {
  return Math.ceil(rows / tile.rows) * Math.ceil(columns / tile.columns);
}
