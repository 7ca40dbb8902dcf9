/** How long Winograd's algorithm takes. */
import type { DeviceTraits } from '../emit.ts';
import type { Tile } from '../winograd_tiles.ts';
import { type Convolution, multiplyAdds } from './algorithm.ts';

/** What `Algorithm.cost` asks for. */
export function cost(tile: Tile, _: DeviceTraits, { geometry }: Convolution): number {
  return multiplyAdds(geometry) * (tile === '4' ? 2 : 3);
}
