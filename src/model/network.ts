/**
 * The colorization network of Deep Koalarization (Baldassarre, González Morín and Rodés-Guirao 2017, table 1), as the
 * authors' code resolves it: encoder depth 256, SAME padding, bias and ReLU everywhere, tanh at the end.
 *
 * N batch, H height, W width, C channels; NHWC.
 */
import type { Node } from '../graph/node.ts';
import { annealedMean } from '../graph/ops/annealed_mean.ts';
import { biasAdd } from '../graph/ops/bias_add.ts';
import { BINS } from '../graph/ops/colour_classes.ts';
import { conv2dSame } from '../graph/ops/conv2d.ts';
import { parameter } from '../graph/ops/input.ts';
import { relu } from '../graph/ops/relu.ts';
import { tanh } from '../graph/ops/tanh.ts';
import { upsample2x } from '../graph/ops/upsample2x.ts';
import { ShapeError } from '../runtime/errors.ts';

/** What a network is built from; stored in every weights file. */
export interface NetworkConfig {
  /** Divides every channel count but the input's and the output's. 1 is the paper's network; 8 is quick to test. */
  readonly widthDivisor: number;
  /**
   * Length of the feature vector that steers the colours: 1001 for Inception-ResNet-v2's logits.
   * 0: there is none, and a learned constant takes its place. Its product with the fusion weights is one more bias,
   * so `fusion.bias` is that constant.
   */
  readonly embeddingWidth: number;
  /**
   * Above 0: the network ends in classes of colour behind dec3, at a quarter of the size, and answers with their mean
   * annealed at this temperature (Zhang, Isola and Efros 2016). 0 or none: regression by dec4 and dec5, as in the paper.
   */
  readonly temperature?: number;
}

/** Pictures are padded to a multiple of this: three convolutions with stride 2. */
export const SIZE_MULTIPLE = 8;

interface Layer {
  readonly name: string;
  readonly channels: number;
  readonly stride?: number;
  readonly upsample?: boolean;
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
const FUSION_CHANNELS = 256;
const DECODER: readonly Layer[] = [
  { name: 'dec1', channels: 128, upsample: true },
  { name: 'dec2', channels: 64 },
  { name: 'dec3', channels: 64 },
];
const LAST: Layer = { name: 'dec4', channels: 32 };

/**
 * Builds the network: lightness [N, H, W, 1] in −1…1 (L* / 50 − 1) to chroma [N, H, W, 2] in −1…1 (a* / 127, b* / 127).
 * `embedding` is [N, 1, 1, embeddingWidth].
 *
 * @throws ShapeError unless H and W are multiples of 8, and the embedding is there exactly when the width is not 0.
 */
export function colorizationNetwork(config: NetworkConfig, lightness: Node, embedding?: Node): Node {
  if (config.temperature) {
    const chroma = annealedMean(colourClassifier(config, lightness, embedding), config.temperature);
    return upsample2x(upsample2x(chroma));
  }
  const x = upsample2x(trunk(config, lightness, embedding));
  const last = relu(convolution(LAST.name, x, LAST.channels / config.widthDivisor, 3));
  return upsample2x(tanh(convolution('dec5', last, 2, 3)));
}

/**
 * Builds what a network with classes of colour is trained as: lightness [N, H, W, 1] to their logits
 * [N, H / 4, W / 4, BINS²].
 *
 * @throws ShapeError as `colorizationNetwork`.
 */
export function colourClassifier(config: NetworkConfig, lightness: Node, embedding?: Node): Node {
  return convolution(CLASSES, trunk(config, lightness, embedding), BINS ** 2, 1);
}

/** The layer that makes classes of colour. */
export const CLASSES = 'classes';

/** Encoder, fusion and decoder up to dec3: [N, H, W, 1] to [N, H / 4, W / 4, 64 / widthDivisor]. */
function trunk(config: NetworkConfig, lightness: Node, embedding: Node | undefined): Node {
  const [, height, width] = lightness.shape;
  if (height! % SIZE_MULTIPLE || width! % SIZE_MULTIPLE) {
    throw new ShapeError(`network: expected multiples of ${SIZE_MULTIPLE}, got ${height} x ${width} – pad the picture`);
  }
  const embeddingWidth = embedding?.shape[3] ?? 0;
  if (embeddingWidth !== config.embeddingWidth) {
    throw new ShapeError(`network: expected an embedding of ${config.embeddingWidth} values, got ${embeddingWidth}`);
  }
  const channelsOf = (layer: Layer) => layer.channels / config.widthDivisor;
  let x = lightness;
  for (const layer of ENCODER) x = relu(convolution(layer.name, x, channelsOf(layer), 3, layer.stride));
  x = relu(fusion(x, embedding, FUSION_CHANNELS / config.widthDivisor));
  for (const layer of DECODER) {
    x = relu(convolution(layer.name, x, channelsOf(layer), 3));
    if (layer.upsample) x = upsample2x(x);
  }
  return x;
}

function convolution(name: string, x: Node, channels: number, kernel: number, stride = 1): Node {
  const weight = parameter(`${name}.weight`, [kernel, kernel, x.shape[3]!, channels]);
  return biasAdd(conv2dSame(x, weight, stride), parameter(`${name}.bias`, [channels]));
}

/**
 * W · concat(x, e) + b = Wx · x + (We · e + b): the embedding's part is one vector for each image, added as a bias,
 * and the tensor with 1257 channels is never made.
 */
function fusion(x: Node, embedding: Node | undefined, channels: number): Node {
  if (!embedding) return convolution('fusion', x, channels, 1);
  const weight = parameter('fusion.weight', [1, 1, x.shape[3]!, channels]);
  const embeddingWeight = parameter('fusion.embedding', [1, 1, embedding.shape[3]!, channels]);
  const bias = biasAdd(conv2dSame(embedding, embeddingWeight), parameter('fusion.bias', [channels]));
  return biasAdd(conv2dSame(x, weight), bias);
}
