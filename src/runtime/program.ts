/** A recorded list of dispatches. Replaying it sets pipelines and bind groups that already exist, and nothing else. */
import { asyncDispose, type Closable } from './dispose.ts';
import { closedError } from './errors.ts';

export interface Dispatch {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly grid: readonly [number, number, number];
}

/** What a program holds beside its dispatches. */
export interface ProgramBuffers {
  /** The parameters of all dispatches. */
  readonly uniforms: GPUBuffer;
  /** What the dispatches read and write. */
  readonly bound: ReadonlySet<GPUBuffer>;
  /** Owns the parameters. */
  readonly scope: { close(): void };
}

/** Dispatches that were recorded once and are replayed as often as wanted; `Gpu.submit` runs it. */
export class Program implements Closable {
  readonly label: string;
  readonly dispatches: readonly Dispatch[];
  readonly #buffers: ProgramBuffers | undefined;
  #closed = false;

  constructor(label: string, dispatches: readonly Dispatch[], buffers?: ProgramBuffers) {
    this.label = label;
    this.dispatches = dispatches;
    this.#buffers = buffers;
  }

  /** The buffers that the dispatches read and write; undefined where that is not known. */
  get bound(): ReadonlySet<GPUBuffer> | undefined {
    return this.#buffers?.bound;
  }

  /** Bytes of the parameters. */
  get bytes(): number {
    return this.#buffers?.uniforms.size ?? 0;
  }

  /** Encodes every dispatch, in order, into one compute pass. @throws DeviceError for a program that is closed. */
  encode(encoder: GPUCommandEncoder): void {
    this.#check();
    const pass = encoder.beginComputePass({ label: this.label });
    let current: GPUComputePipeline | undefined;
    for (const {
      pipeline,
      bindGroup,
      grid: [x, y, z],
    } of this.dispatches) {
      // Each call into the driver costs about a microsecond.
      if (pipeline !== current) pass.setPipeline(pipeline);
      current = pipeline;
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(x, y, z);
    }
    pass.end();
  }

  /**
   * Encodes the dispatches from `first` to before `end` into a pass each, with a timestamp before and one after it: queries
   * 0 and 1 of `querySet`, 2 and 3, and so on.
   */
  encodeTimed(encoder: GPUCommandEncoder, querySet: GPUQuerySet, first: number, end: number): void {
    this.#check();
    this.dispatches.slice(first, end).forEach(({ pipeline, bindGroup, grid, label }, i) => {
      const pass = encoder.beginComputePass({
        label,
        timestampWrites: { querySet, beginningOfPassWriteIndex: 2 * i, endOfPassWriteIndex: 2 * i + 1 },
      });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...grid);
      pass.end();
    });
  }

  /** Overwrites the 32-bit parameters of dispatch `index` (as packed by `record`) from the next submit on. */
  setParams(queue: GPUQueue, index: number, packed: ArrayBuffer): void {
    this.#check();
    if (this.#buffers) queue.writeBuffer(this.#buffers.uniforms, index * UNIFORM_STRIDE, packed);
  }

  /** Frees the parameters. Safe to call twice. */
  close(): void {
    this.#closed = true;
    this.#buffers?.scope.close();
  }

  async [asyncDispose](): Promise<void> {
    this.close();
  }

  #check(): void {
    if (this.#closed) throw closedError(`program '${this.label}'`, 'record it again');
  }
}

/** Bytes between the parameters of two dispatches: WebGPU's default minUniformBufferOffsetAlignment. */
export const UNIFORM_STRIDE = 256;
