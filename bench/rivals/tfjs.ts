/** A rival: TensorFlow.js with its WebGPU backend, as shipped. Not how its packages are loaded, which Node and browsers do apart. */
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type * as Tfjs from '@tensorflow/tfjs-core';
import { DeviceError } from '../../src/runtime/errors.ts';

export interface TfjsRival {
  readonly tf: typeof Tfjs;
  /** Waits for all its work. @throws DeviceError for an error its device has reported. */
  fence(): Promise<void>;
  /** Bytes of all buffers it holds, those it keeps for reuse included. */
  deviceBytes(): number;
  /** Its device. */
  readonly device: GPUDevice;
}

/** Starts the backend, once the packages are loaded; its work is awaited as ours is, by `wait`. @throws DeviceError when it does not start. */
export async function startTfjs(
  tf: typeof Tfjs,
  wait: <T>(work: Promise<T>) => Promise<T> = (work) => work,
): Promise<TfjsRival> {
  if (!(await tf.setBackend('webgpu'))) throw new DeviceError("tfjs: expected backend 'webgpu', got none");
  const webgpu = tf.backend() as WebGPUBackend;
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
      await wait(webgpu.getBufferData(marker));
      if (error) throw new DeviceError(`tfjs: ${error}`);
    },
    deviceBytes: () => webgpu.memory().numBytesAllocatedInGPU,
    device: webgpu.device,
  };
}
