/** Options of a device: which one is opened, and how it computes. */
import type { Precision } from './adapter.ts';
import { expectOptions, kindOf } from './arguments.ts';
import { ArgumentError } from './errors.ts';
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

/** @throws ArgumentError for an option that there is not, and for a value that it does not take */
export function expectGpuOptions(options: GpuOptions): void {
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
}
