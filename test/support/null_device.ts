/**
 * A device that compiles shaders and computes nothing: Dawn's null backend, which has features that no device here has,
 * such as matrix units. That something compiles there is no proof that it runs.
 */
import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);

// Kept for the rest of the process: Dawn crashes when it is collected before the device.
const instance = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);

/** Its adapter. Devices have 512 MiB of memory, and say so when more is asked for. */
export async function nullAdapter(): Promise<GPUAdapter> {
  return (await instance.requestAdapter())!;
}

/** Opens it with these features; all that there are by default. */
export async function openNullDevice(features?: readonly GPUFeatureName[]): Promise<GPUDevice> {
  const adapter = await nullAdapter();
  return adapter.requestDevice({ requiredFeatures: [...(features ?? adapter.features)] as GPUFeatureName[] });
}
