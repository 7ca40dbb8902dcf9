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
import { BufferUsage, requestDevice, subgroupSize, subgroupSizes } from './device.ts';
import { DeviceWatch } from './device_watch.ts';
import { asyncDispose, type Closable } from './dispose.ts';
import { scoped } from './error_scope.ts';
import { DeviceError } from './errors.ts';
import { expectGpuOptions, type GpuOptions } from './gpu_options.ts';
import { DeviceMemory } from './memory/device_memory.ts';
import type { Program } from './program.ts';
import { timeDispatches } from './timestamps.ts';
import type { TuneOptions } from './tuning_store/index.ts';

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
  readonly #watch: DeviceWatch;
  readonly #memory: DeviceMemory;
  /** What `fence` reads. */
  #fenceSource: GPUBuffer | undefined;

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
    this.name = adapterName(platform.adapter.info);
    this.subgroupSize = subgroupSize(platform.adapter);
    this.subgroupSizes = subgroupSizes(device, platform.adapter);
    this.vendor = platform.adapter.info.vendor;
    this.architecture = platform.adapter.info.architecture;
    this.#watch = new DeviceWatch(device, this.name);
    const { memoryBytes } = platform;
    this.#memory = new DeviceMemory(device, { name: this.name, watch: this.#watch, memoryBytes, wait: this.wait });
  }

  /**
   * Opens a device with every limit the adapter has.
   *
   * @throws DeviceError when there is none; the message names the command that installs one. Or when float16 is asked for
   *   and the adapter has none.
   */
  static async open(options: GpuOptions = {}): Promise<Gpu> {
    expectGpuOptions(options);
    const { adapter = 'auto', precision = 'f32' } = options;
    const { device, platform } = await requestDevice(adapter, precision);
    return new Gpu(device, platform, options);
  }

  /** True where `timestamp-query` is available. */
  get hasTimestamps(): boolean {
    return this.device.features.has('timestamp-query');
  }

  /** Bytes in buffers made by `buffer` and not freed. */
  get allocatedBytes(): number {
    return this.#memory.ledger.bytes;
  }

  /** The highest value `allocatedBytes` has had. */
  get peakBytes(): number {
    return this.#memory.ledger.peakBytes;
  }

  /**
   * Makes a zeroed buffer of `bytes` (rounded up to 16: whole vec4s).
   *
   * That the driver has no memory left is known later: await `confirm`, or make it in an `attempt`, to be told at once.
   *
   * @param usage WebGPU's flags; default a storage buffer
   * @throws DeviceError when it is larger than the device can bind, or more than there is memory for.
   */
  buffer(label: string, bytes: number, usage?: GPUBufferUsageFlags): GPUBuffer {
    return this.#memory.make(label, bytes, usage);
  }

  /** Frees a buffer made by `buffer`. Safe to call twice. */
  free(buffer: GPUBuffer): void {
    this.#memory.free(buffer);
  }

  /**
   * Writes `data` at `offset` bytes. The data is copied before this returns.
   *
   * @param data 32-bit elements, or bytes
   * @throws ArgumentError for an array of other elements, ShapeError for what is no whole number of 32-bit words or does not
   *   fit, DeviceError for a buffer that is freed.
   */
  write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>, offset = 0): void {
    this.#memory.write(buffer, data, offset);
  }

  /** Runs programs in order, in one submit. @throws DeviceError for one that is closed, or whose buffers are freed. */
  submit(...programs: Program[]): void {
    this.check();
    const { error } = scoped(this.device, 'a submit', () => {
      const encoder = this.device.createCommandEncoder();
      for (const program of programs) program.encode(encoder);
      this.device.queue.submit([encoder.finish()]);
    });
    this.#watch.note(this.#boundBy(programs), error);
  }

  /**
   * Reads `bytes` of a buffer back, after all submitted work.
   *
   * @throws DeviceError for what went wrong with this buffer, or with any that was in a submit with it: memory that ran out,
   *   work that is not valid. And for a lost device.
   */
  async read(buffer: GPUBuffer, bytes: number = buffer.size, offset = 0): Promise<ArrayBuffer> {
    return this.#memory.read(buffer, bytes, offset, [buffer]);
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
    this.#fenceSource ??= this.device.createBuffer({ label: 'fence', size: 16, usage: BufferUsage.COPY_SRC });
    try {
      await this.#memory.read(this.#fenceSource, 4, 0, buffers && [...buffers]);
    } catch (cause) {
      // It may be the one there was no memory for.
      this.#fenceSource?.destroy();
      this.#fenceSource = undefined;
      throw cause;
    }
  }

  /**
   * Waits until the device has taken what was done with `buffers`, which is long before it has done it.
   *
   * @throws DeviceError for what it has not taken: memory that ran out, work that is not valid.
   */
  async confirm(...buffers: readonly GPUBuffer[]): Promise<void> {
    const told = this.#watch.errors.watch(buffers);
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
    const told = this.#watch.errors.watchNew();
    const { value } = await this.#memory.attempt(
      () => scoped(this.device, 'this', calls),
      async ({ error }) => {
        await told();
        const problem = await error;
        if (problem) throw this.#watch.error(problem);
        this.check();
      },
    );
    return value;
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
    return timeDispatches(this.device, program, ({ value: { stamps }, error }) => {
      this.#watch.note(bound && [...bound, new Set([stamps])], error);
      return this.read(stamps);
    });
  }

  /** @throws DeviceError if the device is lost or closed. */
  check(): void {
    this.#watch.check();
  }

  /** Waits for the device and frees it, with all its buffers. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#watch.isClosed) return;
    if (!this.#watch.isLost) await this.fence().catch(() => undefined);
    this.#watch.close();
    this.device.destroy();
    await this.device.lost;
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  /** What programs use; undefined where that is not known. @throws DeviceError for buffers that are freed. */
  #boundBy(programs: readonly Program[]): ReadonlySet<GPUBuffer>[] | undefined {
    const groups = [...new Set(programs)].map(({ bound }) => bound);
    for (const buffer of groups.flatMap((group) => [...(group ?? [])])) {
      this.#memory.expectInUse(`program on '${buffer.label}'`, buffer);
    }
    return groups.every((group) => group !== undefined) ? groups : undefined;
  }
}
