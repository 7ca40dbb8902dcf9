/**
 * One step of training as a workload: a batch from the host, all gradients, Adam, the loss back on the host.
 * Our arm takes RGBA bytes and converts them to Lab on the device; the rival is given what it needs ready-made.
 */
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { compile } from '../src/graph/compile.ts';
import { gradients } from '../src/graph/gradient.ts';
import { reachable } from '../src/graph/node.ts';
import { chroma, lightness } from '../src/graph/ops/color/image.ts';
import { input, parameterOp } from '../src/graph/ops/core/input.ts';
import type { Gpu } from '../src/runtime/gpu.ts';
import { type Batch, sourceSize } from '../src/train/data/batch.ts';
import { lossGraph } from '../src/train/loss.ts';
import { Trainer, type TrainerConfig } from '../src/train/trainer.ts';
import { Random } from '../src/util/random.ts';
import type { Backend, Floats } from './arm.ts';
import { EMBEDDING_WIDTH, network, randomWeights, rivalNetwork } from './colorizer.ts';
import type { TfjsRival } from './rivals/tfjs.ts';
import { convolutionFlops, uniform, type Workload } from './workload.ts';

/** How many pictures, and how many pixels a side they have. */
export interface StepSize {
  readonly batch: number;
  readonly size: number;
}

const LEARNING_RATE = 1e-3;
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

const LOOKS = { lightness: 'luma', chromaScale: 1 } as const;

const configOf = ({ batch, size }: StepSize): TrainerConfig => ({
  batch,
  microBatch: batch,
  size,
  ...LOOKS,
  masked: false,
  features: [[1, 1, EMBEDDING_WIDTH]],
  adam: ADAM,
});

/**
 * A step at full width. Compared are the losses of the first `checkRuns` steps (2 or more), and the size
 * of each parameter's first gradient: Adam makes losses blind to a gradient that is wrong by a factor.
 */
export async function trainingStep(gpu: Gpu, extent: StepSize, checkRuns: number): Promise<Workload> {
  const config = configOf(extent);
  const { loss } = lossGraph(config, network);
  const parameters = reachable([loss]).filter((node) => node.op === parameterOp);
  const weights = randomWeights(loss);
  const batch = randomBatch(extent);
  const data = { ...extent, ...(await convert(gpu, batch, extent)), embeddings: batch.features[0]! };
  return {
    name: `training step, ${extent.size}x${extent.size}, batch ${extent.batch}`,
    flops: convolutionFlops(reachable(gradients(loss, parameters))),
    checkRuns,
    queueable: false,
    // Of logarithms: a share of each. Adam makes steps of one size from gradients that are little but rounding.
    tolerance: () => 2e-4,
    async ours(device) {
      const trainer = await Trainer.create(device, config, network);
      trainer.load(weights);
      const step = (at: number) => trainer.step(batch, at, LEARNING_RATE);
      const means = async () => [...(await trainer.adam.moments.m.read())].map(([name, { data }]) => ({ name, data }));
      return stepping(step, means, () => trainer.close());
    },
    rivals: {
      async tfjs(rival) {
        const { tf } = rival;
        const { beta1, beta2, epsilon } = ADAM;
        const optimizer = tf.train.adam(LEARNING_RATE, beta1, beta2, epsilon);
        const variables = new Map<string, Tensor>(
          [...weights].map(([name, { shape, data: values }]) => {
            return [name, tf.tidy(() => tf.variable(tf.tensor(values, [...shape]), true, name))];
          }),
        );
        const step = async () => {
          const value = tf.tidy(() => optimizer.minimize(() => rivalLoss(rival, variables, data), true)!);
          const [result] = await value.data();
          value.dispose();
          return result!;
        };
        const means = async () => {
          const moments = (await optimizer.getWeights()).filter(({ name }) => name.endsWith('/m'));
          return Promise.all(
            moments.map(async ({ name, tensor }) => ({
              name: name.slice(0, -'/m'.length),
              data: (await tensor.data()) as Float32Array,
            })),
          );
        };
        return stepping(step, means, () => {
          optimizer.dispose();
          tf.dispose([...variables.values()]);
        });
      },
    },
  };
}

interface Named {
  readonly name: string;
  readonly data: Float32Array;
}

/** An arm whose result is the logarithms of all losses so far, then those of the norms of `means` after one step. */
function stepping(step: (at: number) => Promise<number>, means: () => Promise<Named[]>, free: () => void): Backend {
  const losses: number[] = [];
  let norms: number[] = [];
  return {
    async run(times) {
      // Not at the end of the first run: that one is timed.
      if (losses.length === 1) norms = normsByName(await means());
      for (let i = 0; i < times; i++) losses.push(await step(losses.length + 1));
    },
    result: async () => Float32Array.from([...losses, ...norms], Math.log),
    free,
  };
}

function normsByName(arrays: readonly Named[]): number[] {
  const sorted = [...arrays].sort((a, b) => (a.name < b.name ? -1 : 1));
  return sorted.map(({ data }) => Math.sqrt(data.reduce((sum, value) => sum + value * value, 0)));
}

interface StepData extends StepSize {
  readonly lightness: Floats;
  readonly chroma: Floats;
  readonly embeddings: Floats;
}

function rivalLoss(rival: TfjsRival, variables: ReadonlyMap<string, Tensor>, data: StepData): Scalar {
  const { tf } = rival;
  const { batch, size } = data;
  const x = tf.tensor4d(data.lightness, [batch, size, size, 1]);
  const e = tf.tensor2d(data.embeddings, [batch, EMBEDDING_WIDTH]);
  const truth = tf.tensor4d(data.chroma, [batch, size, size, 2]);
  return tf.mean(tf.squaredDifference(rivalNetwork(rival, variables, x, e), truth));
}

/** Noise, with crops at different places and every other one mirrored. */
function randomBatch({ batch, size }: StepSize): Batch {
  const random = new Random(202);
  const source = sourceSize(size);
  const pixels = Uint32Array.from({ length: batch * source * source }, () => (random.next() | 0xff000000) >>> 0);
  const crops = Uint32Array.from({ length: batch * 4 }, (_, i) => [i % 8, i % 6, (i >> 2) % 2, 0][i % 4]!);
  return { pixels, crops, features: [uniform(batch * EMBEDDING_WIDTH, 201)] };
}

/** What the network is given and what it should answer, as our kernels make it from the batch's bytes. */
async function convert(gpu: Gpu, data: Batch, { batch, size }: StepSize) {
  const source = sourceSize(size);
  const pixels = input('pixels', [batch, source, source]);
  const crops = input('crops', [batch, 4]);
  const crop = { height: size, width: size };
  const outputs = {
    lightness: lightness(pixels, crops, { ...crop, source: LOOKS.lightness }),
    chroma: chroma(pixels, crops, { ...crop, gain: LOOKS.chromaScale }),
  };
  const executable = await compile(gpu, { label: 'convert', outputs });
  executable.feed('pixels', data.pixels);
  executable.feed('crops', data.crops);
  executable.run();
  const converted = { lightness: await executable.read('lightness'), chroma: await executable.read('chroma') };
  executable.close();
  return converted;
}
