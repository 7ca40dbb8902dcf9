/** Adam (Kingma and Ba 2015) over flat slabs. */
import { ParameterSlab } from '../graph/parameters.ts';
import { adam as adamKernel, adamParams } from '../kernels/adam.ts';
import { packParams, recordOne } from '../kernels/record.ts';
import type { Gpu } from '../runtime/gpu.ts';
import type { Program } from '../runtime/program.ts';

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
}

type Fixed = AdamOptions & { readonly count: number; readonly gradScale: number };

/** Updates weights from a gradient slab, in place: one dispatch over all parameters. */
export class Adam {
  readonly program: Program;
  /** Running means of the gradients and of their squares. */
  readonly moments: { readonly m: ParameterSlab; readonly v: ParameterSlab };
  readonly #gpu: Gpu;
  readonly #fixed: Fixed;

  private constructor(gpu: Gpu, program: Program, moments: Adam['moments'], fixed: Fixed) {
    this.program = program;
    this.moments = moments;
    this.#gpu = gpu;
    this.#fixed = fixed;
  }

  /** `gradient` lies like `weights`, and holds the sum of `parts` gradients of which the mean is meant. */
  static async create(
    gpu: Gpu,
    weights: ParameterSlab,
    gradient: GPUBuffer,
    parts: number,
    options: AdamOptions = {},
  ): Promise<Adam> {
    const { layout } = weights;
    const moments = { m: new ParameterSlab(gpu, 'adam m', layout), v: new ParameterSlab(gpu, 'adam v', layout) };
    const fixed = { ...options, count: layout.bytes / 4, gradScale: 1 / parts };
    const buffers = { g: gradient, p: weights.buffer, m: moments.m.buffer, v: moments.v.buffer };
    const program = await recordOne(gpu, adamKernel, buffers, adamParams({ ...fixed, step: 1, learningRate: 0 }));
    return new Adam(gpu, program, moments, fixed);
  }

  /**
   * Sets what depends on the step for the next submit of `program`.
   *
   * @param step 1 for the first
   * @param lossScale what the gradients are too large by
   */
  prepare(step: number, learningRate: number, lossScale = 1): void {
    const gradScale = this.#fixed.gradScale / lossScale;
    const params = adamParams({ ...this.#fixed, gradScale, step, learningRate });
    this.program.setParams(this.#gpu.device.queue, 0, packParams({ kernel: adamKernel, params }));
  }

  destroy(): void {
    this.program.destroy();
    this.moments.m.free();
    this.moments.v.free();
  }
}
