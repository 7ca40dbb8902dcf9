/** Adam (Kingma and Ba 2015) over flat slabs, and clipping of the gradients before it. */
import { ParameterSlab } from '../../graph/parameters.ts';
import { packParams, recordOne } from '../../kernels/core/record.ts';
import { adam as adamKernel, adamParams } from '../../kernels/optimizer/adam.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import type { Program } from '../../runtime/program.ts';
import type { Scope } from '../../runtime/scope.ts';
import { GradientNorm } from './gradient_norm.ts';

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  /** The norm of all gradients together above which they are scaled down to it (Pascanu et al. 2013); default none. */
  readonly clipNorm?: number | undefined;
}

type Fixed = Omit<AdamOptions, 'clipNorm'> & {
  readonly count: number;
  readonly gradScale: number;
  readonly maxNorm: number;
};

/** Updates weights from a gradient slab, in place: one dispatch over all parameters, after those of the norm. */
export class Adam {
  /** To be submitted in this order. */
  readonly programs: readonly Program[];
  /** Running means of the gradients and of their squares. */
  readonly moments: { readonly m: ParameterSlab; readonly v: ParameterSlab };
  readonly #gpu: Gpu;
  readonly #program: Program;
  readonly #norm: GradientNorm | undefined;
  readonly #fixed: Fixed;

  private constructor(
    gpu: Gpu,
    program: Program,
    norm: GradientNorm | undefined,
    moments: Adam['moments'],
    fixed: Fixed,
  ) {
    this.#gpu = gpu;
    this.#program = program;
    this.#norm = norm;
    this.programs = norm ? [norm.program, program] : [program];
    this.moments = moments;
    this.#fixed = fixed;
  }

  /**
   * `gradient` lies like `weights`, and holds the sum of `parts` gradients of which the mean is meant. `scope` owns
   * what is made.
   */
  static async create(
    gpu: Gpu,
    scope: Scope,
    weights: ParameterSlab,
    gradient: GPUBuffer,
    parts: number,
    { clipNorm, ...options }: AdamOptions = {},
  ): Promise<Adam> {
    const { layout } = weights;
    const count = layout.bytes / 4;
    const slab = (label: string) => scope.own(new ParameterSlab(gpu, label, layout));
    const moments = { m: slab('adam m'), v: slab('adam v') };
    const fixed = { ...options, count, gradScale: 1 / parts, maxNorm: clipNorm ?? 0 };
    const norm = clipNorm ? await GradientNorm.create(gpu, scope, gradient, count) : undefined;
    const squares = norm?.squares ?? gradient;
    const buffers = { g: gradient, p: weights.buffer, m: moments.m.buffer, v: moments.v.buffer, squares };
    const params = adamParams({ ...fixed, step: 1, learningRate: 0 });
    const choice = { clipping: norm ? 'norm' : 'none' } as const;
    const program = scope.own(await recordOne(gpu, adamKernel, buffers, params, choice));
    return new Adam(gpu, program, norm, moments, fixed);
  }

  /**
   * Sets what depends on the step for the next submit of `programs`.
   *
   * @param step 1 for the first
   * @param lossScale what the gradients are too large by
   */
  prepare(step: number, learningRate: number, lossScale = 1): void {
    const gradScale = this.#fixed.gradScale / lossScale;
    const params = adamParams({ ...this.#fixed, gradScale, step, learningRate });
    this.#norm?.prepare(gradScale);
    this.#program.setParams(this.#gpu.device.queue, 0, packParams({ kernel: adamKernel, params }));
  }
}
