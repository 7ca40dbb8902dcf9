/** Contents of a safetensors file, and what this program can do with it. */
import { decodeHeader } from '../../formats/safetensors.ts';
import { describeExtractor } from '../../model/embedding.ts';
import { layoutOf } from '../../model/layout.ts';
import { decodeWeights } from '../../model/weights.ts';
import { FormatError, ShapeError } from '../../runtime/errors.ts';
import { type StoredType, tally } from './stored.ts';

export interface SafetensorsReport {
  readonly format: 'safetensors';
  readonly metadata: Readonly<Record<string, string>>;
  readonly stored: readonly StoredType[];
  readonly tensors: readonly { readonly name: string; readonly type: string; readonly shape: readonly number[] }[];
  /** Whether `koalarize` can color with it. */
  readonly usable: boolean;
  /** As what, or why not. */
  readonly use: string;
}

/** @throws FormatError for a file that is damaged. */
export function inspectSafetensors(file: Uint8Array, name: string): SafetensorsReport {
  const { entries, metadata } = decodeHeader(file, name);
  const tensors = [...entries].map(([name, { dtype, shape }]) => ({ name, type: String(dtype), shape }));
  const stored = tally(
    [...entries.values()].map(({ dtype, shape, data_offsets: [start, end] }) => {
      return { type: String(dtype), shape, bytes: end - start };
    }),
  );
  return { format: 'safetensors', metadata, stored, tensors, ...useOf(file, name) };
}

function useOf(file: Uint8Array, name: string): { usable: boolean; use: string } {
  try {
    const { network, embedding, tensors, metadata } = decodeWeights(file, name);
    for (const [key, { shape }] of layoutOf(network).slots) {
      const got = tensors.get(key)?.shape;
      if (got?.join() !== shape.join()) {
        throw new FormatError({
          where: name,
          expected: `'${key}' as [${shape.join(', ')}]`,
          got: got ? `[${got.join(', ')}]` : 'none',
        });
      }
    }
    const what = [...tensors.keys()].some((key) => key.startsWith('adam.')) ? 'a checkpoint of a run' : 'weights';
    const channels = network.widthDivisor === 1 ? 'all channels' : `1/${network.widthDivisor} of the channels`;
    const files = metadata.average_of?.split(' ').length;
    const mean = files ? `, the mean of ${files} files` : '';
    const steps = metadata.step === undefined ? mean : `, after ${metadata.step} steps`;
    const option = embedding?.kind === 'maps' ? "the package's extractor, or --extractor with" : '--inception with';
    const needs = embedding ? `needs ${option} ${describeExtractor(embedding)}` : 'needs no feature extractor';
    const { temperature } = network;
    const short = network.encoder === 'short' ? ', short encoder' : '';
    const classes = temperature ? `, classes of color annealed at ${temperature}` : '';
    return { usable: true, use: `${what}, ${channels}${short}${classes}${steps}, ${needs}` };
  } catch (error) {
    if (!(error instanceof FormatError || error instanceof ShapeError)) throw error;
    return { usable: false, use: error.message };
  }
}
