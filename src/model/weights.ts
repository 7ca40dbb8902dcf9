/** Weights files: safetensors whose metadata says which network they are for, and how its numbers are scaled. */

import { decodeSafetensors } from '../formats/safetensors.ts';
import { expectFinite, type Tensors } from '../graph/parameters.ts';
import { FormatError } from '../runtime/errors.ts';
import { decodeEmbedding, type ExtractorInfo, embeddingMetadata, featuresOf } from './embedding.ts';
import { ENCODERS, type Encoder, type NetworkConfig } from './network.ts';

/** What a weights file must say for this version to understand it. */
const FIXED = {
  format: 'koalarize',
  version: '1',
  /** What goes in and comes out. */
  scaling: 'L/50-1, a/127, b/127',
  /** How borders are padded, and sizes that are no multiple of 8. */
  padding: 'zero, tensorflow same; edge to a multiple of 8',
} as const;

/** Whose L* the network was trained on: see `lightness` in src/graph/ops/color/image.ts. */
type Lightness = 'luma' | 'lab';

export interface WeightsInfo {
  readonly network: NetworkConfig;
  readonly lightness: Lightness;
  /** What the embeddings came from; undefined for a network without. */
  readonly embedding?: ExtractorInfo | undefined;
}

export interface Weights extends WeightsInfo {
  /** Pixels a side of the pictures it was trained on, at which it works best. 224 where the file does not say. */
  readonly size: number;
  readonly tensors: Tensors;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The metadata that every weights file and checkpoint carries. @throws FormatError unless the widths are the same. */
export function weightsMetadata({ network, lightness, embedding }: WeightsInfo): Record<string, string> {
  const features = ({ embeddingWidth, maps = [] }: Pick<NetworkConfig, 'embeddingWidth' | 'maps'>) =>
    maps.length ? `maps ${JSON.stringify(maps)}` : `${embeddingWidth} values`;
  const [expected, got] = [features(network), features(featuresOf(embedding))];
  if (expected !== got) {
    throw new FormatError({
      where: 'weights',
      expected: `an extractor of ${expected}`,
      got: `one of ${got}`,
      hint: 'describe the one it was trained with',
    });
  }
  return {
    ...FIXED,
    lightness,
    ...embeddingMetadata(embedding),
    width_divisor: String(network.widthDivisor),
    ...(network.encoder === 'short' && { encoder: network.encoder }),
    ...(network.temperature && { temperature: String(network.temperature) }),
  };
}

/** Reads a weights file. `name` is for messages. @throws FormatError when it is damaged, or for something else. */
export function decodeWeights(file: Uint8Array, name: string): Weights {
  const { tensors, metadata } = decodeSafetensors(file, name);
  expectFinite(name, tensors);
  for (const [key, value] of Object.entries(FIXED)) {
    if (metadata[key] !== value) {
      throw new FormatError({
        where: name,
        expected: `${key} '${value}'`,
        got: `'${metadata[key]}'`,
        hint: 'these are not weights for this program',
      });
    }
  }
  const whole = (key: string, least: number) => {
    const value = Number(metadata[key]);
    if (!Number.isInteger(value) || value < least) {
      throw new FormatError({
        where: name,
        expected: `${key} as an integer of at least ${least}`,
        got: `'${metadata[key]}'`,
      });
    }
    return value;
  };
  const { lightness } = metadata;
  if (lightness !== 'luma' && lightness !== 'lab') {
    throw new FormatError({ where: name, expected: "lightness 'luma' or 'lab'", got: `'${lightness}'` });
  }
  const embedding = decodeEmbedding(metadata, name);
  const temperature = metadata.temperature === undefined ? undefined : Number(metadata.temperature);
  if (temperature !== undefined && !(temperature > 0 && temperature < Number.POSITIVE_INFINITY)) {
    throw new FormatError({ where: name, expected: 'a temperature above 0', got: `'${metadata.temperature}'` });
  }
  const { encoder = 'paper' } = metadata;
  if (!ENCODERS.includes(encoder as Encoder)) {
    throw new FormatError({ where: name, expected: `encoder ${ENCODERS.join(' or ')}`, got: `'${encoder}'` });
  }
  return {
    network: {
      ...(encoder === 'short' && { encoder }),
      ...featuresOf(embedding),
      widthDivisor: whole('width_divisor', 1),
      ...(temperature !== undefined && { temperature }),
    },
    lightness,
    embedding,
    size: metadata.size === undefined ? 224 : whole('size', 8),
    tensors,
    metadata,
  };
}
