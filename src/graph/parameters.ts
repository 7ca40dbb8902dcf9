/** Named float32 arrays in one flat buffer (a slab), so that the optimizer is one dispatch over all of them. */
import { isKind, kindOf } from '../runtime/arguments.ts';
import { asyncDispose, type Closable } from '../runtime/dispose.ts';
import { ArgumentError, closedError, FormatError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import { describe, isOp, type Node, type Shape, sizeOf } from './node.ts';
import { nameOf, parameterOp } from './ops/core/input.ts';

/** Each array starts at a multiple of this many bytes, WebGPU's alignment for a binding's offset. */
const ALIGNMENT = 256;

/** Arrays by name, on the host. */
export type Tensors = ReadonlyMap<string, { readonly shape: Shape; readonly data: Float32Array }>;

/**
 * Finds what is no number before it colors anything.
 *
 * @param name what messages call the file
 * @throws FormatError that names the first array with NaN or infinity, and says how many there are.
 */
export function expectFinite(name: string, tensors: Tensors): void {
  for (const [key, { data }] of tensors) {
    const first = data.findIndex((value) => !Number.isFinite(value));
    if (first < 0) continue;
    const count = data.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0);
    throw new FormatError({
      where: name,
      expected: 'finite numbers',
      got: `${count} of ${data.length} in '${key}' that are not (${data[first]} at ${first})`,
      hint: 'it is damaged, or its training diverged: get or train another one',
    });
  }
}

interface Slot {
  readonly shape: Shape;
  /** In bytes. */
  readonly offset: number;
}

/** Where each parameter lies in a slab. */
export class ParameterLayout {
  readonly slots: ReadonlyMap<string, Slot>;
  /** The slab's length in bytes, gaps included. */
  readonly bytes: number;

  /** Lays out the `parameter` nodes among `nodes`, in their order. */
  constructor(nodes: readonly Node[]) {
    const slots = new Map<string, Slot>();
    let offset = 0;
    for (const node of nodes) {
      if (!isOp(node, parameterOp)) continue;
      slots.set(nameOf(node), { shape: node.shape, offset });
      offset += Math.ceil((sizeOf(node.shape) * 4) / ALIGNMENT) * ALIGNMENT;
    }
    this.slots = slots;
    this.bytes = offset;
  }

  /** The number of parameters, gaps left out. */
  get size(): number {
    return [...this.slots.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  }
}

/** One slab on a device: the weights, their gradients, or a moment of the optimizer. */
export class ParameterSlab implements Closable {
  readonly layout: ParameterLayout;
  readonly buffer: GPUBuffer;
  readonly #gpu: Gpu;
  #closed = false;

  /** Makes a zeroed slab, with `extraBytes` behind the parameters. */
  constructor(gpu: Gpu, label: string, layout: ParameterLayout, extraBytes = 0) {
    this.#gpu = gpu;
    this.layout = layout;
    this.buffer = gpu.buffer(label, layout.bytes + extraBytes);
  }

  /** Where a parameter lies. @throws FormatError for an unknown name. */
  binding(name: string): GPUBufferBinding {
    this.#check();
    const slot = this.#slot(name);
    return { buffer: this.buffer, offset: slot.offset, size: Math.ceil(sizeOf(slot.shape) / 4) * 16 };
  }

  /** Writes every parameter. @throws FormatError when `tensors` lacks one, has another shape, or numbers that are not finite. */
  write(tensors: Tensors): void {
    this.#check();
    const slab = new Float32Array(this.layout.bytes / 4);
    for (const [name, { shape, offset }] of this.layout.slots) {
      const tensor = tensors.get(name);
      if (tensor?.shape.join() !== shape.join()) {
        const got = tensor ? describe(tensor.shape) : 'none';
        throw new FormatError({ where: 'weights', expected: `'${name}' of shape ${describe(shape)}`, got });
      }
      if (!isKind(tensor.data, 'Float32Array') || tensor.data.length !== sizeOf(shape)) {
        throw new ArgumentError({
          where: 'weights',
          expected: `'${name}' as a Float32Array of ${sizeOf(shape)}`,
          got: `${kindOf(tensor.data)} of ${tensor.data?.length}`,
        });
      }
      slab.set(tensor.data, offset / 4);
    }
    expectFinite('weights', tensors);
    this.#gpu.write(this.buffer, slab);
  }

  /** Reads every parameter back. */
  async read(): Promise<Map<string, { shape: Shape; data: Float32Array<ArrayBuffer> }>> {
    this.#check();
    const slab = await this.#gpu.readFloats(this.buffer, this.layout.bytes / 4);
    return new Map(
      [...this.layout.slots].map(([name, { shape, offset }]) => [
        name,
        { shape, data: slab.slice(offset / 4, offset / 4 + sizeOf(shape)) },
      ]),
    );
  }

  /** Frees the slab. Safe to call twice. */
  close(): void {
    this.#closed = true;
    this.#gpu.free(this.buffer);
  }

  async [asyncDispose](): Promise<void> {
    this.close();
  }

  #check(): void {
    if (this.#closed) throw closedError(`parameters '${this.buffer.label}'`, 'make another one');
  }

  #slot(name: string): Slot {
    const slot = this.layout.slots.get(name);
    if (!slot)
      throw new FormatError({
        where: 'parameters',
        expected: `one of ${[...this.layout.slots.keys()].join(', ')}`,
        got: `'${name}'`,
      });
    return slot;
  }
}
