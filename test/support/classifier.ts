/** A classifier of a few weights as an ONNX file, and what it must answer, computed here in float64. */

import { encodeSafetensors } from '../../src/formats/safetensors.ts';
import { glorotUniform } from '../../src/graph/initializers.ts';
import { reachable } from '../../src/graph/node.ts';
import { input } from '../../src/graph/ops/core/input.ts';
import { ParameterLayout } from '../../src/graph/parameters.ts';
import type { Picture } from '../../src/image/raster/picture.ts';
import { maxCode } from '../../src/image/raster/picture.ts';
import type { VectorInfo } from '../../src/model/embedding.ts';
import { colorizationNetwork } from '../../src/model/network.ts';
import { weightsMetadata } from '../../src/model/weights.ts';
import { float, model, node, tensor } from './proto_builder.ts';
import { random } from './random.ts';

/** Pixels a side of its input. */
export const SIZE = 24;
/** Channels of the one convolution: what is pooled. */
export const CHANNELS = 6;
export const CLASSES = 7;

const kernel = random(CHANNELS * 3 * 9, 11).map((v) => 0.5 * v);
const kernelBias = random(CHANNELS, 12).map((v) => 0.3 * v);
const matrix = random(CLASSES * CHANNELS, 13).map((v) => 4 * v);
const bias = random(CLASSES, 14);

export interface ClassifierOptions {
  /** `nhwc`: as a Keras export takes its input. */
  readonly layout?: 'nchw' | 'nhwc';
  /** Whether the input's size is left open. */
  readonly symbolic?: boolean;
  /** `logits` (default), `probabilities`, or both. */
  readonly outputs?: readonly string[];
}

/** Conv 3x3 stride 2, ReLU, global average, Gemm, and a softmax where it is asked for. */
export function classifier({ layout = 'nchw', symbolic = false, outputs = ['logits'] }: ClassifierOptions = {}) {
  const [height, width] = symbolic ? ['height', 'width'] : [SIZE, SIZE];
  const planar = layout === 'nchw';
  return model({
    inputs: { picture: planar ? ['N', 3, height, width] : ['N', height, width, 3] },
    outputs: Object.fromEntries(outputs.map((name) => [name, ['N', CLASSES]])),
    initializers: [
      tensor('kernel', [CHANNELS, 3, 3, 3], kernel),
      tensor('kernel bias', [CHANNELS], kernelBias),
      tensor('matrix', [CLASSES, CHANNELS], matrix),
      tensor('bias', [CLASSES], bias),
    ],
    nodes: [
      ...(planar ? [] : [node('Transpose', ['picture'], ['planar'], { perm: [0, 3, 1, 2] })]),
      node('Conv', [planar ? 'picture' : 'planar', 'kernel', 'kernel bias'], ['features'], {
        kernel_shape: [3, 3],
        strides: [2, 2],
        pads: [1, 1, 1, 1],
      }),
      node('Relu', ['features'], ['positive']),
      node('GlobalAveragePool', ['positive'], ['means']),
      node('Flatten', ['means'], ['pooled'], { axis: 1 }),
      node('Gemm', ['pooled', 'matrix', 'bias'], ['logits'], { alpha: float(1), beta: float(1), transB: 1 }),
      ...(outputs.includes('probabilities') ? [node('Softmax', ['logits'], ['probabilities'], { axis: 1 })] : []),
    ],
  });
}

export interface Prediction {
  readonly pooled: number[];
  readonly logits: number[];
  readonly softmax: number[];
}

/** What the classifier answers to a picture that is prepared as the definition says. */
export function answer(
  picture: Picture,
  { mirror = false, range = [-1, 1] as readonly [number, number], size = SIZE } = {},
): Prediction {
  const square = luma(picture, size).map((v) => range[0] + (range[1] - range[0]) * v);
  const at = (y: number, x: number) =>
    y < 0 || x < 0 || y >= size || x >= size ? 0 : square[y * size + (mirror ? size - 1 - x : x)]!;
  const out = Math.floor((size - 1) / 2) + 1;
  const pooled = Array.from({ length: CHANNELS }, (_, o) => {
    let sum = 0;
    for (let y = 0; y < out; y++) {
      for (let x = 0; x < out; x++) {
        let value = kernelBias[o]!;
        for (let tap = 0; tap < 27; tap++) {
          const [ky, kx] = [Math.floor((tap % 9) / 3), tap % 3];
          value += kernel[o * 27 + tap]! * at(2 * y + ky - 1, 2 * x + kx - 1);
        }
        sum += Math.max(0, value);
      }
    }
    return sum / out ** 2;
  });
  const logits = Array.from({ length: CLASSES }, (_, k) =>
    pooled.reduce((sum, v, c) => sum + matrix[k * CHANNELS + c]! * v, bias[k]!),
  );
  const powers = logits.map((v) => Math.exp(v - Math.max(...logits)));
  return { pooled, logits, softmax: powers.map((v) => v / powers.reduce((sum, w) => sum + w, 0)) };
}

/** [size, size], 0..1: BT.601 over white, whole, by the triangle filter. */
function luma(picture: Picture, size: number): number[] {
  const { data, width, height } = picture;
  const channels = data.length / (width * height);
  const max = maxCode(picture);
  const grey = Array.from({ length: width * height }, (_, i) => {
    const [r, g, b] = channels < 3 ? [0, 0, 0] : [0, 1, 2];
    const of = (c: number) => data[i * channels + c]! / max;
    const value = 0.299 * of(r!) + 0.587 * of(g!) + 0.114 * of(b!);
    const alpha = channels % 2 === 0 ? of(channels - 1) : 1;
    return value * alpha + 1 - alpha;
  });
  const rows = Array.from({ length: height }, (_, y) => resized(grey.slice(y * width, (y + 1) * width), size));
  const columns = Array.from({ length: size }, (_, x) =>
    resized(
      rows.map((row) => row[x]!),
      size,
    ),
  );
  return Array.from({ length: size * size }, (_, i) => columns[i % size]![Math.floor(i / size)]!);
}

function resized(values: readonly number[], size: number): number[] {
  const scale = values.length / size;
  const radius = Math.max(scale, 1);
  return Array.from({ length: size }, (_, x) => {
    const center = (x + 0.5) * scale - 0.5;
    let [sum, total] = [0, 0];
    for (let j = Math.max(0, Math.floor(center - radius)); j <= Math.min(values.length - 1, center + radius); j++) {
      const weight = Math.max(0, 1 - Math.abs(j - center) / radius);
      sum += weight * values[j]!;
      total += weight;
    }
    return sum / total;
  });
}

/** A weights file of a small untrained network, colorful, whose colors depend on the embedding too. */
export function weightsFor(embedding: VectorInfo, gain = 30): Uint8Array {
  const network = { widthDivisor: 8, embeddingWidth: embedding.width };
  const nodes = [input('lightness', [1, 8, 8, 1]), input('embedding', [1, 1, 1, embedding.width])] as const;
  const answer = colorizationNetwork(network, ...nodes);
  const tensors = new Map(
    [...glorotUniform(new ParameterLayout(reachable([answer])), 5)].map(([name, { shape, data }]) => {
      return [name, { shape, data: name === 'dec5.weight' ? data.map((v) => v * gain) : data }];
    }),
  );
  return encodeSafetensors({ tensors, metadata: weightsMetadata({ network, lightness: 'luma', embedding }) });
}
