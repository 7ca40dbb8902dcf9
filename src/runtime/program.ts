/** A recorded list of dispatches. Replaying it sets pipelines and bind groups that already exist, and nothing else. */

export interface Dispatch {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly grid: readonly [number, number, number];
}

/** Dispatches that were recorded once and are replayed as often as wanted; `Gpu.submit` runs it. */
export class Program {
  readonly label: string;
  readonly dispatches: readonly Dispatch[];
  readonly #uniforms: GPUBuffer | undefined;

  /** Takes ownership of `uniforms`, which holds the parameters of all dispatches. */
  constructor(label: string, dispatches: readonly Dispatch[], uniforms?: GPUBuffer) {
    this.label = label;
    this.dispatches = dispatches;
    this.#uniforms = uniforms;
  }

  /** Encodes every dispatch, in order, into one compute pass. */
  encode(encoder: GPUCommandEncoder): void {
    const pass = encoder.beginComputePass({ label: this.label });
    for (const { pipeline, bindGroup, grid } of this.dispatches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...grid);
    }
    pass.end();
  }

  /** Encodes every dispatch into a pass of its own, with a timestamp (two queries of `querySet`) around each. */
  encodeTimed(encoder: GPUCommandEncoder, querySet: GPUQuerySet): void {
    this.dispatches.forEach(({ pipeline, bindGroup, grid, label }, i) => {
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
    if (this.#uniforms) queue.writeBuffer(this.#uniforms, index * UNIFORM_STRIDE, packed);
  }

  destroy(): void {
    this.#uniforms?.destroy();
  }
}

/** Bytes between the parameters of two dispatches: WebGPU's default minUniformBufferOffsetAlignment. */
export const UNIFORM_STRIDE = 256;
