/**
 * Undoes `widen`: makes the narrow network again that a wide one was made from, to go on with its cheap steps.
 *
 * Copies of a channel are merged: their mean where they are made, their sum where they are read. That is the same network
 * only while copies are alike, so weights whose duplicated channels have diverged are refused.
 */
import { describe, sizeOf } from '../graph/node.ts';
import type { ParameterLayout, Tensors } from '../graph/parameters.ts';
import { FormatError } from '../runtime/errors.ts';

/** The share of a tensor's size (both as root mean square) by which it may differ from its merged copies. `widen`: 0.006. */
const MOST_APART = 0.05;

/**
 * Returns weights for `layout` from those of a network that was widened from one of its size.
 *
 * @throws FormatError when a shape is no even part of the wide one, or duplicated channels have diverged.
 */
export function narrow(wide: Tensors, layout: ParameterLayout): Tensors {
  return new Map(
    [...layout.slots].map(([name, { shape }]) => {
      const from = wide.get(name);
      const fits = from?.shape.length === shape.length && shape.every((extent, i) => from.shape[i]! % extent === 0);
      if (!from || !fits) {
        const got = from ? describe(from.shape) : 'none';
        throw new FormatError({
          where: 'weights',
          expected: `'${name}' with ${describe(shape)} or a multiple of it`,
          got,
        });
      }
      // [KH, KW, Cin, Cout], or [Cout] for a bias.
      const [cin, cout] = [shape.at(-2) ?? 1, shape.at(-1)!];
      const [fromCin, fromCout] = [from.shape.at(-2) ?? 1, from.shape.at(-1)!];
      const [readers, makers] = [fromCin / cin, fromCout / cout];
      const place = (i: number) => {
        const [tap, input, output] = [
          Math.floor(i / (fromCin * fromCout)),
          Math.floor(i / fromCout) % fromCin,
          i % fromCout,
        ];
        return (tap * cin + (input % cin)) * cout + (output % cout);
      };
      const data = new Float64Array(sizeOf(shape));
      from.data.forEach((value, i) => {
        data[place(i)]! += value / makers;
      });
      const apart = Math.sqrt(
        sumOf(from.data, (value, i) => (value - data[place(i)]! / readers) ** 2) / squares(from.data),
      );
      if (apart > MOST_APART) {
        throw new FormatError({
          where: 'weights',
          expected: `'${name}' of a widened network, whose copies are alike within ${MOST_APART}`,
          got: apart.toFixed(3),
          hint: 'train at its own width',
        });
      }
      return [name, { shape, data: Float32Array.from(data) }];
    }),
  );
}

const sumOf = (values: Float32Array, term: (value: number, i: number) => number): number =>
  values.reduce((sum, value, i) => sum + term(value, i), 0);

/** 1 for a tensor of zeros, which differs by nothing from anything. */
const squares = (values: Float32Array): number => sumOf(values, (value) => value ** 2) || 1;
