/** Tiling of Winograd's algorithm, for all directions: where it works, and ranges of tiles. */
import type { DeviceTraits } from '../../core/emit.ts';
import type { ConvGeometry } from '../geometry.ts';
import type { Convolution } from '../task.ts';
import { type OutputTile, points } from './transforms.ts';

/** Bytes that the transformed inputs, or the products, of a range of tiles may take. */
const MOST_BYTES = 1 << 27;
/** The same on a CPU, where all tiles take more than the second: what stays in its caches. Measured on lavapipe. */
const CACHE_BYTES = 1 << 22;
const LARGE_CACHE_BYTES = 1 << 24;
/** Ranges of tiles are whole blocks of rows for both kernels that multiply. */
const ROWS = 64;

/** A range of the tiles of the whole batch, as the kernels' parameters. */
export interface TileRange {
  /** The tiles of an image. */
  readonly tiles_y: number;
  readonly tiles_x: number;
  readonly tile_first: number;
  readonly tiles: number;
}

/** Whether the kernel is 3x3 with stride 1, channels are whole vec4s, and the device can bind what is transformed. */
export function fits(
  tile: OutputTile,
  { maxStorageBufferBindingSize }: DeviceTraits,
  { geometry: g, options: { inView, outView } }: Convolution,
): boolean {
  const channels = [g.inChannels, g.outChannels, inView?.stride, inView?.first, outView?.stride, outView?.first];
  const kernel = g.kernelHeight === 3 && g.kernelWidth === 3 && g.strideY === 1 && g.strideX === 1;
  const widest = Math.max(g.inChannels, g.outChannels, (g.inChannels * g.outChannels) / ROWS);
  const bytes = points(tile) ** 2 * ROWS * widest * 4;
  return kernel && channels.every((count = 0) => count % 4 === 0) && bytes <= maxStorageBufferBindingSize;
}

/** The tiles of the whole batch, in ranges whose transforms fit into memory that all ranges share; the first is longest. */
export function tileRanges(traits: DeviceTraits, g: ConvGeometry, tile: OutputTile): readonly TileRange[] {
  const tiles_y = Math.ceil(g.outHeight / Number(tile));
  const tiles_x = Math.ceil(g.outWidth / Number(tile));
  const all = g.batch * tiles_y * tiles_x;
  const perChannel = points(tile) ** 2 * 4;
  const perTile = perChannel * Math.max(g.inChannels, g.outChannels);
  // On a CPU, what stays in the cache is faster, unless the weights are then read more often than the tiles.
  const cached = Math.max(
    all * perTile <= LARGE_CACHE_BYTES ? LARGE_CACHE_BYTES : CACHE_BYTES,
    perChannel * g.inChannels * g.outChannels,
  );
  const bytes = Math.min(MOST_BYTES, traits.maxStorageBufferBindingSize, traits.software ? cached : MOST_BYTES);
  const room = Math.floor(bytes / perTile / ROWS);
  const length = Math.max(1, room) * ROWS;
  return Array.from({ length: Math.ceil(all / length) }, (_, i) => ({
    tiles_y,
    tiles_x,
    tile_first: i * length,
    tiles: Math.min(length, all - i * length),
  }));
}
