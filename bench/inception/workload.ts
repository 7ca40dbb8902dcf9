/** The whole network as a workload, from a file in TorchScript's style. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadOnnx } from '../../src/onnx/load.ts';
import type { Gpu } from '../../src/runtime/gpu.ts';
import type { Workload } from '../workload.ts';
import { DEFAULTS, type NetworkOptions } from './architecture.ts';
import { seededParameters } from './calibrate.ts';
import { Parameters } from './parameters.ts';
import { pictures } from './pictures.ts';
import { feed, standardDeviation } from './reference.ts';
import { writeNetwork } from './styles/index.ts';
import type { Style } from './styles/style.ts';
import { TfjsNetwork } from './tfjs.ts';

/** Multiplications and additions of all convolutions at 299 x 299 and full width, and of the classifier. */
const FLOPS = 2 * 13.156e9;
/** Channels of the last features. */
const FEATURES = 1536;

/** A run of `batch` pictures. What it is made of is in `folder`, or is written there. */
export async function inceptionForward(gpu: Gpu, folder: string, batch: number): Promise<Workload> {
  const options: NetworkOptions = DEFAULTS;
  const path = join(folder, 'inception.onnx');
  const { parameters, inputName, logitsName } = await prepare(gpu, path, options);
  const picture = feed(batch, options.size, 'NCHW');
  return {
    name: `Inception-ResNet-v2, ${options.size}x${options.size}, batch ${batch}`,
    flops: batch * FLOPS,
    checkRuns: 1,
    queueable: false,
    tolerance: (expected) => 1e-3 * standardDeviation(expected),
    async ours(device) {
      const model = await loadOnnx(device, path);
      const executable = await model.compile({ [inputName]: picture.shape });
      executable.feed(inputName, picture.data);
      return {
        async run(times) {
          for (let i = 0; i < times; i++) executable.run();
          await device.fence();
        },
        result: () => executable.read(logitsName),
        free: () => model.close(),
      };
    },
    rivals: {
      async tfjs(rival) {
        const { tf, fence } = rival;
        const network = new TfjsNetwork(rival, parameters, options, FEATURES);
        const x = tf.tensor4d(pictures(batch, options.size), [batch, options.size, options.size, 3]);
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
      onnxruntime: (ort) => ort.arm(path, { [inputName]: picture }, logitsName),
    },
    cpu: (ort) => ort.cpu(path, { [inputName]: picture }, logitsName),
  };
}

/** What the network is made of: read from beside the file, or made, and the file with it. */
async function prepare(gpu: Gpu, path: string, options: NetworkOptions) {
  const notes = `${path}.json`;
  if (existsSync(notes)) {
    const { names, parameters } = JSON.parse(await readFile(notes, 'utf8')) as { names: Names; parameters: string };
    return { ...names, parameters: Parameters.decode(parameters) };
  }
  const parameters = await calibrated(gpu, options);
  const style = writeNetwork('torchscript', options, parameters);
  await style.finish().write(path);
  const names: Names = { inputName: style.inputName, logitsName: style.logitsName };
  await writeFile(notes, JSON.stringify({ names, parameters: parameters.encode() }));
  return { ...names, parameters };
}

type Names = Pick<Style, 'inputName' | 'logitsName'>;

/** Calibrated by ONNX Runtime, or by our own arm where that is not installed. */
async function calibrated(gpu: Gpu, options: NetworkOptions): Promise<Parameters> {
  try {
    return await seededParameters(options);
  } catch (cause) {
    if (!/MODULE_NOT_FOUND/.test((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    return seededParameters(options, 1, async (file, x) => {
      const model = await loadOnnx(gpu, file, { name: 'calibration' });
      const results = await model.run({ x });
      model.close();
      return results;
    });
  }
}
