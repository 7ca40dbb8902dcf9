/** Interface of a measured arm: a side of a workload, with its data on a device; and of the rival that reads ONNX. */
import type { Node } from '../src/graph/node.ts';

export type Floats = Float32Array<ArrayBuffer>;

/** One side of a workload, with its data on the device. */
export interface Backend {
  /** Does the work `times` times, and waits for the device. */
  run(times: number): Promise<void>;
  /** What the work computed last. */
  result(): Promise<Float32Array>;
  free(): void;
}

export interface Feed {
  readonly data: Floats;
  readonly shape: readonly number[];
}

export interface OnnxRuntimeRival {
  /**
   * An arm that runs a model (its bytes, or a path) with inputs and result on the device.
   *
   * @throws Error for a model that it cannot load.
   */
  arm(model: Uint8Array | string, inputs: Readonly<Record<string, Feed>>, output: string): Promise<Backend>;
  /** An arm that computes a node `conv2d` of inputs `x`, which may change, and `w`, which may not. */
  convolution(y: Node, x: Floats, w: Floats): Promise<Backend>;
  /** An arm that runs it on the CPU. */
  cpu(model: Uint8Array | string, inputs: Readonly<Record<string, Feed>>, output: string): Promise<Backend>;
}
