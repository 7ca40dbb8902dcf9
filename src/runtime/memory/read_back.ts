/** Reading a device's memory: a copy into a buffer that the host may map, and what is in it. */
import { BufferUsage, MAP_MODE_READ } from '../device.ts';
import { scoped } from '../error_scope.ts';
import type { ErrorParts } from '../errors.ts';

/** A read that has begun. */
export interface ReadBack {
  /** What the device did not take; undefined where it took all. Never rejects. */
  readonly error: Promise<ErrorParts | undefined>;
  /** The bytes, once all work before is done. */
  readonly bytes: Promise<ArrayBuffer>;
}

/** Begins to read `bytes` of a buffer at `offset`. `wait` awaits what the device is to finish. */
export function readBack(
  device: GPUDevice,
  buffer: GPUBuffer,
  { bytes, offset }: { readonly bytes: number; readonly offset: number },
  wait: <T>(work: Promise<T>) => Promise<T>,
): ReadBack {
  const size = Math.ceil(bytes / 4) * 4;
  const { value, error } = scoped(device, `a read of ${bytes} bytes`, () => {
    const staging = device.createBuffer({ label: 'read', size, usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    return { staging, mapped: staging.mapAsync(MAP_MODE_READ) };
  });
  const { staging, mapped } = value;
  const copied = wait(mapped).then(() => staging.getMappedRange().slice(0, bytes));
  return { error, bytes: copied.finally(() => staging.destroy()) };
}
