/** An exponential moving average of the weights (Polyak and Juditsky 1992, as used since Szegedy et al. 2016). */
import { ParameterSlab } from '../../graph/parameters.ts';
import { packParams, recordOne } from '../../kernels/core/record.ts';
import { ema } from '../../kernels/optimizer/ema.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import type { Program } from '../../runtime/program.ts';
import type { Scope } from '../../runtime/scope.ts';

/** The decay at update `step` (1 for the first): less at first, so that the random weights are soon forgotten. */
export function decayAt(step: number, decay: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}

/** Follows weights on the device: one dispatch over all of them. */
export class WeightAverage {
  readonly program: Program;
  readonly slab: ParameterSlab;
  readonly #gpu: Gpu;
  readonly #decay: number;

  private constructor(gpu: Gpu, program: Program, slab: ParameterSlab, decay: number) {
    this.program = program;
    this.slab = slab;
    this.#gpu = gpu;
    this.#decay = decay;
  }

  /** @param scope owns what is made */
  static async create(gpu: Gpu, scope: Scope, weights: ParameterSlab, decay: number): Promise<WeightAverage> {
    const slab = scope.own(new ParameterSlab(gpu, 'average weights', weights.layout));
    const params = { count: weights.layout.bytes / 4, rest: 0 };
    const buffers = { x: weights.buffer, average: slab.buffer };
    const program = scope.own(await recordOne(gpu, ema, buffers, params));
    return new WeightAverage(gpu, program, slab, decay);
  }

  /** Sets what depends on the step for the next submit of `program`. */
  prepare(step: number): void {
    const params = { count: this.slab.layout.bytes / 4, rest: 1 - decayAt(step, this.#decay) };
    this.program.setParams(this.#gpu.device.queue, 0, packParams({ kernel: ema, params }));
  }
}
