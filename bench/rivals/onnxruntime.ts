/**
 * A rival: ONNX Runtime, as shipped in npm onnxruntime-node: its WebGPU provider, and for information its CPU provider.
 * The former opens a device of its own, and takes a GPU where there is one.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Node } from '../../src/graph/node.ts';
import { adapterName } from '../../src/runtime/adapter.ts';
import { listNodeAdapters } from '../../src/runtime/node/adapters.ts';
import type { Backend, Feed, Floats, OnnxRuntimeRival } from '../arm.ts';
import { OnnxWriter } from '../inception/onnx_writer.ts';
import { convolutionFile } from './onnx_files.ts';

type Ort = typeof import('onnxruntime-node');

/**
 * Loads it.
 *
 * @returns why not, where it is not installed, or would not run on the adapter called `adapter`
 */
export async function loadOnnxRuntime(adapter: string): Promise<OnnxRuntimeRival | string> {
  let ort: Ort;
  try {
    ort = await import('onnxruntime-node');
  } catch (cause) {
    if (/MODULE_NOT_FOUND/.test((cause as NodeJS.ErrnoException).code ?? '')) return 'not installed';
    throw cause;
  }
  const adapters = await listNodeAdapters();
  const own =
    adapters.find(({ software }) => !software) ?? adapters.find(({ source }) => source !== 'bundled software');
  const name = own ? adapterName(own.adapter.info) : 'none';
  if (name !== adapter) return `its adapter is '${name}'`;
  try {
    return await Runtime.start(ort);
  } catch (cause) {
    return `its WebGPU provider does not start: ${(cause as Error).message}`;
  }
}

class Runtime implements OnnxRuntimeRival {
  readonly #ort: Ort;
  /** Copies between host and device, in either direction. */
  readonly #upload: InferenceSession;
  readonly #download: InferenceSession;

  private constructor(ort: Ort, upload: InferenceSession, download: InferenceSession) {
    this.#ort = ort;
    this.#upload = upload;
    this.#download = download;
  }

  static async start(ort: Ort): Promise<Runtime> {
    const copy = new OnnxWriter({ irVersion: 8, opset: 17, producer: 'bench' });
    copy.input('x', 'FLOAT', ['n']);
    copy.output('y', 'FLOAT', ['n']);
    copy.node('Identity', ['x'], 'copy', {}, ['y']);
    const upload = await create(ort, copy.encode(), ON_DEVICE);
    const runtime = new Runtime(ort, upload, await create(ort, copy.encode(), WEBGPU));
    await runtime.#fence();
    return runtime;
  }

  async arm(model: Uint8Array | string, inputs: Readonly<Record<string, Feed>>, output: string): Promise<Backend> {
    const session = await create(this.#ort, model, ON_DEVICE);
    const feeds: Record<string, Tensor> = {};
    const held: Tensor[] = [];
    for (const [name, { data, shape }] of Object.entries(inputs)) {
      const { y } = await this.#upload.run({ x: new this.#ort.Tensor('float32', data, [data.length]) });
      held.push(y!);
      feeds[name] = this.#seenAs(y!, shape);
    }
    let last: Tensor | undefined;
    return {
      run: async (times) => {
        for (let i = 0; i < times; i++) {
          last?.dispose();
          last = (await session.run(feeds, [output]))[output]!;
        }
        await this.#fence();
      },
      result: async () => {
        const { y } = await this.#download.run({ x: this.#seenAs(last!, [last!.size]) });
        return (y!.data as Float32Array).slice();
      },
      free: () => {
        for (const tensor of [...held, last]) tensor?.dispose();
        void session.release();
      },
    };
  }

  convolution(y: Node, x: Floats, w: Floats): Promise<Backend> {
    return this.arm(convolutionFile(y, w), { x: { data: x, shape: y.inputs[0]!.shape } }, 'y');
  }

  async cpu(model: Uint8Array | string, inputs: Readonly<Record<string, Feed>>, output: string): Promise<Backend> {
    const session = await create(this.#ort, model, CPU);
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { data, shape }]) => [name, new this.#ort.Tensor('float32', data, shape)]),
    );
    let last = new Float32Array();
    return {
      async run(times) {
        for (let i = 0; i < times; i++) last = (await session.run(feeds, [output]))[output]!.data as Floats;
      },
      result: async () => last.slice(),
      free: () => void session.release(),
    };
  }

  /** Waits for all its work: what is copied to the host comes after it. All its sessions have one device. */
  async #fence(): Promise<void> {
    await this.#download.run({ x: new this.#ort.Tensor('float32', new Float32Array(4), [4]) });
  }

  /** The same memory with another shape. */
  #seenAs({ gpuBuffer }: Tensor, dims: readonly number[]): Tensor {
    return this.#ort.Tensor.fromGpuBuffer(gpuBuffer, { dataType: 'float32', dims });
  }
}

// Level 3 leaves out warnings, such as that shapes are computed on the CPU.
const QUIET = { logSeverityLevel: 3 } as const;
const WEBGPU: Options = { ...QUIET, executionProviders: ['webgpu'] };
/** Results stay where they are: in Node, too, though its documentation says nothing of it. */
const ON_DEVICE: Options = { ...WEBGPU, preferredOutputLocation: 'gpu-buffer' };
const CPU: Options = { ...QUIET, executionProviders: ['cpu'] };

type Options = InferenceSession.SessionOptions;

function create({ InferenceSession }: Ort, model: Uint8Array | string, options: Options): Promise<InferenceSession> {
  return typeof model === 'string' ? InferenceSession.create(model, options) : InferenceSession.create(model, options);
}
