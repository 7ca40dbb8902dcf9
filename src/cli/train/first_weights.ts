/** The weights a run begins with: random ones, or those of --init. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { glorotUniform } from '../../graph/initial.ts';
import { sizeOf } from '../../graph/node.ts';
import type { ParameterLayout, Tensors } from '../../graph/parameters.ts';
import { type ExtractorInfo, expectExtractor } from '../../model/embedding.ts';
import { decodeWeights } from '../../model/weights.ts';
import { widen } from '../../model/widen.ts';
import { sha256 } from '../../onnx/sha256.ts';
import { FormatError } from '../../runtime/errors.ts';
import { readBytes } from '../../runtime/node.ts';
import type { Progress } from './progress.ts';
import type { RunConfig } from './run_folder.ts';
import type { Settings } from './settings.ts';

/** Looks at the file of --init early: before thousands of pictures are read. @throws FormatError */
export async function initOf(
  path: string | undefined,
  { widthDivisor }: Pick<Settings, 'widthDivisor'>,
  extractor: ExtractorInfo | undefined,
): Promise<RunConfig['init']> {
  if (path === undefined) return undefined;
  const file = await readBytes(path);
  const { network, embedding } = decodeWeights(file, path);
  if (network.widthDivisor % widthDivisor) {
    throw new FormatError(
      `--init ${path}: expected weights of this width or narrower, got 1/${network.widthDivisor} of the channels for 1/${widthDivisor}`,
    );
  }
  if (embedding && !extractor) {
    throw new FormatError(
      `--init ${path}: expected weights without a feature extractor, got some with one – name its file with --inception`,
    );
  }
  if (embedding && extractor) expectExtractor(`--init ${path}`, extractor, embedding);
  return { path: resolve(path), sha256: await sha256(file) };
}

/** Random ones, or those of --init: as they are, or widened. */
export async function firstWeights(
  { settings: { seed }, init }: RunConfig,
  layout: ParameterLayout,
  progress: Progress,
): Promise<Tensors> {
  if (!init) return glorotUniform(layout, seed);
  const file = await readFile(init.path);
  if ((await sha256(file)) !== init.sha256)
    throw new FormatError(`--init ${init.path}: expected the file that the run began with, got another`);
  const { tensors, network } = decodeWeights(file, init.path);
  progress.say(`init     from ${init.path}, with 1/${network.widthDivisor} of the paper's channels`);
  return widen(withEmbedding(tensors, layout), layout, seed);
}

/** Weights that knew no extractor pay it no attention at first: they answer as before. */
function withEmbedding(tensors: Tensors, { slots }: ParameterLayout): Tensors {
  const name = 'fusion.embedding';
  const slot = slots.get(name);
  if (!slot || tensors.has(name)) return tensors;
  return new Map([...tensors, [name, { shape: slot.shape, data: new Float32Array(sizeOf(slot.shape)) }]]);
}
