/** Loss: from a batch of bytes to one number, as a graph. */
import { type Node, type Shape, sizeOf } from '../graph/node.ts';
import { chromaWeight } from '../graph/ops/color/chroma_weight.ts';
import { chroma, coverage, type Lightness, lightness } from '../graph/ops/color/image.ts';
import { input } from '../graph/ops/core/input.ts';
import { tensor } from '../graph/ops/core/tensor.ts';
import { binary } from '../graph/ops/elementwise/binary.ts';
import { crossEntropy } from '../graph/ops/loss/cross_entropy.ts';
import { mse } from '../graph/ops/loss/mse.ts';
import { averagePool } from '../graph/ops/nn/pool.ts';
import { ShapeError } from '../runtime/errors.ts';
import { sourceSize } from './data/batch.ts';
import { BINS, BINS_PER_UNIT } from './data/rebalance.ts';

/**
 * Builds a network from lightness [N, H, W, 1] and features [N, h, w, C], if any: to chroma [N, H, W, 2], or to the logits
 * of classes of color, maybe at a part of the size.
 */
export type NetworkBuilder = (lightness: Node, ...features: Node[]) => Node;

export interface LossConfig {
  /** Pictures that go through the network together. */
  readonly microBatch: number;
  /** Pixels a side. */
  readonly size: number;
  readonly lightness: Lightness;
  /** What the pictures' chroma is multiplied by. */
  readonly chromaScale: number;
  /** Whether padding (alpha 0) is left out of the loss. */
  readonly masked: boolean;
  /** What each true color weighs, as of `colorWeights`; default all alike. */
  readonly colorWeights?: Float32Array | undefined;
  /** Shapes [h, w, C] of what the network is given beside each picture; default nothing. */
  readonly features?: readonly Shape[] | undefined;
  /** As the dataset's: pixels that squares begin at multiples of; default anywhere. */
  readonly cell?: number | undefined;
  /** Whether the network answers in logits of classes: then what is minimized is their cross-entropy. */
  readonly classes?: boolean;
}

/** The loss of one micro-batch, what the network saw, what it answered, and what it should have. */
export function lossGraph(config: LossConfig, network: NetworkBuilder) {
  const { microBatch, size, features = [], cell, chromaScale: gain } = config;
  const source = sourceSize(size, cell);
  const crop = { height: size, width: size };
  const pixels = input('pixels', [microBatch, source, source]);
  const crops = input('crops', [microBatch, 4]);
  const given = features.map((shape, i) => input(featureName(i), [microBatch, ...shape]));
  const seen = lightness(pixels, crops, { ...crop, source: config.lightness });
  const answer = network(seen, ...given);
  const target = chroma(pixels, crops, { ...crop, gain });
  if (config.classes) return { loss: classLoss(config, answer, target), seen, answer, target };
  const covered = config.masked ? coverage(pixels, crops, crop) : undefined;
  const weighed = config.colorWeights && weightOf(target, gain, config.colorWeights);
  const weight = covered && weighed ? binary('mul', covered, weighed) : (covered ?? weighed);
  return { loss: mse(answer, target, weight), seen, answer, target };
}

/** At the logits' size, what is true is the mean over the pixels of each. */
function classLoss({ masked, chromaScale, colorWeights }: LossConfig, logits: Node, target: Node): Node {
  if (masked)
    throw new ShapeError({
      where: 'train',
      expected: 'pictures without padding for classes of color',
      got: 'some with it',
    });
  const [, height, width] = logits.shape;
  const kernel = [target.shape[1]! / height!, target.shape[2]! / width!];
  const truth = averagePool(target, {
    kernel,
    strides: kernel,
    dilations: [1, 1],
    pads: [0, 0, 0, 0],
    outSize: [height!, width!],
  });
  return crossEntropy(logits, truth, colorWeights && weightOf(truth, chromaScale, colorWeights));
}

/** The weights go by the colors as they are: before the gain. */
function weightOf(target: Node, gain: number, weights: Float32Array): Node {
  const table = tensor('color weights', [BINS, BINS], () => weights);
  return chromaWeight(target, table, { scale: BINS_PER_UNIT / gain });
}

/** The name of the graph's input for feature `i`. */
export function featureName(i: number): string {
  return `feature${i}`;
}

/** @throws ShapeError unless there is an array of each shape for each picture. */
export function expectFeatures(features: readonly Float32Array[], pictures: number, shapes: readonly Shape[]): void {
  const expected = shapes.map((shape) => pictures * sizeOf(shape));
  const got = features.map(({ length }) => length);
  if (got.join() === expected.join()) return;
  const list = (lengths: readonly number[]) => lengths.join(' and ') || 'no';
  throw new ShapeError({
    where: 'train',
    expected: `features of ${list(expected)} values for ${pictures} pictures`,
    got: `${list(got)} values`,
  });
}
