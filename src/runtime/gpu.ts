/**
 * A device, opened and watched: adapter choice, limits, buffers, submits, and errors turned into exceptions.
 * It knows nothing of kernels or graphs.
 */
import {
  type AdapterSource,
  adapterName,
  isSoftware,
  MATRIX_FEATURE,
  matrixUnitsOf,
  type PlatformAdapter,
  type Precision,
} from './adapter.ts';
import { DeviceError } from './errors.ts';
import type { Program } from './program.ts';
import type { TuneOptions } from './tuning.ts';

/** Which device is opened, and how it computes. */
export interface GpuOptions {
  /** `auto` (default), `hardware`, `software`, `bundled`, or part of an adapter's name. A browser takes the first three. */
  readonly adapter?: string;
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
  readonly notice?: (message: string) => void;
}

const BUFFER_USAGE = 0x0004 | 0x0008 | 0x0080; // COPY_SRC | COPY_DST | STORAGE

/** An open WebGPU device. */
export class Gpu {
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
  /** Pipelines by kernel and variant; filled by `record`. */
  readonly pipelines = new Map<string, Promise<GPUComputePipeline>>();
  /** How to tune; undefined where that is off. */
  readonly tune: TuneOptions | undefined;
  readonly verbose: ((line: string) => void) | undefined;
  /** What was asked for. */
  readonly precision: Precision;
  /** Shapes `MxNxK` of matrix units for float16 with float32 sums; none unless float16 was asked for. */
  readonly matrixUnits: readonly string[];
  /** What a self-test has found right on this device; until then, and where it found nothing, float32. */
  proven: { readonly precision: Precision; readonly matrixUnit?: string } = { precision: 'f32' };
  readonly notice: (message: string) => void;
  /** The implementation of WebGPU with its version, as far as it is known. */
  readonly implementation: string;
  /** Awaits what the device is to finish. */
  readonly wait: <T>(work: Promise<T>) => Promise<T>;
  #error: string | undefined;
  #closed = false;
  #bytes = 0;
  #peakBytes = 0;
  readonly #memoryBytes: number;
  readonly #sizes = new Map<GPUBuffer, number>();

  private constructor(device: GPUDevice, platform: PlatformAdapter, options: GpuOptions) {
    this.device = device;
    this.software = platform.software;
    this.source = platform.source;
    this.precision = options.precision ?? 'f32';
    // What is fastest with one precision may not be there with the other.
    this.implementation = [platform.implementation ?? '', ...(this.precision === 'f16' ? ['f16'] : [])].join(' ');
    this.wait = platform.wait ?? ((work) => work);
    this.matrixUnits = device.features.has(MATRIX_FEATURE) ? matrixUnitsOf(platform.adapter) : [];
    this.notice = options.notice ?? console.warn;
    this.verbose = options.verbose;
    this.tune = options.tune === true ? {} : options.tune || undefined;
    this.#memoryBytes = platform.memoryBytes ?? Number.POSITIVE_INFINITY;
    this.name = adapterName(platform.adapter.info);
    this.subgroupSize = subgroupSize(platform.adapter);
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault(); // Dawn prints it on stdout otherwise.
      this.#fail(describeError(event.error));
    });
    device.lost.then(
      ({ reason, message }) => {
        if (!this.#closed)
          this.#fail(`expected a working device, got 'lost (${reason}): ${message}' – open another one`);
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
    const { precision = 'f32' } = options;
    const platform = await requestAdapter(options.adapter ?? 'auto', precision);
    const { adapter } = platform;
    const requiredLimits: Record<string, number> = {};
    for (const limit of LIMITS) requiredLimits[limit] = adapter.limits[limit];
    if (precision === 'f16' && !adapter.features.has('shader-f16')) {
      throw new DeviceError(
        `${adapterName(adapter.info)}: expected shader-f16 for precision f16, got an adapter without it – use precision f32, or choose another adapter`,
      );
    }
    const wanted = precision === 'f16' ? [...FEATURES, MATRIX_FEATURE] : FEATURES;
    const requiredFeatures = wanted.filter((feature) => adapter.features.has(feature));
    let device: GPUDevice;
    try {
      device = await adapter.requestDevice({ requiredLimits, requiredFeatures });
    } catch (cause) {
      throw new DeviceError(
        `${adapterName(adapter.info)}: expected a device, got '${(cause as Error).message}' – update its driver, or choose another adapter`,
      );
    }
    return new Gpu(device, platform, options);
  }

  /** True where `timestamp-query` is available. */
  get hasTimestamps(): boolean {
    return this.device.features.has('timestamp-query');
  }

  /** Bytes in buffers made by `buffer` and not destroyed. */
  get allocatedBytes(): number {
    return this.#bytes;
  }

  /** The highest value `allocatedBytes` has had. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /**
   * Makes a zeroed storage buffer of `bytes` (rounded up to 16: whole vec4s).
   *
   * @throws DeviceError when it is larger than the device can bind, or more than there is memory for.
   */
  buffer(label: string, bytes: number): GPUBuffer {
    this.check();
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    const limit = Math.min(this.device.limits.maxBufferSize, this.device.limits.maxStorageBufferBindingSize);
    if (size > limit) {
      throw new DeviceError(
        `${label}: expected at most ${megabytes(limit)} (a limit of ${this.name}), got ${megabytes(size)} – use a smaller batch or picture size`,
      );
    }
    const total = this.#bytes + size;
    if (total > this.#memoryBytes) {
      throw new DeviceError(
        `${label}: expected at most ${megabytes(this.#memoryBytes)} in all buffers (the memory of this machine), got ${megabytes(total)} – use a smaller batch or picture size`,
      );
    }
    const buffer = this.device.createBuffer({ label, size, usage: BUFFER_USAGE });
    this.check();
    this.#sizes.set(buffer, size);
    this.#bytes = total;
    this.#peakBytes = Math.max(this.#peakBytes, this.#bytes);
    return buffer;
  }

  /** Frees a buffer made by `buffer`. */
  free(buffer: GPUBuffer): void {
    this.#bytes -= this.#sizes.get(buffer) ?? 0;
    this.#sizes.delete(buffer);
    buffer.destroy();
  }

  /** Writes `data` at `offset` bytes. The data is copied before this returns. */
  write(buffer: GPUBuffer, data: ArrayBufferView<ArrayBuffer>, offset = 0): void {
    this.check();
    this.device.queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset, data.byteLength);
  }

  /** Runs programs in order, in one submit. */
  submit(...programs: Program[]): void {
    this.check();
    const encoder = this.device.createCommandEncoder();
    for (const program of programs) program.encode(encoder);
    this.device.queue.submit([encoder.finish()]);
  }

  /**
   * Reads `bytes` of a buffer back, after all submitted work.
   *
   * @throws DeviceError for any error since the last fence: an uncaptured one, a lost device, memory that ran out.
   */
  async read(buffer: GPUBuffer, bytes: number = buffer.size, offset = 0): Promise<ArrayBuffer> {
    this.check();
    const size = Math.ceil(bytes / 4) * 4;
    const staging = this.device.createBuffer({ label: 'read', size, usage: 0x0001 | 0x0008 }); // MAP_READ | COPY_DST
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, size);
    this.device.queue.submit([encoder.finish()]);
    try {
      await this.wait(staging.mapAsync(0x0001));
    } catch (cause) {
      this.check();
      throw new DeviceError(
        `${this.name}: expected ${bytes} bytes of '${buffer.label}', got '${cause}' – open another device`,
      );
    }
    const copy = staging.getMappedRange().slice(0, bytes);
    staging.destroy();
    this.check();
    return copy;
  }

  /** Reads `elements` float32 values back; all of them by default. */
  async readFloats(buffer: GPUBuffer, elements: number = buffer.size / 4): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await this.read(buffer, elements * 4));
  }

  /** Waits for all submitted work. @throws DeviceError as `read` does. */
  async fence(): Promise<void> {
    // A copy and a map: onSubmittedWorkDone has deadlocked together with timestamp queries in Dawn.
    this.#fenceSource ??= this.device.createBuffer({ label: 'fence', size: 16, usage: BUFFER_USAGE });
    await this.read(this.#fenceSource, 4);
  }
  #fenceSource: GPUBuffer | undefined;

  /** Runs a program with a timestamp around each dispatch; milliseconds in the program's order. */
  async time(program: Program): Promise<number[]> {
    this.check();
    if (!this.hasTimestamps) {
      throw new DeviceError(
        `${this.name}: expected timestamp-query, got a device without it – measure wall time instead`,
      );
    }
    const count = 2 * program.dispatches.length;
    const querySet = this.device.createQuerySet({ type: 'timestamp', count });
    const resolved = this.device.createBuffer({ size: count * 8, usage: 0x0200 | 0x0004 }); // QUERY_RESOLVE | COPY_SRC
    const encoder = this.device.createCommandEncoder();
    program.encodeTimed(encoder, querySet);
    encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
    this.device.queue.submit([encoder.finish()]);
    const stamps = new BigUint64Array(await this.read(resolved));
    querySet.destroy();
    resolved.destroy();
    return program.dispatches.map((_, i) => Number(stamps[2 * i + 1]! - stamps[2 * i]!) / 1e6);
  }

  /** @throws DeviceError if anything has gone wrong on the device, or it is closed. */
  check(): void {
    if (this.#closed) throw new DeviceError(`${this.name}: the device is closed – open another one`);
    // A new object each time: its stack shows the call that noticed.
    if (this.#error) throw new DeviceError(`${this.name}: ${this.#error}`);
  }

  /** Waits for the device and frees it, with all its buffers. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#closed) return;
    if (!this.#error) await this.fence().catch(() => undefined);
    this.#closed = true;
    this.device.destroy();
    await this.device.lost;
  }

  #fail(message: string): void {
    // The first error is the cause; those after it are its consequences.
    this.#error ??= message;
  }
}

/** Limits a device is opened with, as high as its adapter has them. */
export const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies (keyof GPUSupportedLimits)[];

/** Features a device is opened with, where its adapter has them. */
export const FEATURES: readonly GPUFeatureName[] = ['subgroups', 'timestamp-query', 'shader-f16'];

async function requestAdapter(choice: string, precision: Precision): Promise<PlatformAdapter> {
  if (typeof process !== 'undefined' && process.versions?.node) {
    const { requestNodeAdapter } = await import('./node.ts');
    return requestNodeAdapter(choice, precision);
  }
  const adapter = await navigator.gpu?.requestAdapter({
    powerPreference: 'high-performance',
    forceFallbackAdapter: choice === 'software',
  });
  if (!adapter || (choice === 'hardware' && isSoftware(adapter.info))) {
    throw new DeviceError(
      'WebGPU: expected an adapter, got none from this browser – use a current Chrome, Edge, Firefox or Safari, with hardware acceleration on',
    );
  }
  return { adapter, source: 'browser', software: isSoftware(adapter.info), implementation: navigator.userAgent };
}

function describeError(error: GPUError): string {
  // Dawn adds where in its own source it was raised.
  const got = error.message.replaceAll(/\n\s+at .*/g, '').trim();
  return error.constructor.name === 'GPUOutOfMemoryError'
    ? `expected enough memory, got 'out of memory: ${got}' – use a smaller batch or picture size`
    : `expected valid GPU work, got '${error.constructor.name}: ${got}' – this is a bug, please report it`;
}

function subgroupSize(adapter: GPUAdapter): number {
  const { subgroupMinSize, subgroupMaxSize } = adapter.info;
  return adapter.features.has('subgroups') && subgroupMinSize === subgroupMaxSize ? subgroupMinSize : 0;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
