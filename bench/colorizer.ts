/** The whole network as the rival computes it, and the forward pass as a workload. */
import type { Rank, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { compile } from '../src/graph/compile.ts';
import { glorotUniform } from '../src/graph/initializers.ts';
import { type Node, reachable, sizeOf } from '../src/graph/node.ts';
import { input } from '../src/graph/ops/core/input.ts';
import { ParameterLayout, ParameterSlab, type Tensors } from '../src/graph/parameters.ts';
import { colorizationNetwork } from '../src/model/network.ts';
import type { Backend } from './arm.ts';
import type { TfjsRival } from './rivals/tfjs.ts';
import { convolutionFlops, sumTolerance, uniform, type Workload } from './workload.ts';

export const EMBEDDING_WIDTH = 1001;

export const CONFIG = { widthDivisor: 1, embeddingWidth: EMBEDDING_WIDTH } as const;

/** The network of the paper, full width, conditioned on an embedding. */
export function network(lightness: Node, ...features: Node[]): Node {
  return colorizationNetwork(CONFIG, lightness, ...features);
}

/** Glorot-uniform weights for the network that ends in `output`, and biases that are not zero, so that they count. */
export function randomWeights(output: Node): Tensors {
  const weights = glorotUniform(new ParameterLayout(reachable([output])), 1);
  return new Map(
    [...weights].map(([name, { shape, data }], i) => {
      const values = shape.length === 1 ? uniform(sizeOf(shape), i).map((value) => value / 10) : data;
      return [name, { shape, data: values }];
    }),
  );
}

const ENCODER = [
  ['enc1', 2],
  ['enc2', 1],
  ['enc3', 2],
  ['enc4', 1],
  ['enc5', 2],
  ['enc6', 1],
  ['enc7', 1],
  ['enc8', 1],
] as const;

/**
 * The same network in tfjs, as fast as its functions make it: bias and ReLU fused into the convolutions (it takes them
 * apart itself when it differentiates), and the embedding's part of the fusion as a bias, not as 1257 channels.
 */
export function rivalNetwork(
  { tf }: TfjsRival,
  weights: ReadonlyMap<string, Tensor>,
  lightness: Tensor4D,
  embedding: Tensor,
): Tensor4D {
  const get = <R extends Rank>(name: string) => weights.get(name) as Tensor<R>;
  const convolution = (name: string, x: Tensor4D, strides = 1, activation: 'relu' | 'linear' = 'relu') => {
    const filter = get<Rank.R4>(`${name}.weight`);
    return tf.fused.conv2d({ x, filter, strides, pad: 'same', bias: get(`${name}.bias`), activation });
  };
  const twice = (x: Tensor4D) => tf.image.resizeNearestNeighbor(x, [2 * x.shape[1], 2 * x.shape[2]]);

  let x = lightness;
  for (const [name, stride] of ENCODER) x = convolution(name, x, stride);
  const [, , width, channels] = get<Rank.R4>('fusion.embedding').shape;
  const steering = tf.matMul(
    tf.reshape(embedding, [-1, width]),
    tf.reshape(get('fusion.embedding'), [width, channels]),
  );
  const bias = tf.reshape(tf.add(steering, get('fusion.bias')), [-1, 1, 1, channels]);
  x = tf.relu(tf.add(tf.conv2d(x, get('fusion.weight'), 1, 'same'), bias));
  x = twice(convolution('dec1', x));
  x = convolution('dec2', x);
  x = twice(convolution('dec3', x));
  x = convolution('dec4', x);
  return twice(tf.tanh(convolution('dec5', x, 1, 'linear')));
}

/** Products along the way through all layers: what the tolerance of the whole network follows. */
const PRODUCTS = 9 * (1 + 64 + 2 * 128 + 2 * 256 + 2 * 512 + 256 + 128 + 2 * 64 + 32) + 256 + EMBEDDING_WIDTH;

/** Writes the network with these weights as an ONNX file. @returns its path */
export type WriteColorizer = (weights: Tensors) => Promise<string>;

/** One picture of 224 x 224 through the network. Where `write` is given, ONNX Runtime does it too. */
export async function forwardPass(write?: WriteColorizer): Promise<Workload> {
  const lightness = input('lightness', [1, 224, 224, 1]);
  const embedding = input('embedding', [1, 1, 1, EMBEDDING_WIDTH]);
  const output = network(lightness, embedding);
  const weights = randomWeights(output);
  const picture = uniform(sizeOf(lightness.shape), 101);
  const features = uniform(EMBEDDING_WIDTH, 102);
  const path = await write?.(weights);
  const feeds = {
    lightness: { data: picture, shape: [1, 1, 224, 224] },
    embedding: { data: features, shape: [1, EMBEDDING_WIDTH] },
  };
  return {
    name: 'colorizer forward, 224x224, batch 1',
    flops: convolutionFlops(reachable([output])),
    checkRuns: 1,
    queueable: false,
    tolerance: (expected) => sumTolerance(expected, PRODUCTS),
    async ours(gpu) {
      const parameters = new ParameterSlab(gpu, 'weights', new ParameterLayout(reachable([output])));
      parameters.write(weights);
      const executable = await compile(gpu, { label: 'colorizer', outputs: { output }, parameters });
      executable.feed('lightness', picture);
      executable.feed('embedding', features);
      return {
        async run(times) {
          for (let i = 0; i < times; i++) executable.run();
          await gpu.fence();
        },
        result: () => executable.read('output'),
        free() {
          executable.close();
          parameters.close();
        },
      };
    },
    rivals: {
      async tfjs(rival) {
        const { tf, fence } = rival;
        const tensors = new Map([...weights].map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]));
        const x = tf.tensor4d(picture, [1, 224, 224, 1]);
        const e = tf.tensor(features, [1, EMBEDDING_WIDTH]);
        const once = () => tf.tidy(() => rivalNetwork(rival, tensors, x, e));
        return {
          async run(times) {
            for (let i = 0; i < times; i++) tf.dispose(once());
            await fence();
          },
          async result() {
            const tensor = once();
            const values = await tensor.data();
            tensor.dispose();
            return values as Float32Array;
          },
          free: () => tf.dispose([x, e, ...tensors.values()]),
        };
      },
      ...(path && { onnxruntime: async (ort) => channelsLast(await ort.arm(path, feeds, 'chroma'), 2) }),
    },
    ...(path && { cpu: async (ort) => channelsLast(await ort.cpu(path, feeds, 'chroma'), 2) }),
  };
}

/** The arm with its result turned from [1, C, H, W] to [1, H, W, C]. */
function channelsLast(arm: Backend, channels: number): Backend {
  return {
    ...arm,
    async result() {
      const planes = await arm.result();
      const pixels = planes.length / channels;
      return planes.map((_, i) => planes[(i % channels) * pixels + Math.floor(i / channels)]!);
    },
  };
}
