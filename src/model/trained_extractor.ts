/** Feature extractor that weights were trained with: whether there is one, and how it is opened. */
import { isSource } from '../runtime/arguments.ts';
import { FormatError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import type { ColorizerOptions } from './colorizer_options.ts';
import { describeExtractor } from './embedding.ts';
import { Extractor } from './extractor.ts';
import type { MapExtractor } from './maps.ts';
import { defaultExtractor } from './package_files.ts';
import type { Weights } from './weights.ts';

/** What the weights were trained with: at most one of the two. */
export interface TrainedExtractor {
  readonly maps?: MapExtractor;
  readonly vector?: Extractor;
}

/** @throws FormatError for weights that need an extractor and get none, or get one and need none. */
export function checkExtractorGiven(
  name: string,
  { embedding }: Weights,
  { inception, extractor }: ColorizerOptions,
): void {
  if (embedding && embedding.kind !== 'maps' && inception === undefined) {
    throw new FormatError({
      where: name,
      expected: `the feature extractor of the training (${describeExtractor(embedding)})`,
      got: 'none',
      hint: 'name its ONNX file (--inception)',
    });
  }
  if (!embedding && (inception ?? extractor) !== undefined) {
    throw new FormatError({
      where: name,
      expected: 'no feature extractor, as these weights were trained without',
      got: 'one',
      hint: 'leave it out, or use weights that were trained with it',
    });
  }
}

/** Reads the extractor's file. Nothing of it is on the device before the first picture. */
export async function openExtractor(
  gpu: Gpu,
  { embedding }: Weights,
  { inception: given, extractor }: ColorizerOptions,
): Promise<TrainedExtractor> {
  const { source, ...options } = given === undefined || isSource(given) ? { source: given } : given;
  if (embedding?.kind === 'maps') {
    // Loaded on demand, as everything is that reads ONNX: weights without an extractor need none of it.
    const { MapExtractor } = await import('./maps.ts');
    return { maps: await MapExtractor.open(gpu, extractor ?? source ?? defaultExtractor(), undefined, embedding) };
  }
  if (!embedding || source === undefined) return {};
  return { vector: await Extractor.open(gpu, source, options, embedding) };
}
