/**
 * Products of a network with feature maps, and their scale. A network sees a map divided by its standard deviation, which is measured on the
 * pictures of its training: W · m / d = (W · d' / d) · m / d', so its products can be brought to any other deviation.
 */
import type { Tensors } from '../graph/parameters.ts';
import type { ExtractorInfo } from './embedding.ts';

/** The map whose product a parameter is, such as 1 for `fusion.map1`; undefined for all other parameters. */
function mapOf(parameter: string): number | undefined {
  const found = /\.map(\d+)$/.exec(parameter);
  return found ? Number(found[1]) : undefined;
}

/** Whether a parameter is the product with a feature map. */
export function isMapProduct(parameter: string): boolean {
  return mapOf(parameter) !== undefined;
}

/**
 * Brings weights for maps that are divided by the deviations of `from` to those of `to`, the same maps.
 *
 * @returns the same tensors where nothing differs
 */
export function rescaleMaps(tensors: Tensors, from?: ExtractorInfo, to?: ExtractorInfo): Tensors {
  if (from?.kind !== 'maps' || to?.kind !== 'maps') return tensors;
  return new Map(
    [...tensors].map(([name, tensor]) => {
      const map = mapOf(name);
      const factor = map === undefined ? 1 : to.maps[map]!.deviation / from.maps[map]!.deviation;
      return [name, factor === 1 ? tensor : { ...tensor, data: tensor.data.map((value) => value * factor) }] as const;
    }),
  );
}

/** An extractor apart from what its maps are divided by: weights for the same one can be brought to each other's. */
export function withoutScale<T extends ExtractorInfo | undefined>(info: T): T {
  return info?.kind === 'maps' ? { ...info, maps: info.maps.map((map) => ({ ...map, deviation: 1 })) } : info;
}
