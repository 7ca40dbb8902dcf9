/**
 * The colorization network of Deep Koalarization (Baldassarre, González Morín and Rodés-Guirao 2017, table 1), as the
 * authors' code resolves it: encoder depth 256, SAME padding, bias and ReLU everywhere, tanh at the end.
 *
 * N batch, H height, W width, C channels; NHWC.
 */
import { describe, type Node } from '../graph/node.ts';
import { annealedMean } from '../graph/ops/color/annealed_mean.ts';
import { BINS } from '../graph/ops/color/color_classes.ts';
import { conv2dSame } from '../graph/ops/conv/conv2d.ts';
import { parameter } from '../graph/ops/core/input.ts';
import { add } from '../graph/ops/elementwise/add.ts';
import { biasAdd } from '../graph/ops/elementwise/bias_add.ts';
import { relu } from '../graph/ops/elementwise/relu.ts';
import { tanh } from '../graph/ops/elementwise/tanh.ts';
import { upsample2x } from '../graph/ops/movement/upsample2x.ts';
import { ShapeError } from '../runtime/errors.ts';

/** What a network is built from; stored in every weights file. */
export interface NetworkConfig {
  /** Divides every channel count but the input's and the output's. 1 is the paper's network; 8 is quick to test. */
  readonly widthDivisor: number;
  /**
   * Length of the feature vector that steers the colors: 1001 for Inception-ResNet-v2's logits.
   * 0: there is none, and a learned constant takes its place. Its product with the fusion weights is one more bias,
   * so `fusion.bias` is that constant.
   */
  readonly embeddingWidth: number;
  /**
   * `short`: the fusion layer follows enc5, without the three deepest layers of the encoder, which hold four fifths of the
   * parameters. Feature maps know more than those. Default `paper`: all eight.
   */
  readonly encoder?: Encoder;
  /** Feature maps that steer the colors place by place, in the order in which they are given; default none. */
  readonly maps?: readonly FeatureMap[];
  /**
   * Above 0: the network ends in classes of color behind dec3, at a quarter of the size, and answers with their mean
   * annealed at this temperature (Zhang, Isola and Efros 2016). 0 or none: regression by dec4 and dec5, as in the paper.
   */
  readonly temperature?: number;
}

/** How deep the encoder is. */
export const ENCODERS = ['paper', 'short'] as const;
export type Encoder = (typeof ENCODERS)[number];

/** The shape of a feature map of a classifier, relative to the network's input. */
export interface FeatureMap {
  readonly channels: number;
  /** Pixels of the network's input a side of one cell: a power of 2, from 2. */
  readonly stride: number;
}

/** Pictures are padded to a multiple of this: three convolutions with stride 2. */
export const SIZE_MULTIPLE = 8;
/** Pixels of the input a side of one cell of the fusion layer's grid. */
const FUSION_STRIDE = 8;

/** The sides of a picture in the network are multiples of this: cells of all maps are whole. */
export function sizeMultiple({ maps = [] }: Pick<NetworkConfig, 'maps'>): number {
  return Math.max(SIZE_MULTIPLE, ...maps.map(({ stride }) => stride));
}

/** Shapes [N, h, w, C] of what steers the network's colors, for `batch` pictures of `height` x `width` pixels. */
export function featureShapes(
  { embeddingWidth, maps = [] }: Pick<NetworkConfig, 'embeddingWidth' | 'maps'>,
  [batch, height, width]: readonly [batch: number, height: number, width: number],
): number[][] {
  const vector = embeddingWidth ? [[batch, 1, 1, embeddingWidth]] : [];
  return [...vector, ...maps.map(({ channels, stride }) => [batch, height / stride, width / stride, channels])];
}

interface Layer {
  readonly name: string;
  readonly channels: number;
  readonly stride?: number;
  readonly upsample?: boolean;
  /** Pixels of the input a side of a cell of its grid, where feature maps may join it. */
  readonly grid?: number;
}

const ENCODER: readonly Layer[] = [
  { name: 'enc1', channels: 64, stride: 2 },
  { name: 'enc2', channels: 128 },
  { name: 'enc3', channels: 128, stride: 2 },
  { name: 'enc4', channels: 256 },
  { name: 'enc5', channels: 256, stride: 2 },
  { name: 'enc6', channels: 512 },
  { name: 'enc7', channels: 512 },
  { name: 'enc8', channels: 256 },
];
/** Layers of a short encoder: down to the fusion layer's grid. */
const SHORT = 5;
const FUSION_CHANNELS = 256;
const DECODER: readonly Layer[] = [
  { name: 'dec1', channels: 128, upsample: true },
  { name: 'dec2', channels: 64, grid: 4 },
  { name: 'dec3', channels: 64 },
];
const LAST: Layer = { name: 'dec4', channels: 32, grid: 2 };

/**
 * Builds the network: lightness [N, H, W, 1] in −1…1 (L* / 50 − 1) to chroma [N, H, W, 2] in −1…1 (a* / 127, b* / 127).
 *
 * `features` are of `featureShapes`: the embedding [N, 1, 1, embeddingWidth] where its width is not 0, then the maps
 * [N, H / stride, W / stride, channels]. Each goes through a 1x1 product of its own and is added before a layer's ReLU:
 * coarse ones, enlarged to its grid by repetition, to the fusion layer; finer ones to the first layer of the decoder with
 * their grid. A sum of products is the product of what is concatenated, so this is the paper's fusion.
 *
 * @throws ShapeError unless H and W are multiples of `sizeMultiple`, and the features are those of `config`.
 */
export function colorizationNetwork(config: NetworkConfig, lightness: Node, ...features: Node[]): Node {
  if (config.temperature) {
    const chroma = annealedMean(colorClassifier(config, lightness, ...features), config.temperature);
    return upsample2x(upsample2x(chroma));
  }
  const x = upsample2x(trunk(config, lightness, features));
  const last = conditioned(LAST, convolution(LAST.name, x, LAST.channels / config.widthDivisor, 3), config, features);
  return upsample2x(tanh(convolution('dec5', relu(last), 2, 3)));
}

/**
 * Builds what a network with classes of color is trained as: lightness [N, H, W, 1] to their logits
 * [N, H / 4, W / 4, BINS²].
 *
 * @throws ShapeError as `colorizationNetwork`.
 */
export function colorClassifier(config: NetworkConfig, lightness: Node, ...features: Node[]): Node {
  const finest = config.maps?.find(({ stride }) => stride < 4);
  if (finest) {
    throw new ShapeError({
      where: 'network',
      expected: 'maps of stride 4 or more beside classes of color',
      got: finest.stride,
      hint: 'leave that map out',
    });
  }
  return convolution(CLASSES, trunk(config, lightness, features), BINS ** 2, 1);
}

/** The layer that makes classes of color. */
export const CLASSES = 'classes';

/** Encoder, fusion and decoder up to dec3: [N, H, W, 1] to [N, H / 4, W / 4, 64 / widthDivisor]. */
function trunk(config: NetworkConfig, lightness: Node, features: readonly Node[]): Node {
  expectShapes(config, lightness, features);
  const channelsOf = (layer: Layer) => layer.channels / config.widthDivisor;
  let x = lightness;
  const encoder = config.encoder === 'short' ? ENCODER.slice(0, SHORT) : ENCODER;
  for (const layer of encoder) x = relu(convolution(layer.name, x, channelsOf(layer), 3, layer.stride));
  x = relu(fusion(config, x, features));
  for (const layer of DECODER) {
    x = relu(conditioned(layer, convolution(layer.name, x, channelsOf(layer), 3), config, features));
    if (layer.upsample) x = upsample2x(x);
  }
  return x;
}

/** @throws ShapeError */
function expectShapes(config: NetworkConfig, lightness: Node, features: readonly Node[]): void {
  const [batch, height, width] = lightness.shape as [number, number, number];
  const multiple = sizeMultiple(config);
  if (height % multiple || width % multiple) {
    throw new ShapeError({
      where: 'network',
      expected: `multiples of ${multiple}`,
      got: `${height} x ${width}`,
      hint: 'pad the picture',
    });
  }
  const odd = config.maps?.find(({ stride }) => stride < 2 || !Number.isInteger(Math.log2(stride)));
  if (odd)
    throw new ShapeError({ where: 'network', expected: 'maps whose stride is a power of 2, from 2', got: odd.stride });
  const list = (shapes: readonly (readonly number[])[]) => shapes.map(describe).join(', ') || 'none';
  const expected = list(featureShapes(config, [batch, height, width]));
  const got = list(features.map(({ shape }) => shape));
  if (expected !== got) throw new ShapeError({ where: 'network', expected: `features of shape ${expected}`, got });
}

function convolution(name: string, x: Node, channels: number, kernel: number, stride = 1): Node {
  const weight = parameter(`${name}.weight`, [kernel, kernel, x.shape[3]!, channels]);
  return biasAdd(conv2dSame(x, weight, stride), parameter(`${name}.bias`, [channels]));
}

/**
 * W · concat(x, e, m…) + b = Wx · x + (We · e + b) + Wm · m + …: the embedding's part is one vector for each image, added
 * as a bias, and the tensor with 1257 channels is never made.
 */
function fusion(config: NetworkConfig, x: Node, features: readonly Node[]): Node {
  const channels = FUSION_CHANNELS / config.widthDivisor;
  const weight = parameter('fusion.weight', [1, 1, x.shape[3]!, channels]);
  let bias = parameter('fusion.bias', [channels]);
  if (config.embeddingWidth) {
    const embeddingWeight = parameter('fusion.embedding', [1, 1, config.embeddingWidth, channels]);
    bias = biasAdd(conv2dSame(features[0]!, embeddingWeight), bias);
  }
  return conditioned(FUSION, biasAdd(conv2dSame(x, weight), bias), config, features);
}

/** The layer that coarse maps join. */
const FUSION: Layer = { name: 'fusion', channels: FUSION_CHANNELS, grid: FUSION_STRIDE };

/** y + Σ Wm · m over the maps that join `layer`, coarser ones enlarged to its grid by repetition. */
function conditioned({ name, grid }: Layer, y: Node, { maps = [] }: NetworkConfig, features: readonly Node[]): Node {
  const nodes = features.slice(features.length - maps.length);
  let sum = y;
  maps.forEach(({ channels, stride }, i) => {
    if (Math.min(stride, FUSION_STRIDE) !== grid) return;
    let product = conv2dSame(nodes[i]!, parameter(`${name}.map${i}`, [1, 1, channels, y.shape[3]!]));
    for (let cell = stride; cell > grid; cell /= 2) product = upsample2x(product);
    sum = add(sum, product);
  });
  return sum;
}
