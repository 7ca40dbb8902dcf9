/** The length of all gradients as one vector, squared: found out on the device, and never read back. */
import { emitInto, type KernelCall } from '../../kernels/core/emit.ts';
import { type Binding, packParams, record, traitsOf } from '../../kernels/core/record.ts';
import { emitSumSquares, sumSquares, sumSquaresParams } from '../../kernels/reduction/sum_squares.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import type { Program } from '../../runtime/program.ts';
import type { Scope } from '../../runtime/scope.ts';

export class GradientNorm {
  readonly program: Program;
  /** [1]: Σ (scale · gradient)². */
  readonly squares: GPUBuffer;
  readonly #gpu: Gpu;
  readonly #count: number;

  private constructor(gpu: Gpu, program: Program, squares: GPUBuffer, count: number) {
    this.program = program;
    this.squares = squares;
    this.#gpu = gpu;
    this.#count = count;
  }

  /** `gradient` is [count]; gaps in it must be 0. `scope` owns what is made. */
  static async create(gpu: Gpu, scope: Scope, gradient: GPUBuffer, count: number): Promise<GradientNorm> {
    const squares = scope.buffer('squared norm', 16);
    const calls: KernelCall<Binding>[] = [];
    const scratch = (elements: number) => scope.buffer('squared norm in parts', elements * 4);
    emitSumSquares(emitInto<Binding>(calls, traitsOf(gpu), scratch), { x: gradient, y: squares }, { count, scale: 1 });
    const program = scope.own(await record(gpu, 'gradient norm', calls));
    return new GradientNorm(gpu, program, squares, count);
  }

  /** Sets what gradients are multiplied by first, for the next submit of `program`. */
  prepare(scale: number): void {
    const params = sumSquaresParams({ count: this.#count, scale });
    this.program.setParams(this.#gpu.device.queue, 0, packParams({ kernel: sumSquares, params }));
  }
}
