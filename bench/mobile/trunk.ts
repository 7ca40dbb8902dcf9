/** The whole of EfficientNet-Lite0 up to its features, with seeded weights: an ONNX file, and the same by hand for tfjs. */
import { loadOnnx } from '../../src/onnx/load.ts';
import { OnnxWriter } from '../inception/onnx_writer.ts';
import { standardDeviation } from '../inception/reference.ts';
import { uniform, type Workload } from '../workload.ts';
import { type MobileLayer, mobileLayers } from './architecture.ts';
import { writeLayer } from './onnx.ts';
import { tfjsLayer } from './tfjs.ts';
import { type LayerWeights, productsOf, randomLayer } from './weights.ts';

const NETWORK = 'EfficientNet-Lite0';

/** One picture of `size` x `size` pixels through the trunk. */
export function trunkForward(size: number): Workload {
  const layers = mobileLayers(NETWORK, size);
  const weights = layers.map((layer, i) => randomLayer(layer, i + 1, gainOf(layers[i - 1])));
  const file = trunkFile(layers, weights);
  const shape = [1, size, size, 3] as const;
  const picture = uniform(size * size * 3, 1);
  const feeds = { x: { data: picture, shape } };
  return {
    name: `${NETWORK}, ${size}x${size}, batch 1`,
    flops: layers.reduce((sum, layer) => sum + flopsOf(layer), 0),
    checkRuns: 1,
    queueable: false,
    tolerance: (expected) => 1e-3 * standardDeviation(expected),
    async ours(gpu) {
      const model = await loadOnnx(gpu, file);
      const executable = await model.compile({ x: shape });
      executable.feed('x', picture);
      return {
        async run(times) {
          for (let i = 0; i < times; i++) executable.run();
          await gpu.fence();
        },
        result: () => executable.read('y'),
        free: () => model.close(),
      };
    },
    rivals: {
      async tfjs(rival) {
        const { tf, fence } = rival;
        const steps = layers.map((layer, i) => tfjsLayer(rival, layer, weights[i]!));
        const x = tf.tensor4d(picture, [...shape]);
        const once = () =>
          tf.tidy(() => {
            // What each layer reads, and at the end the features.
            const values = [x];
            layers.forEach(({ residual }, i) => {
              values.push(steps[i]!.run(values[i]!, residual === undefined ? undefined : values[i - residual]!));
            });
            return values.at(-1)!;
          });
        return {
          async run(times) {
            for (let i = 0; i < times; i++) tf.dispose(once());
            await fence();
          },
          async result() {
            const features = once();
            const values = (await features.data()) as Float32Array;
            features.dispose();
            return values;
          },
          free() {
            x.dispose();
            for (const step of steps) step.free();
          },
        };
      },
      onnxruntime: (ort) => ort.arm(file, feeds, 'y'),
    },
    cpu: (ort) => ort.cpu(file, feeds, 'y'),
  };
}

/** Half of a ReLU's input is lost; so activations stay of order one from layer to layer. */
const gainOf = (before: MobileLayer | undefined) => (before && before.activation !== 'none' ? 2 : 1);

function flopsOf(layer: MobileLayer): number {
  return 2 * Math.ceil(layer.size / layer.stride) ** 2 * layer.outputs * productsOf(layer);
}

/** Pictures and features with channels last, as in files that were converted from TensorFlow. */
function trunkFile(layers: readonly MobileLayer[], weights: readonly LayerWeights[]): Uint8Array {
  const file = new OnnxWriter({ irVersion: 8, opset: 17, producer: 'bench' });
  const [first, last] = [layers[0]!, layers.at(-1)!];
  const x = file.input('x', 'FLOAT', [1, first.size, first.size, first.inputs]);
  const values = [file.node('Transpose', [x], 'to_nchw', { perm: [0, 3, 1, 2] })];
  layers.forEach((layer, i) => {
    const other = layer.residual === undefined ? undefined : values[i - layer.residual]!;
    values.push(writeLayer(file, layer, weights[i]!, `layer${i}`, values[i]!, other));
  });
  file.output('y', 'FLOAT', [1, last.size, last.size, last.outputs]);
  file.node('Transpose', [values.at(-1)!], 'to_nhwc', { perm: [0, 2, 3, 1] }, ['y']);
  return file.encode();
}
