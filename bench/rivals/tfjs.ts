/**
 * A rival: TensorFlow.js with its WebGPU backend, as shipped, on the adapter that our arm has.
 * Its packages are for development only, so they are loaded when it is asked for.
 */
import { createRequire } from 'node:module';
import type * as Tfjs from '@tensorflow/tfjs-core';
import { adapterName } from '../../src/runtime/adapter.ts';
import { DeviceError } from '../../src/runtime/errors.ts';
import { requestNodeAdapter } from '../../src/runtime/node.ts';

export interface TfjsRival {
  readonly tf: typeof Tfjs;
  /** Waits for all its work. @throws DeviceError for an error its device has reported. */
  fence(): Promise<void>;
  /** Bytes of all buffers it holds, those it keeps for reuse included. */
  deviceBytes(): number;
}

/**
 * Loads it on the adapter of `choice`, with the flags for Dawn that our own arm has.
 *
 * @returns why not, where it is not installed, or would not run on the adapter called `wanted`
 */
export async function loadTfjs(choice: string, wanted: string): Promise<TfjsRival | string> {
  const { adapter } = await requestNodeAdapter(choice);
  if (adapterName(adapter.info) !== wanted) return `its adapter is '${adapterName(adapter.info)}'`;
  const gpu = { requestAdapter: () => Promise.resolve(adapter) };
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'node' }, configurable: true });
  let tf: typeof Tfjs;
  let backend: typeof import('@tensorflow/tfjs-backend-webgpu');
  try {
    tf = await import('@tensorflow/tfjs-core');
    backend = await import('@tensorflow/tfjs-backend-webgpu');
    await registerGradients();
  } catch (cause) {
    if (/MODULE_NOT_FOUND/.test((cause as NodeJS.ErrnoException).code ?? '')) return 'not installed';
    throw cause;
  }
  if (!(await tf.setBackend('webgpu'))) throw new DeviceError("tfjs: expected backend 'webgpu', got none");
  const webgpu = tf.backend() as InstanceType<typeof backend.WebGPUBackend>;
  let error: string | undefined;
  webgpu.device.addEventListener('uncapturederror', (event) => {
    event.preventDefault();
    error ??= event.error.message;
  });
  const marker = webgpu.device.createBuffer({ size: 16, usage: 0x0004 | 0x0008 }); // COPY_SRC | COPY_DST
  return {
    tf,
    async fence() {
      // Submits what is pending, copies 16 bytes and maps them: what our own fence does, and no more.
      await webgpu.getBufferData(marker);
      if (error) throw new DeviceError(`tfjs: ${error}`);
    },
    deviceBytes: () => webgpu.memory().numBytesAllocatedInGPU,
  };
}

/**
 * The package has all gradients in one file that Node cannot load (ES modules without file endings), so it is bundled.
 * The registry of gradients is a global one, shared with the copy of tfjs-core that is loaded already.
 */
async function registerGradients(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-core/dist/register_all_gradients.js');
  const { build } = await import('esbuild');
  const options = { bundle: true, write: false, format: 'esm', platform: 'node' } as const;
  const { outputFiles } = await build({ ...options, entryPoints: [entry] });
  await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`);
}
