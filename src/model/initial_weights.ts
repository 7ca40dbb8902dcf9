/** Initial weights of the network. */
import { glorotUniform } from '../graph/initializers.ts';
import type { ParameterLayout, Tensors } from '../graph/parameters.ts';
import { isMapProduct } from './map_products.ts';

/**
 * Glorot-uniform weights and zero biases; products of feature maps begin at zero.
 *
 * Maps have many channels with few values that are small, so that random products of them would drown what a layer hears
 * from the picture, and its ReLUs would die: measured with maps of three strides, whose networks stayed at one color.
 */
export function initialWeights(layout: ParameterLayout, seed: number): Tensors {
  return new Map(
    [...glorotUniform(layout, seed)].map(([name, { shape, data }]) => [
      name,
      { shape, data: isMapProduct(name) ? new Float32Array(data.length) : data },
    ]),
  );
}
