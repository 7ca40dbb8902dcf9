/**
 * Net2WiderNet: a wide network from a trained narrow one, so that the narrow one's cheap steps are not lost.
 *
 * Net2WiderNet (Chen, Goodfellow and Shlens 2016, "Net2Net"): every channel is repeated, and what reads it is divided
 * by
 * the number of copies, so that the wide network answers as the narrow one did. A little noise lets copies part.
 */
import { describe, sizeOf } from '../graph/node.ts';
import type { ParameterLayout, Tensors } from '../graph/parameters.ts';
import { FormatError } from '../runtime/errors.ts';
import { Random, seedOf } from '../util/random.ts';

/** The share by which a copied weight differs from its original, at most. */
const NOISE = 0.01;

/**
 * Returns weights for `layout` from `narrow`: the same weights where the shapes are the same.
 *
 * @param seed of the noise
 * @throws FormatError when a shape is no multiple of the narrow one.
 */
export function widen(narrow: Tensors, layout: ParameterLayout, seed: number, noise = NOISE): Tensors {
  return new Map(
    [...layout.slots].map(([name, { shape }], index) => {
      const from = narrow.get(name);
      const fits = from?.shape.length === shape.length && shape.every((extent, i) => extent % from.shape[i]! === 0);
      if (!from || !fits) {
        const got = from ? describe(from.shape) : 'none';
        throw new FormatError({
          where: 'weights',
          expected: `'${name}' with ${describe(shape)} or an even part of it`,
          got,
        });
      }
      const random = new Random(seedOf(seed, index));
      // [KH, KW, Cin, Cout], or [Cout] for a bias.
      const [cin, cout] = [shape.at(-2) ?? 1, shape.at(-1)!];
      const [fromCin, fromCout] = [from.shape.at(-2) ?? 1, from.shape.at(-1)!];
      const copies = cin / fromCin;
      const isCopy = copies > 1 || cout > fromCout;
      const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
        const [tap, input, output] = [Math.floor(i / (cin * cout)), Math.floor(i / cout) % cin, i % cout];
        const value = from.data[(tap * fromCin + (input % fromCin)) * fromCout + (output % fromCout)]! / copies;
        return isCopy && shape.length > 1 ? value * (1 + noise * (2 * random.uniform() - 1)) : value;
      });
      return [name, { shape, data }];
    }),
  );
}
