/**
 * A rival: ONNX Runtime with its WebGPU provider, as shipped in npm onnxruntime-node. It opens a device of its own, on
 * the adapter that the Vulkan loader lists first.
 */
import type { Arm, Floats } from '../workload.ts';

type Ort = typeof import('onnxruntime-node');

export interface OnnxRuntimeRival {
  /**
   * An arm that runs a file on one input, from host to host.
   *
   * @throws Error for a file that it cannot load.
   */
  arm(path: string, input: { name: string; data: Floats; shape: readonly number[] }, output: string): Promise<Arm>;
}

/** Loads it. Undefined: it is not installed. */
export async function loadOnnxRuntime(): Promise<OnnxRuntimeRival | undefined> {
  let ort: Ort;
  try {
    ort = await import('onnxruntime-node');
  } catch (cause) {
    if (/MODULE_NOT_FOUND/.test((cause as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw cause;
  }
  return {
    async arm(path, { name, data, shape }, output) {
      // Level 3 leaves out warnings, such as that shapes are computed on the CPU.
      const session = await ort.InferenceSession.create(path, { executionProviders: ['webgpu'], logSeverityLevel: 3 });
      const feeds = { [name]: new ort.Tensor('float32', data, shape) };
      let last = new Float32Array();
      return {
        async run(times) {
          for (let i = 0; i < times; i++) {
            const results = await session.run(feeds, [output]);
            last = results[output]!.data as Float32Array<ArrayBuffer>;
          }
        },
        result: async () => last.slice(),
        free: () => void session.release(),
      };
    },
  };
}
