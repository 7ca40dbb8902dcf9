/** Interface by which code that chooses kernels says which ones to run, without knowing what a buffer is. */
import type { MatrixUnit } from '../conv/gemm/conv2d_matrix.ts';
import type { ConvTask } from '../conv/task.ts';
import type { Choice, KernelSpec, Scalar, Values, Variants } from './define.ts';

/** Device capabilities used to select kernels. */
export interface DeviceTraits {
  /** True for a driver that runs on the CPU (lavapipe, SwiftShader). */
  readonly software: boolean;
  /** The subgroup's size where subgroups are available and the size never varies, else 0. */
  readonly subgroupSize: number;
  /** The least and the most lanes that a kernel may ask for; absent where it may not, or there is one size only. */
  readonly subgroupSizes?: readonly [least: number, most: number];
  /** Who made the device, and of which generation it is, as WebGPU tells: `intel`, `xe-2`; absent or empty where it does not. */
  readonly vendor?: string;
  readonly architecture?: string;
  /** Bytes. */
  readonly maxStorageBufferBindingSize: number;
  /** Whether the operands of products may be rounded to float16; absent: they may not. */
  readonly precision?: 'f32' | 'f16';
  /** The shape of the device's matrix units for float16 with float32 sums; absent where there are none. */
  readonly matrixUnit?: MatrixUnit;
  /** The name of the algorithm that was the fastest when it was measured; absent without a tuner. */
  readonly tuned?: (task: ConvTask) => string | undefined;
}

/** One dispatch: a kernel, its buffers by name, its parameters, and its variant. `T` is what stands for a buffer. */
export interface KernelCall<T> {
  readonly kernel: KernelSpec;
  readonly buffers: Readonly<Record<string, T>>;
  readonly params: Readonly<Record<string, number>>;
  readonly choice: Readonly<Record<string, string>>;
}

/** The trailing argument that picks variants: absent for a kernel without any, required otherwise. */
export type ChoiceArgs<V extends Variants> = keyof V extends never ? [] : [choice: Choice<V>];

/**
 * Collects the dispatches of an operation, in order.
 *
 * The same lowering serves tests (`T` is a GPUBuffer), and the graph, which plans memory from the collected list first.
 */
export interface Emit<T> {
  readonly traits: DeviceTraits;
  call<B extends string, P extends Record<string, Scalar>, V extends Variants>(
    kernel: KernelSpec<B, P, V>,
    buffers: Readonly<Record<B, T>>,
    params: Values<P>,
    ...choice: ChoiceArgs<V>
  ): void;
  /** A buffer of `elements` 32-bit words whose contents matter only within this operation. */
  scratch(elements: number): T;
}

/** An `Emit` that appends to `calls`. */
export function emitInto<T>(calls: KernelCall<T>[], traits: DeviceTraits, scratch: (elements: number) => T): Emit<T> {
  return {
    traits,
    scratch,
    call: (kernel, buffers, params, ...[choice = {}]) => {
      calls.push({
        kernel: kernel as unknown as KernelSpec,
        buffers,
        params,
        choice: choice as Record<string, string>,
      });
    },
  };
}
