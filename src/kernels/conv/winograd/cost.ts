/** Cost model of Winograd's algorithm, in multiply-adds of the direct algorithm. Rough. */
import type { DeviceTraits } from '../../core/emit.ts';
import type { Convolution } from '../task.ts';
import { type OutputTile, points } from './transforms.ts';

/** What a device takes, in multiply-adds of the direct algorithm on it. */
interface Rates {
  /** A multiply-add of the products, whose blocks of `side` rows and columns are always full. */
  readonly product: number;
  readonly side: number;
  /** Four neighboring floats that a transform reads or writes. */
  readonly access: number;
  /** What it takes however small the layer is: more dispatches, each of which waits for the one before. */
  readonly dispatches: number;
}

/**
 * Fitted to 30 forward convolutions on lavapipe, of 8 to 512 channels and 8 to 147 pixels a side, each in a chain of
 * equals and with weights that were transformed before: within a fifth of each, 7 % on average.
 */
const SUBGROUPS_OF_8: Rates = { product: 0.8, side: 32, access: 54, dispatches: 3e6 };
/** Measured on SwiftShader. */
const SOFTWARE: Rates = { product: 0.7, side: 64, access: 35, dispatches: 1e6 };
/**
 * Estimated, for an NVIDIA H200 and a direct algorithm that reaches a quarter of its ceiling: products twice as fast,
 * transforms nearly as fast as memory, and 5000 cycles a dispatch. See gemm_cost.ts.
 */
const GPU: Rates = { product: 0.5, side: 64, access: 35, dispatches: 6e7 };

/** What `Algorithm.cost` asks for. Scalar accesses of the transforms count half of a vec4's. */
export function cost(
  tile: OutputTile,
  { software, subgroupSize }: DeviceTraits,
  { direction, geometry: g }: Convolution,
) {
  const rates = subgroupSize === 8 ? SUBGROUPS_OF_8 : software ? SOFTWARE : GPU;
  const grad = direction === 'inputGrad';
  const [height, width] = grad ? [g.inHeight, g.inWidth] : [g.outHeight, g.outWidth];
  const [from, to] = grad ? [g.outChannels, g.inChannels] : [g.inChannels, g.outChannels];
  const outputs = Number(tile);
  const tiles = g.batch * Math.ceil(height / outputs) * Math.ceil(width / outputs);
  const products = points(tile) ** 2;
  const whole = (count: number) => Math.ceil(count / rates.side) * rates.side;
  const forward = direction !== 'weightGrad';
  const multiply = products * (forward ? whole(tiles) * from : tiles * whole(from)) * whole(to);
  const accesses =
    (tiles * from * products * (forward ? 3 : 2) +
      tiles * to * (products + outputs ** 2) +
      from * to * (products + 9)) /
    4;
  return multiply * rates.product + accesses * rates.access + rates.dispatches;
}
