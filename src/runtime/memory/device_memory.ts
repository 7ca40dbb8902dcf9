/** Memory of a device: its buffers, made, written, read and freed. What goes wrong is told to whoever it concerns. */
import { isKind, kindOf } from '../arguments.ts';
import { BufferUsage } from '../device.ts';
import type { DeviceWatch } from '../device_watch.ts';
import { scoped } from '../error_scope.ts';
import { ArgumentError, DeviceError, ShapeError } from '../errors.ts';
import { BufferLedger, megabytes } from './ledger.ts';
import { readBack } from './read_back.ts';

const STORAGE_USAGE = BufferUsage.COPY_SRC | BufferUsage.COPY_DST | BufferUsage.STORAGE;
/** Arrays that hold what kernels read: 32-bit elements, or plain bytes. */
const WRITABLE = ['Float32Array', 'Uint32Array', 'Int32Array', 'Uint8Array', 'Uint8ClampedArray', 'DataView'] as const;

/** What is known of the device whose memory it is. */
export interface MemoryOptions {
  readonly name: string;
  readonly watch: DeviceWatch;
  /** Of the machine, where buffers are part of it. */
  readonly memoryBytes: number | undefined;
  /** Awaits what the device is to finish. */
  readonly wait: <T>(work: Promise<T>) => Promise<T>;
}

export class DeviceMemory {
  readonly ledger: BufferLedger;
  readonly #device: GPUDevice;
  readonly #options: MemoryOptions;
  /** Those that an attempt has made so far; undefined outside. */
  #attempted: GPUBuffer[] | undefined;

  constructor(device: GPUDevice, options: MemoryOptions) {
    this.#device = device;
    this.#options = options;
    this.ledger = new BufferLedger(options.memoryBytes);
  }

  /** As `Gpu.buffer`. */
  make(label: string, bytes: number, usage: GPUBufferUsageFlags = STORAGE_USAGE): GPUBuffer {
    const { watch, name } = this.#options;
    watch.check();
    if (!(Number.isInteger(bytes) && bytes >= 0)) {
      throw new ArgumentError({ where: label, expected: 'a whole number of bytes', got: bytes });
    }
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    const { maxBufferSize, maxStorageBufferBindingSize } = this.#device.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    if (size > limit) {
      throw new DeviceError({
        where: label,
        expected: `at most ${megabytes(limit)} (a limit of ${name})`,
        got: megabytes(size),
        hint: 'use a smaller batch or picture size',
      });
    }
    this.ledger.expectRoom(label, size);
    const what = `'${label}' (${megabytes(size)})`;
    const made = scoped(this.#device, what, () => this.#device.createBuffer({ label, size, usage }));
    watch.note([new Set([made.value])], made.error);
    this.ledger.add(made.value, size);
    this.#attempted?.push(made.value);
    return made.value;
  }

  /** As `Gpu.free`. */
  free(buffer: GPUBuffer): void {
    this.ledger.free(buffer);
    this.#options.watch.errors.forget((each) => this.ledger.isFreed(each));
    buffer.destroy();
  }

  /** As `Gpu.write`. */
  write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>, offset: number): void {
    const { watch } = this.#options;
    watch.check();
    const where = `write to '${buffer.label}'`;
    if (!isKind(data, ...WRITABLE)) {
      throw new ArgumentError({
        where,
        expected: 'a Float32Array, Uint32Array, Int32Array or Uint8Array',
        got: kindOf(data),
        hint: 'convert it, such as with Float32Array.from',
      });
    }
    this.#expectRange(where, buffer, offset, data.byteLength);
    if (data.byteLength % 4 !== 0) {
      throw new ShapeError({
        where,
        expected: 'whole words of 4 bytes',
        got: `${data.byteLength} bytes`,
        hint: 'pad the data',
      });
    }
    const { queue } = this.#device;
    const write = () => queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset, data.byteLength);
    watch.note([new Set([buffer])], scoped(this.#device, `a ${where}`, write).error);
  }

  /** As `Gpu.read`. @param concerned whose errors are told; undefined: all */
  async read(
    buffer: GPUBuffer,
    bytes: number,
    offset: number,
    concerned: readonly GPUBuffer[] | undefined,
  ): Promise<ArrayBuffer> {
    const { watch, wait } = this.#options;
    watch.check();
    this.#expectRange(`read of '${buffer.label}'`, buffer, offset, bytes);
    const { error, bytes: arriving } = readBack(this.#device, buffer, { bytes, offset }, wait);
    const told = watch.errors.watch(concerned);
    const { data, cause } = await arriving.then(
      (data) => ({ data, cause: undefined }),
      (cause: unknown) => ({ data: undefined, cause }),
    );
    watch.check();
    await told();
    if (data) return data;
    const unread = {
      expected: `${bytes} bytes of '${buffer.label}'`,
      got: `'${cause}'`,
      hint: 'open another device',
    };
    throw watch.error((await error) ?? unread, cause);
  }

  /** Runs `calls`, which do not await. Where that, or what comes of it, fails, what they made is freed. */
  async attempt<R>(calls: () => R, outcome: (value: R) => Promise<void>): Promise<R> {
    const made: GPUBuffer[] = [];
    try {
      this.#attempted = made;
      let value: R;
      try {
        value = calls();
      } finally {
        this.#attempted = undefined;
      }
      await outcome(value);
      return value;
    } catch (cause) {
      for (const buffer of made) this.free(buffer);
      throw cause;
    }
  }

  /** @throws DeviceError for a buffer that is freed. */
  expectInUse(where: string, buffer: GPUBuffer): void {
    if (!this.ledger.isFreed(buffer)) return;
    throw new DeviceError({
      where,
      expected: 'a buffer in use',
      got: 'one that is freed',
      hint: 'make another one',
    });
  }

  #expectRange(where: string, buffer: GPUBuffer, offset: number, bytes: number): void {
    this.expectInUse(where, buffer);
    const isWord = Number.isInteger(offset) && offset >= 0 && offset % 4 === 0;
    if (isWord && Number.isInteger(bytes) && bytes >= 0 && offset + bytes <= buffer.size) return;
    throw new ShapeError({
      where,
      expected: `a range within ${buffer.size} bytes that begins at a multiple of 4`,
      got: `${bytes} bytes at ${offset}`,
    });
  }
}
