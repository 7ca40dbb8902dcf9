/** Dawn in Node. */
import { create, globals } from 'webgpu';
import { isSoftware, type PlatformAdapter } from './adapter.ts';
import { DeviceError } from './errors.ts';

export async function requestNodeAdapter(_choice: string): Promise<PlatformAdapter> {
  Object.assign(globalThis, globals);
  const instance = create(['backend=vulkan']);
  const adapter = await instance.requestAdapter();
  if (!adapter) throw new DeviceError('no device');
  return { adapter, software: isSoftware(adapter.info), owner: instance };
}
