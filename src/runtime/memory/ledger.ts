/** Ledger of a device's buffers: what they take, which are freed, and whether there is memory for one more. */
import { DeviceError } from '../errors.ts';

export class BufferLedger {
  readonly #sizes = new Map<GPUBuffer, number>();
  readonly #freed = new WeakSet<GPUBuffer>();
  readonly #memoryBytes: number;
  #bytes = 0;
  #peakBytes = 0;

  /** @param memoryBytes of the machine, where buffers are part of it */
  constructor(memoryBytes = Number.POSITIVE_INFINITY) {
    this.#memoryBytes = memoryBytes;
  }

  /** Bytes in buffers that are not freed. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The highest value `bytes` has had. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** @throws DeviceError when `size` bytes more would be more than there is memory for. */
  expectRoom(label: string, size: number): void {
    const total = this.#bytes + size;
    if (total <= this.#memoryBytes) return;
    throw new DeviceError({
      where: label,
      expected: `at most ${megabytes(this.#memoryBytes)} in all buffers (the memory of this machine)`,
      got: megabytes(total),
      hint: 'use a smaller batch or picture size',
    });
  }

  add(buffer: GPUBuffer, size: number): void {
    this.#sizes.set(buffer, size);
    this.#bytes += size;
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytes);
  }

  /** Safe to call twice, and for buffers that were never added. */
  free(buffer: GPUBuffer): void {
    this.#bytes -= this.#sizes.get(buffer) ?? 0;
    this.#sizes.delete(buffer);
    this.#freed.add(buffer);
  }

  isFreed(buffer: GPUBuffer): boolean {
    return this.#freed.has(buffer);
  }
}

export function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
