/** The whole network as a workload: one picture, from a file in TorchScript's style. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadOnnx } from '../../src/onnx/load.ts';
import type { Workload } from '../workload.ts';
import { DEFAULTS, type NetworkOptions } from './architecture.ts';
import { seededParameters } from './calibrate.ts';
import type { Parameters } from './parameters.ts';
import { pictures } from './pictures.ts';
import { feed, standardDeviation } from './reference.ts';
import { writeNetwork } from './styles/index.ts';
import { TfjsNetwork } from './tfjs.ts';

/** Multiplications and additions of all convolutions at 299 x 299 and full width, and of the classifier. */
const FLOPS = 2 * 13.156e9;
/** Channels of the last features. */
const FEATURES = 1536;

/** Writes the file into the system's temporary folder, where it stays until the process ends. */
export async function inceptionForward(): Promise<Workload> {
  const options: NetworkOptions = DEFAULTS;
  const parameters = await seededParameters(options);
  const folder = await mkdtemp(join(tmpdir(), 'koalarize-'));
  const path = join(folder, 'inception.onnx');
  const { inputName, logitsName } = await write(path, options, parameters);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const picture = feed(1, options.size, 'NCHW');
  return {
    name: `Inception-ResNet-v2, ${options.size}x${options.size}, batch 1`,
    flops: FLOPS,
    checkRuns: 1,
    queueable: false,
    tolerance: (expected) => 1e-3 * standardDeviation(expected),
    async ours(gpu) {
      const model = await loadOnnx(gpu, path);
      const executable = await model.compile({ [inputName]: picture.shape });
      executable.feed(inputName, picture.data);
      return {
        async run(times) {
          for (let i = 0; i < times; i++) executable.run();
          await gpu.fence();
        },
        result: () => executable.read(logitsName),
        free: () => model.destroy(),
      };
    },
    rivals: {
      async tfjs(rival) {
        const { tf, fence } = rival;
        const network = new TfjsNetwork(rival, parameters, options, FEATURES);
        const x = tf.tensor4d(pictures(1, options.size), [1, options.size, options.size, 3]);
        const once = () => tf.tidy(() => network.run(x));
        return {
          async run(times) {
            for (let i = 0; i < times; i++) tf.dispose(once());
            await fence();
          },
          async result() {
            const logits = once();
            const values = (await logits.data()) as Float32Array;
            logits.dispose();
            return values;
          },
          free() {
            x.dispose();
            network.free();
          },
        };
      },
      onnxruntime: (ort) => ort.arm(path, { name: inputName, ...picture }, logitsName),
    },
  };
}

/** Writes the file, and lets go of everything but the names in it. */
async function write(path: string, options: NetworkOptions, parameters: Parameters) {
  const style = writeNetwork('torchscript', options, parameters);
  await style.finish().write(path);
  return { inputName: style.inputName, logitsName: style.logitsName };
}
