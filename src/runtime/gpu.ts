/**
 * A device, opened and watched: buffers, submits, and errors turned into exceptions of the call that they concern.
 * It knows nothing of kernels or graphs.
 */
import {
  type AdapterSource,
  adapterName,
  MATRIX_FEATURE,
  matrixUnitsOf,
  type PlatformAdapter,
  type Precision,
} from './adapter.ts';
import { expectOptions, isKind, kindOf } from './arguments.ts';
import { BufferLedger, megabytes } from './buffer_ledger.ts';
import { BufferUsage, requestDevice, subgroupSize, subgroupSizes } from './device.ts';
import { asyncDispose, type Closable } from './dispose.ts';
import { describeError, scoped } from './error_scope.ts';
import { ArgumentError, closedError, DeviceError, type ErrorParts, ShapeError } from './errors.ts';
import { PendingErrors } from './pending_errors.ts';
import type { Program } from './program.ts';
import { readBack } from './read_back.ts';
import { durations, MOST_TIMED, submitTimed } from './timestamps.ts';
import type { TuneOptions } from './tuning_store/index.ts';

/** Which device is opened, and how it computes. */
export interface GpuOptions {
  /** `auto` (default), `hardware`, `software`, `bundled`, or part of an adapter's name. A browser takes the first three. */
  readonly adapter?: 'auto' | 'hardware' | 'software' | 'bundled' | (string & {});
  /**
   * Measures the algorithms for each convolution before it is compiled, and remembers the fastest for this device and
   * driver. Off by default, and then what was remembered is not used either: what is computed, to the bit, depends on
   * nothing but the device. With it, results are bit-identical as long as the winners are, and those only change when
   * they are forgotten; within a process, never.
   */
  readonly tune?: boolean | TuneOptions;
  /** Is told of everything that is compiled: its dispatches, its memory plan, what the tuner chose. */
  readonly verbose?: (line: string) => void;
  /**
   * `f32` (default), or `f16`: the operands of convolutions and matrix products are rounded to float16 where that is
   * faster, on matrix units where there are any; sums and everything in memory stay float32. Before it is used, the device
   * has to compute a known answer.
   */
  readonly precision?: Precision;
  /** Told when something that was asked for is left out, such as float16 on a device that computes it wrongly; default `console.warn`. */
  readonly onWarning?: (message: string) => void;
  /** @deprecated the former name of `onWarning`, taken until version 0.2 */
  readonly notice?: (message: string) => void;
}

export const GPU_OPTIONS = [
  'adapter',
  'tune',
  'verbose',
  'precision',
  'onWarning',
  'notice',
] as const satisfies (keyof GpuOptions)[];

const STORAGE_USAGE = BufferUsage.COPY_SRC | BufferUsage.COPY_DST | BufferUsage.STORAGE;
/** Arrays that hold what kernels read: 32-bit elements, or plain bytes. */
const WRITABLE = ['Float32Array', 'Uint32Array', 'Int32Array', 'Uint8Array', 'Uint8ClampedArray', 'DataView'] as const;

/**
 * An open WebGPU device.
 *
 * What goes wrong on it is an error of the call it concerns, once; then it is as good as before. Only a lost device stays
 * lost, and a closed one closed.
 */
export class Gpu implements Closable {
  /** The WebGPU device itself. */
  readonly device: GPUDevice;
  /** True for a driver that runs on the CPU (lavapipe, SwiftShader). */
  readonly software: boolean;
  /** Where the adapter comes from, as printed behind its name. */
  readonly source: AdapterSource;
  /** Vendor, architecture and description in one line, as printed beside every figure. */
  readonly name: string;
  /** The size of subgroups where it never varies, else 0. */
  readonly subgroupSize: number;
  /** The least and the most lanes of subgroups, where kernels may choose; else undefined. */
  readonly subgroupSizes: readonly [least: number, most: number] | undefined;
  /** Who made the device, and of which generation it is, as WebGPU tells; perhaps empty. */
  readonly vendor: string;
  readonly architecture: string;
  /** Pipelines by kernel and variant; filled by `record`. @internal */
  readonly pipelines = new Map<string, Promise<GPUComputePipeline>>();
  /** How to tune; undefined where that is off. */
  readonly tune: TuneOptions | undefined;
  readonly log: ((line: string) => void) | undefined;
  /** What was asked for. */
  readonly precision: Precision;
  /** Shapes `MxNxK` of matrix units for float16 with float32 sums; none unless float16 was asked for. */
  readonly matrixUnits: readonly string[];
  /** What a self-test has found right on this device; until then, and where it found nothing, float32. @internal */
  validated: { readonly precision: Precision; readonly matrixUnit?: string } = { precision: 'f32' };
  readonly onWarning: (message: string) => void;
  /** The implementation of WebGPU with its version, as far as it is known. */
  readonly implementation: string;
  /** Awaits what the device is to finish. */
  readonly wait: <T>(work: Promise<T>) => Promise<T>;
  #lost: ErrorParts | undefined;
  #closed = false;
  readonly #buffers: BufferLedger;
  readonly #errors = new PendingErrors();
  /** Those that an attempt has made so far; undefined outside. */
  #attempted: GPUBuffer[] | undefined;

  private constructor(device: GPUDevice, platform: PlatformAdapter, options: GpuOptions) {
    this.device = device;
    this.software = platform.software;
    this.source = platform.source;
    this.precision = options.precision ?? 'f32';
    // What is fastest with one precision may not be there with the other.
    this.implementation = [platform.implementation ?? '', ...(this.precision === 'f16' ? ['f16'] : [])].join(' ');
    this.wait = platform.wait ?? ((work) => work);
    this.matrixUnits = device.features.has(MATRIX_FEATURE) ? matrixUnitsOf(platform.adapter) : [];
    this.onWarning = options.onWarning ?? options.notice ?? console.warn;
    this.log = options.verbose;
    this.tune = options.tune === true ? {} : options.tune || undefined;
    this.#buffers = new BufferLedger(platform.memoryBytes);
    this.name = adapterName(platform.adapter.info);
    this.subgroupSize = subgroupSize(platform.adapter);
    this.subgroupSizes = subgroupSizes(device, platform.adapter);
    this.vendor = platform.adapter.info.vendor;
    this.architecture = platform.adapter.info.architecture;
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault(); // Dawn prints it on stdout otherwise.
      this.#errors.add(undefined, Promise.resolve({ where: this.name, ...describeError(event.error) }));
    });
    device.lost.then(
      ({ reason, message }) => {
        if (!this.#closed)
          this.#lost = {
            where: this.name,
            expected: 'a working device',
            got: `'lost (${reason}): ${message}'`,
            hint: 'open another one',
          };
      },
      () => undefined,
    );
  }

  /**
   * Opens a device with every limit the adapter has.
   *
   * @throws DeviceError when there is none; the message names the command that installs one. Or when float16 is asked for
   *   and the adapter has none.
   */
  static async open(options: GpuOptions = {}): Promise<Gpu> {
    expectOptions('Gpu.open', options, GPU_OPTIONS);
    const { adapter = 'auto', precision = 'f32' } = options;
    if (typeof adapter !== 'string') {
      throw new ArgumentError({
        where: 'Gpu.open',
        expected: 'adapter as a text',
        got: kindOf(adapter),
        hint: "'auto' takes the best",
      });
    }
    if (precision !== 'f32' && precision !== 'f16') {
      throw new ArgumentError({ where: 'Gpu.open', expected: 'precision f32 or f16', got: `'${precision}'` });
    }
    const { device, platform } = await requestDevice(adapter, precision);
    return new Gpu(device, platform, options);
  }

  /** True where `timestamp-query` is available. */
  get hasTimestamps(): boolean {
    return this.device.features.has('timestamp-query');
  }

  /** Bytes in buffers made by `buffer` and not freed. */
  get allocatedBytes(): number {
    return this.#buffers.bytes;
  }

  /** The highest value `allocatedBytes` has had. */
  get peakBytes(): number {
    return this.#buffers.peakBytes;
  }

  /**
   * Makes a zeroed buffer of `bytes` (rounded up to 16: whole vec4s).
   *
   * That the driver has no memory left is known later: await `confirm`, or make it in an `attempt`, to be told at once.
   *
   * @param usage WebGPU's flags; default a storage buffer
   * @throws DeviceError when it is larger than the device can bind, or more than there is memory for.
   */
  buffer(label: string, bytes: number, usage: GPUBufferUsageFlags = STORAGE_USAGE): GPUBuffer {
    this.check();
    if (!(Number.isInteger(bytes) && bytes >= 0)) {
      throw new ArgumentError({ where: label, expected: 'a whole number of bytes', got: bytes });
    }
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    const limit = Math.min(this.device.limits.maxBufferSize, this.device.limits.maxStorageBufferBindingSize);
    if (size > limit) {
      throw new DeviceError({
        where: label,
        expected: `at most ${megabytes(limit)} (a limit of ${this.name})`,
        got: megabytes(size),
        hint: 'use a smaller batch or picture size',
      });
    }
    this.#buffers.expectRoom(label, size);
    const what = `'${label}' (${megabytes(size)})`;
    const { value: buffer, error } = scoped(this.device, what, () => this.device.createBuffer({ label, size, usage }));
    this.#note([new Set([buffer])], error);
    this.#buffers.add(buffer, size);
    this.#attempted?.push(buffer);
    return buffer;
  }

  /** Frees a buffer made by `buffer`. Safe to call twice. */
  free(buffer: GPUBuffer): void {
    this.#buffers.free(buffer);
    this.#errors.forget((each) => this.#buffers.isFreed(each));
    buffer.destroy();
  }

  /**
   * Writes `data` at `offset` bytes. The data is copied before this returns.
   *
   * @param data 32-bit elements, or bytes
   * @throws ArgumentError for an array of other elements, ShapeError for what is no whole number of 32-bit words or does not
   *   fit, DeviceError for a buffer that is freed.
   */
  write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>, offset = 0): void {
    this.check();
    if (!isKind(data, ...WRITABLE)) {
      throw new ArgumentError({
        where: `write to '${buffer.label}'`,
        expected: 'a Float32Array, Uint32Array, Int32Array or Uint8Array',
        got: kindOf(data),
        hint: 'convert it, such as with Float32Array.from',
      });
    }
    this.#expectRange('write to', buffer, offset, data.byteLength);
    if (data.byteLength % 4 !== 0) {
      throw new ShapeError({
        where: `write to '${buffer.label}'`,
        expected: 'whole words of 4 bytes',
        got: `${data.byteLength} bytes`,
        hint: 'pad the data',
      });
    }
    const write = () => this.device.queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset, data.byteLength);
    this.#note([new Set([buffer])], scoped(this.device, `a write to '${buffer.label}'`, write).error);
  }

  /** Runs programs in order, in one submit. @throws DeviceError for one that is closed, or whose buffers are freed. */
  submit(...programs: Program[]): void {
    this.check();
    const { error } = scoped(this.device, 'a submit', () => {
      const encoder = this.device.createCommandEncoder();
      for (const program of programs) program.encode(encoder);
      this.device.queue.submit([encoder.finish()]);
    });
    this.#note(this.#boundBy(programs), error);
  }

  /**
   * Reads `bytes` of a buffer back, after all submitted work.
   *
   * @throws DeviceError for what went wrong with this buffer, or with any that was in a submit with it: memory that ran out,
   *   work that is not valid. And for a lost device.
   */
  async read(buffer: GPUBuffer, bytes: number = buffer.size, offset = 0): Promise<ArrayBuffer> {
    return this.#read(buffer, bytes, offset, [buffer]);
  }

  /** @param concerned whose errors are told; undefined: all */
  async #read(
    buffer: GPUBuffer,
    bytes: number,
    offset: number,
    concerned: readonly GPUBuffer[] | undefined,
  ): Promise<ArrayBuffer> {
    this.check();
    this.#expectRange('read of', buffer, offset, bytes);
    const { error, bytes: arriving } = readBack(this.device, buffer, { bytes, offset }, this.wait);
    const told = this.#errors.watch(concerned);
    const { data, cause } = await arriving.then(
      (data) => ({ data, cause: undefined }),
      (cause: unknown) => ({ data: undefined, cause }),
    );
    this.check();
    await told();
    if (data) return data;
    const problem = await error;
    if (problem) throw new DeviceError({ where: this.name, ...problem }, { cause });
    throw new DeviceError(
      {
        where: this.name,
        expected: `${bytes} bytes of '${buffer.label}'`,
        got: `'${cause}'`,
        hint: 'open another device',
      },
      { cause },
    );
  }

  /** Reads `elements` float32 values back; all of them by default. */
  async readFloats(buffer: GPUBuffer, elements: number = buffer.size / 4): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await this.read(buffer, elements * 4));
  }

  /**
   * Waits for all submitted work.
   *
   * @param buffers as `read` does, what is thrown concerns these; default anything that nobody was told of
   * @throws DeviceError
   */
  async fence(buffers?: Iterable<GPUBuffer>): Promise<void> {
    // A copy and a map: onSubmittedWorkDone has deadlocked together with timestamp queries in Dawn.
    this.#fenceSource ??= this.device.createBuffer({ label: 'fence', size: 16, usage: STORAGE_USAGE });
    try {
      await this.#read(this.#fenceSource, 4, 0, buffers && [...buffers]);
    } catch (cause) {
      // It may be the one there was no memory for.
      this.#fenceSource?.destroy();
      this.#fenceSource = undefined;
      throw cause;
    }
  }
  #fenceSource: GPUBuffer | undefined;

  /**
   * Waits until the device has taken what was done with `buffers`, which is long before it has done it.
   *
   * @throws DeviceError for what it has not taken: memory that ran out, work that is not valid.
   */
  async confirm(...buffers: readonly GPUBuffer[]): Promise<void> {
    const told = this.#errors.watch(buffers);
    this.check();
    await told();
    this.check();
  }

  /**
   * Runs `calls`, which may make, write and submit but not await, and waits until the device has taken them.
   *
   * @throws DeviceError for what it has not taken. Nobody else is told of that, and what `buffer` made is freed.
   */
  async attempt<R>(calls: () => R): Promise<R> {
    this.check();
    const told = this.#errors.watchNew();
    const made: GPUBuffer[] = [];
    this.#attempted = made;
    try {
      const { value, error } = scoped(this.device, 'this', calls);
      this.#attempted = undefined;
      await told();
      const problem = await error;
      if (problem) throw new DeviceError({ where: this.name, ...problem });
      this.check();
      return value;
    } catch (cause) {
      if (this.#attempted === made) this.#attempted = undefined;
      for (const buffer of made) this.free(buffer);
      throw cause;
    }
  }

  /** Runs a program with a timestamp around each dispatch; milliseconds in the program's order. */
  async time(program: Program): Promise<number[]> {
    this.check();
    if (!this.hasTimestamps) {
      throw new DeviceError({
        where: this.name,
        expected: 'timestamp-query',
        got: 'a device without it',
        hint: 'measure wall time instead',
      });
    }
    const bound = this.#boundBy([program]);
    const times: number[] = [];
    for (let first = 0; first < program.dispatches.length; first += MOST_TIMED) {
      const end = Math.min(first + MOST_TIMED, program.dispatches.length);
      const { value, error } = submitTimed(this.device, program, first, end);
      this.#note(bound && [...bound, new Set([value.stamps])], error);
      try {
        times.push(...durations(await this.read(value.stamps)));
      } finally {
        value.destroy();
      }
    }
    return times;
  }

  /** @throws DeviceError if the device is lost or closed. */
  check(): void {
    if (this.#closed) throw closedError(this.name, 'open another one');
    // A new object each time: its stack shows the call that noticed.
    if (this.#lost) throw new DeviceError(this.#lost);
  }

  /** Waits for the device and frees it, with all its buffers. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (!this.#lost) await this.fence().catch(() => undefined);
    this.#closed = true;
    this.device.destroy();
    await this.device.lost;
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  #note(buffers: readonly ReadonlySet<GPUBuffer>[] | undefined, error: Promise<ErrorParts | undefined>): void {
    const told = error.then((problem) => problem && { where: this.name, ...problem });
    this.#errors.add(buffers, told);
  }

  /** What programs use; undefined where that is not known. @throws DeviceError for buffers that are freed. */
  #boundBy(programs: readonly Program[]): ReadonlySet<GPUBuffer>[] | undefined {
    const groups = [...new Set(programs)].map(({ bound }) => bound);
    for (const group of groups) for (const buffer of group ?? []) this.#expectInUse('program on', buffer);
    return groups.every((group) => group !== undefined) ? groups : undefined;
  }

  #expectInUse(what: string, buffer: GPUBuffer): void {
    if (!this.#buffers.isFreed(buffer)) return;
    throw new DeviceError({
      where: `${what} '${buffer.label}'`,
      expected: 'a buffer in use',
      got: 'one that is freed',
      hint: 'make another one',
    });
  }

  #expectRange(what: string, buffer: GPUBuffer, offset: number, bytes: number): void {
    this.#expectInUse(what, buffer);
    const isWord = Number.isInteger(offset) && offset >= 0 && offset % 4 === 0;
    if (isWord && Number.isInteger(bytes) && bytes >= 0 && offset + bytes <= buffer.size) return;
    throw new ShapeError({
      where: `${what} '${buffer.label}'`,
      expected: `a range within ${buffer.size} bytes that begins at a multiple of 4`,
      got: `${bytes} bytes at ${offset}`,
    });
  }
}
