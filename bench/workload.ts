/** Workload of the benchmark: the same work, once with this project and once with each rival. Not how it is timed. */
import { type Node, sizeOf } from '../src/graph/node.ts';
import type { Gpu } from '../src/runtime/gpu.ts';
import { Random } from '../src/util/random.ts';
import type { Backend, Floats, OnnxRuntimeRival } from './arm.ts';
import type { TfjsRival } from './rivals/tfjs.ts';

/** All rivals by name. */
export interface Rivals {
  readonly tfjs: TfjsRival;
  readonly onnxruntime: OnnxRuntimeRival;
}
export type RivalName = keyof Rivals;
export const RIVALS = ['tfjs', 'onnxruntime'] as const satisfies readonly RivalName[];

export const ARMS = ['koalarize', ...RIVALS] as const;
export type ArmName = (typeof ARMS)[number];

export interface Workload {
  readonly name: string;
  /** Floating-point operations of the direct algorithm, two for a multiplication with its addition. */
  readonly flops: number;
  /** Bytes of its arrays, each once: what it has to read and write at least. Absent where much of that stays in caches. */
  readonly bytes?: number;
  /** Runs before the results are compared. */
  readonly checkRuns: number;
  /** Whether the work may be queued several times before the device is waited for. */
  readonly queueable: boolean;
  /** The largest difference between any two elements that rounding can explain. */
  tolerance(expected: Float32Array): number;
  ours(gpu: Gpu): Promise<Backend>;
  /** The arms of the rivals that can do it. */
  readonly rivals: { readonly [Name in RivalName]?: (rival: Rivals[Name]) => Promise<Backend> };
  /** The same on the CPU, for information. */
  readonly cpu?: (onnxruntime: OnnxRuntimeRival) => Promise<Backend>;
}

/** Numbers in [-1, 1), the same on every platform. */
export function uniform(length: number, seed: number): Floats {
  const random = new Random(seed);
  return Float32Array.from({ length }, () => 2 * random.uniform() - 1);
}

/**
 * Says how far two float32 results may lie apart whose elements are sums of `products`: 16 ε √products · rms.
 *
 * Rounding errors of a sum grow like its random walk. One product left out of a sum shows up to 5·10⁵ products:
 * it is rms / √products in size. The 16 leaves room for Winograd's transforms.
 */
export function sumTolerance(expected: Float32Array, products: number): number {
  const squares = expected.reduce((sum, value) => sum + value * value, 0);
  return 16 * 2 ** -23 * Math.sqrt(products) * Math.sqrt(squares / expected.length);
}

/** Operations of the convolutions among `nodes`, their gradients included, by the direct algorithm. */
export function convolutionFlops(nodes: readonly Node[]): number {
  return nodes.reduce((sum, { op, inputs, shape }) => {
    const [first, second] = inputs;
    switch (op.name) {
      case 'conv2d': // x, w
      case 'conv_direct':
        return sum + (2 * sizeOf(shape) * sizeOf(second!.shape)) / second!.shape.at(-1)!;
      case 'conv2d_input_grad': // dy, w
        return sum + (2 * sizeOf(first!.shape) * sizeOf(second!.shape)) / second!.shape[3]!;
      case 'conv2d_weight_grad': // x, dy
        return sum + (2 * sizeOf(second!.shape) * sizeOf(shape)) / shape[3]!;
      default:
        return sum;
    }
  }, 0);
}
