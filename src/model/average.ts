/**
 * Average of weights: the mean of several weights of one network that come from one another by training on (a model soup:
 * Wortsman et al. 2022, arXiv:2203.05482). It errs less than each where they lie in one basin of the loss; weights that
 * were trained from different random ones do not.
 */
import { encodeCompact } from '../formats/safetensors.ts';
import { FormatError } from '../runtime/errors.ts';
import { rescaleMaps, withoutScale } from './map_products.ts';
import type { Weights } from './weights.ts';

/** Weights with what messages call them. */
export interface NamedWeights {
  readonly name: string;
  readonly weights: Weights;
}

/**
 * Averages weights, all alike.
 *
 * @param sources at least two; metadata are the last one's, as is the scale of their feature maps, which differs a little
 * between trainings
 * @param origins are written into the metadata, as what the average was made from
 * @returns a file of weights, in float16 where all fit
 * @throws FormatError for weights of another network, or of another extractor
 */
export function averageWeights(sources: readonly NamedWeights[], origins: readonly string[]): Uint8Array<ArrayBuffer> {
  const first = sources[0]!;
  for (const other of sources) {
    const [expected, got] = [first, other].map(({ weights: { network, lightness, embedding, tensors } }) =>
      JSON.stringify([
        network,
        lightness,
        withoutScale(embedding),
        [...tensors].map(([name, { shape }]) => [name, shape]),
      ]),
    );
    if (expected !== got) {
      throw new FormatError({
        where: other.name,
        expected: `weights of the same network and extractor as ${first.name}`,
        got: 'others',
        hint: 'average weights of one training',
      });
    }
  }
  const { embedding, metadata } = sources.at(-1)!.weights;
  const all = sources.map(({ weights }) => rescaleMaps(weights.tensors, weights.embedding, embedding));
  const tensors = new Map(
    [...all[0]!].map(([name, { shape, data }]) => {
      const mean = data.map((_, i) => {
        let sum = 0;
        for (const weights of all) sum += weights.get(name)!.data[i]!;
        return sum / all.length;
      });
      return [name, { shape, data: mean }] as const;
    }),
  );
  const { step: _, ...rest } = metadata;
  return encodeCompact({ tensors, metadata: { ...rest, average_of: origins.join(' ') } });
}
