/** The length of all gradients as one vector, squared: found out on the device, and never read back. */
import { emitInto, type KernelCall } from '../kernels/emit.ts';
import { type Binding, packParams, record, traitsOf } from '../kernels/record.ts';
import { emitSumSquares, sumSquares, sumSquaresParams } from '../kernels/sum_squares.ts';
import type { Gpu } from '../runtime/gpu.ts';
import type { Program } from '../runtime/program.ts';

export class GradientNorm {
  readonly program: Program;
  /** [1]: Σ (scale · gradient)². */
  readonly squares: GPUBuffer;
  readonly #gpu: Gpu;
  readonly #count: number;
  readonly #scratch: readonly GPUBuffer[];

  private constructor(gpu: Gpu, program: Program, squares: GPUBuffer, count: number, scratch: readonly GPUBuffer[]) {
    this.program = program;
    this.squares = squares;
    this.#gpu = gpu;
    this.#count = count;
    this.#scratch = scratch;
  }

  /** `gradient` is [count]; gaps in it must be 0. */
  static async create(gpu: Gpu, gradient: GPUBuffer, count: number): Promise<GradientNorm> {
    const squares = gpu.buffer('squared norm', 16);
    const scratch: GPUBuffer[] = [];
    const calls: KernelCall<Binding>[] = [];
    const emit = emitInto<Binding>(calls, traitsOf(gpu), (elements) => {
      const buffer = gpu.buffer('squared norm in parts', elements * 4);
      scratch.push(buffer);
      return buffer;
    });
    emitSumSquares(emit, { x: gradient, y: squares }, { count, scale: 1 });
    return new GradientNorm(gpu, await record(gpu, 'gradient norm', calls), squares, count, scratch);
  }

  /** Sets what gradients are multiplied by first, for the next submit of `program`. */
  prepare(scale: number): void {
    const params = sumSquaresParams({ count: this.#count, scale });
    this.program.setParams(this.#gpu.device.queue, 0, packParams({ kernel: sumSquares, params }));
  }

  destroy(): void {
    this.program.destroy();
    for (const buffer of [this.squares, ...this.#scratch]) this.#gpu.free(buffer);
  }
}
