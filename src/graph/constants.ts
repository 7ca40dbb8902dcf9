/** Arrays that never change, on the device: uploaded or computed once, and shared by every executable that uses them. */
import type { Gpu } from '../runtime/gpu.ts';
import { attrsKey, type Node, reachable, sizeOf } from './node.ts';
import { foldedOp } from './ops/folded.ts';
import { type TensorAttrs, tensorOp } from './ops/tensor.ts';

/** Uploads are waited for after this many bytes, so that the driver's staging copies don't add up. */
const UPLOAD_BYTES = 1 << 25;

/** Computes `root` into `buffer`, with the constants that it needs from `leaves`. */
export type Evaluate = (root: Node, buffer: GPUBuffer, leaves: ConstantStore) => Promise<void>;

export class ConstantStore {
  readonly #gpu: Gpu;
  readonly #buffers = new Map<string, Promise<GPUBuffer>>();
  readonly #owned: GPUBuffer[] = [];
  #uploaded = 0;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Where a `tensor` or `folded` node lies. Equal ones are one. */
  get(node: Node, evaluate: Evaluate): Promise<GPUBuffer> {
    const key = keyOf(node);
    const known = this.#buffers.get(key);
    if (known) return known;
    const made = this.#make(node, evaluate);
    this.#buffers.set(key, made);
    // Whoever asks again may have more memory.
    made.catch(() => this.#buffers.delete(key));
    return made;
  }

  /** Frees everything. */
  destroy(): void {
    this.#buffers.clear();
    for (const buffer of this.#owned.splice(0)) this.#gpu.free(buffer);
  }

  async #make(node: Node, evaluate: Evaluate): Promise<GPUBuffer> {
    const buffer = this.#gpu.buffer(node.op.name, sizeOf(node.shape) * 4);
    this.#owned.push(buffer);
    if (node.op === tensorOp) {
      this.#gpu.write(buffer, (node.attrs as TensorAttrs).load() as Float32Array<ArrayBuffer>);
      this.#uploaded += buffer.size;
      if (this.#uploaded < UPLOAD_BYTES) return buffer;
      this.#uploaded = 0;
      await this.#gpu.fence();
      return buffer;
    }
    const leaves = new ConstantStore(this.#gpu);
    try {
      await evaluate((node.attrs as { root: Node }).root, buffer, leaves);
    } finally {
      leaves.destroy();
    }
    return buffer;
  }
}

/** Whether `compile` takes a node's value from a store. */
export function isStored(node: Node): boolean {
  return node.op === tensorOp || node.op === foldedOp;
}

/** The same for two nodes that are computed in the same way from tensors of the same names. */
function keyOf(node: Node): string {
  const root = node.op === foldedOp ? (node.attrs as { root: Node }).root : node;
  const numbers = new Map<Node, number>();
  return reachable([root])
    .map((each, i) => {
      numbers.set(each, i);
      return [each.op.name, attrsKey(each.attrs), each.inputs.map((input) => numbers.get(input)!).join()].join(' ');
    })
    .join('\n');
}
