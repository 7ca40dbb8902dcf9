/** Initial weights. */

import { Random, seedOf } from '../util/random.ts';
import { sizeOf } from './node.ts';
import type { ParameterLayout, Tensors } from './parameters.ts';

/**
 * Glorot-uniform weights (Glorot and Bengio 2010: limit √(6 / (fan in + fan out))) and zero biases.
 * Arrays of one dimension are biases; the others are convolution kernels [KH, KW, Cin, Cout].
 */
export function glorotUniform(layout: ParameterLayout, seed: number): Tensors {
  return new Map(
    [...layout.slots].map(([name, { shape }], index) => {
      const data = new Float32Array(sizeOf(shape));
      if (shape.length === 4) {
        const [kh, kw, cin, cout] = shape as [number, number, number, number];
        const limit = Math.sqrt(6 / (kh * kw * (cin + cout)));
        const random = new Random(seedOf(seed, index));
        for (let i = 0; i < data.length; i++) data[i] = (2 * random.uniform() - 1) * limit;
      }
      return [name, { shape, data }];
    }),
  );
}
