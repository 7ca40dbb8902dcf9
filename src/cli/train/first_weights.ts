/** The weights a run begins with: random ones, or those of --init. */
import { resolve } from 'node:path';
import { sizeOf } from '../../graph/node.ts';
import type { ParameterLayout, Tensors } from '../../graph/parameters.ts';
import { type ExtractorInfo, expectExtractor } from '../../model/embedding.ts';
import { initialWeights } from '../../model/initial_weights.ts';
import { layoutOf } from '../../model/layout.ts';
import { isMapProduct, rescaleMaps } from '../../model/map_products.ts';
import { narrow } from '../../model/narrow.ts';
import { CLASSES } from '../../model/network.ts';
import { decodeWeights } from '../../model/weights.ts';
import { widen } from '../../model/widen.ts';
import { sha256 } from '../../onnx/sha256.ts';
import { FormatError } from '../../runtime/errors.ts';
import { readBytes } from '../../runtime/node/adapters.ts';
import { priorLogits } from '../../train/data/rebalance.ts';
import type { Progress } from './progress.ts';
import type { RunConfig } from './run_folder.ts';
import type { Settings } from './settings.ts';

/** Looks at the file of --init early: before thousands of pictures are read. @throws FormatError */
export async function initOf(
  path: string | undefined,
  { widthDivisor, encoder, temperature }: Pick<Settings, 'widthDivisor' | 'encoder' | 'temperature'>,
  extractor: ExtractorInfo | undefined,
): Promise<RunConfig['init']> {
  if (path === undefined) return undefined;
  const file = await readBytes(path);
  const { network, embedding, tensors } = decodeWeights(file, path);
  if ((network.encoder ?? 'paper') !== encoder) {
    throw new FormatError({
      where: `--init ${path}`,
      expected: `weights with the encoder '${encoder}'`,
      got: `'${network.encoder ?? 'paper'}'`,
      hint: 'say so with --encoder',
    });
  }
  if (network.temperature && !temperature) {
    throw new FormatError({
      where: `--init ${path}`,
      expected: 'weights of a regression',
      got: 'some with classes of color',
      hint: `train with --temperature ${network.temperature}`,
    });
  }
  if (embedding && !extractor) {
    throw new FormatError({
      where: `--init ${path}`,
      expected: 'weights without a feature extractor',
      got: 'some with one',
      hint: 'name its file with --extractor or --inception',
    });
  }
  if (embedding && extractor) expectExtractor(`--init ${path}`, extractor, embedding);
  if (network.widthDivisor < widthDivisor) narrow(tensors, layoutOf({ ...network, widthDivisor }));
  return { path: resolve(path), sha256: await sha256(file) };
}

/**
 * Random ones, or those of --init: as they are, widened, or, where they were widened before, narrowed again.
 *
 * @param colors how often each occurs; there where the network has classes, whose new layer begins by saying that
 */
export async function firstWeights(
  { settings: { seed, widthDivisor }, embedding: extractor, init }: RunConfig,
  colors: readonly number[] | undefined,
  layout: ParameterLayout,
  progress: Progress,
): Promise<Tensors> {
  const random = withPrior(initialWeights(layout, seed), colors);
  if (!init) return random;
  const file = await readBytes(init.path);
  if ((await sha256(file)) !== init.sha256)
    throw new FormatError({
      where: `--init ${init.path}`,
      expected: 'the file that the run began with',
      got: 'another',
    });
  const { tensors: saved, network, embedding } = decodeWeights(file, init.path);
  const tensors = rescaleMaps(saved, embedding, extractor.kind === 'none' ? undefined : extractor);
  progress.say(`init     from ${init.path}, with 1/${network.widthDivisor} of the paper's channels`);
  const classes = [...random].filter(([name]) => name.startsWith(`${CLASSES}.`) && !tensors.has(name));
  const all = new Map([...withEmbedding(tensors, layout), ...classes]);
  return network.widthDivisor < widthDivisor ? narrow(all, layout) : widen(all, layout, seed);
}

/** Weights that knew no extractor pay it no attention at first: they answer as before. */
function withEmbedding(tensors: Tensors, { slots }: ParameterLayout): Tensors {
  const isProduct = (name: string) => name === 'fusion.embedding' || isMapProduct(name);
  const missing = [...slots].filter(([name]) => isProduct(name) && !tensors.has(name));
  const none = missing.map(([name, { shape }]) => [name, { shape, data: new Float32Array(sizeOf(shape)) }] as const);
  return new Map([...tensors, ...none]);
}

/** A layer of classes begins by saying how often colors occur, whatever it sees: it need not learn that first. */
function withPrior(tensors: Tensors, colors: readonly number[] | undefined): Tensors {
  const names = { weight: `${CLASSES}.weight`, bias: `${CLASSES}.bias` };
  const [weight, bias] = [tensors.get(names.weight), tensors.get(names.bias)];
  if (!weight || !bias || !colors) return tensors;
  return new Map([
    ...tensors,
    [names.weight, { shape: weight.shape, data: new Float32Array(weight.data.length) }],
    [names.bias, { shape: bias.shape, data: priorLogits(colors) }],
  ]);
}
