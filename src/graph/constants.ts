/** Arrays that never change, on the device: uploaded or computed once, and shared by every executable that uses them. */
import { asyncDispose, type Closable } from '../runtime/dispose.ts';
import { closedError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import { attrsKey, isOp, type Node, reachable, sizeOf } from './node.ts';
import { type PrecomputedAttrs, precomputedOp } from './ops/core/precomputed.ts';
import { type TensorAttrs, tensorOp } from './ops/core/tensor.ts';

/** Uploads are waited for after this many bytes, so that the driver's staging copies don't add up. */
const UPLOAD_BYTES = 1 << 25;

/** Computes `root` into `buffer`, with the constants that it needs from `leaves`. */
export type Evaluate = (root: Node, buffer: GPUBuffer, leaves: ConstantStore) => Promise<void>;

/** A node whose value a store holds. */
export type StoredNode = Node<TensorAttrs> | Node<PrecomputedAttrs>;

export class ConstantStore implements Closable {
  readonly #gpu: Gpu;
  readonly #buffers = new Map<string, Promise<GPUBuffer>>();
  readonly #owned = new Set<GPUBuffer>();
  #last: Promise<unknown> = Promise.resolve();
  #uploaded = 0;
  #closed = false;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /**
   * Where a `tensor` or `folded` node lies. Equal ones are one. Calls may overlap; they run one after the other.
   *
   * @throws DeviceError where there is no memory for it, or the store is closed.
   */
  async get(node: StoredNode, evaluate: Evaluate): Promise<GPUBuffer> {
    const key = keyOf(node);
    const known = this.#buffers.get(key);
    if (known) return known;
    const buffer = this.#last.then(() => this.#make(node, evaluate));
    this.#last = buffer.catch(() => undefined);
    const made = buffer.then((each) => this.#confirm(each));
    this.#buffers.set(key, made);
    // Whoever asks again may have more memory.
    made.catch(() => this.#buffers.delete(key));
    return made;
  }

  /** Frees everything. Safe to call twice. */
  close(): void {
    this.#closed = true;
    this.#buffers.clear();
    for (const buffer of this.#owned) this.#gpu.free(buffer);
    this.#owned.clear();
  }

  async [asyncDispose](): Promise<void> {
    this.close();
  }

  async #make(node: StoredNode, evaluate: Evaluate): Promise<GPUBuffer> {
    if (this.#closed) throw closedError('constants', 'load the model again');
    const buffer = this.#gpu.buffer(node.op.name, sizeOf(node.shape) * 4);
    this.#owned.add(buffer);
    try {
      await this.#fill(buffer, node, evaluate);
    } catch (error) {
      this.#free(buffer);
      throw error;
    }
    return buffer;
  }

  async #fill(buffer: GPUBuffer, node: StoredNode, evaluate: Evaluate): Promise<void> {
    if (isOp(node, tensorOp)) {
      this.#gpu.write(buffer, node.attrs.load() as Float32Array<ArrayBuffer>);
      this.#uploaded += buffer.size;
      if (this.#uploaded < UPLOAD_BYTES) return;
      this.#uploaded = 0;
      await this.#gpu.fence([buffer]);
      return;
    }
    const leaves = new ConstantStore(this.#gpu);
    try {
      await evaluate(node.attrs.root, buffer, leaves);
    } finally {
      leaves.close();
    }
  }

  /** While the next one is made: the device takes longer to say that it has memory than to have it. */
  async #confirm(buffer: GPUBuffer): Promise<GPUBuffer> {
    try {
      await this.#gpu.confirm(buffer);
    } catch (error) {
      this.#free(buffer);
      throw error;
    }
    return buffer;
  }

  #free(buffer: GPUBuffer): void {
    if (this.#owned.delete(buffer)) this.#gpu.free(buffer);
  }
}

/** Whether `compile` takes a node's value from a store. */
export function isConstant(node: Node): node is StoredNode {
  return isOp(node, tensorOp) || isOp(node, precomputedOp);
}

/** The same for two nodes that are computed in the same way from tensors of the same names. */
function keyOf(node: Node): string {
  const root = isOp(node, precomputedOp) ? node.attrs.root : node;
  const numbers = new Map<Node, number>();
  return reachable([root])
    .map((each, i) => {
      numbers.set(each, i);
      return [each.op.name, attrsKey(each.attrs), each.inputs.map((input) => numbers.get(input)!).join()].join(' ');
    })
    .join('\n');
}
