/** A compiled graph on the device: what feeds it, runs it and reads it. How it comes about is in compile.ts. */
import type { Binding } from '../kernels/record.ts';
import type { Winners } from '../kernels/tuning.ts';
import { ShapeError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import type { Program } from '../runtime/program.ts';
import type { ConstantStore } from './constants.ts';
import type { SharedMemory } from './lowering.ts';
import { describe, type Shape, sizeOf } from './node.ts';

/** What `compile` made. */
export interface ExecutableParts {
  readonly program: Program;
  readonly operations: number;
  readonly inputs: ReadonlyMap<string, { readonly shape: Shape; readonly buffer: GPUBuffer }>;
  readonly outputs: ReadonlyMap<string, { readonly shape: Shape; readonly place: Binding }>;
  /** Buffers that live as long as the executable. */
  readonly owned: readonly GPUBuffer[];
  /** Constants that do so, unless their store was given. */
  readonly constants: ConstantStore | undefined;
  readonly tuned: Winners;
  readonly shared: SharedMemory;
}

/** A compiled graph. Feed it, submit its program, read its outputs; as often as needed. */
export class Executable {
  readonly program: Program;
  /** Nodes of the optimised graph that are computed in each run; each takes a dispatch or several. */
  readonly operations: number;
  /** Bytes of the buffers that this executable owns. */
  readonly bytes: number;
  /** The algorithms that the tuner chose, by convolution; empty without a tuner. */
  readonly tuned: Winners;
  /** What its intermediate results take. */
  readonly shared: SharedMemory;
  readonly #gpu: Gpu;
  readonly #parts: ExecutableParts;

  /** Use `compile`. */
  constructor(gpu: Gpu, parts: ExecutableParts) {
    this.#gpu = gpu;
    this.#parts = parts;
    this.program = parts.program;
    this.operations = parts.operations;
    this.tuned = parts.tuned;
    this.shared = parts.shared;
    this.bytes = parts.owned.reduce((sum, { size }) => sum + size, 0);
  }

  /** Writes an input. @throws ShapeError for an unknown name, or data of another length. */
  feed(name: string, data: ArrayBufferView<ArrayBuffer>): void {
    const input = this.#input(name);
    const bytes = sizeOf(input.shape) * 4;
    if (data.byteLength !== bytes) {
      throw new ShapeError(`feed '${name}': expected ${describe(input.shape)}, ${bytes} bytes, got ${data.byteLength}`);
    }
    this.#gpu.write(input.buffer, data);
  }

  /** Where an input lies, for other programs to write. */
  input(name: string): Binding {
    return this.#input(name).buffer;
  }

  /** Replays the program, in one submit. */
  run(): void {
    this.#gpu.submit(this.program);
  }

  /** Reads an output back as float32, after all submitted work. */
  async read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const { shape, place } = this.#output(name);
    const { buffer, offset = 0 } = 'buffer' in place ? place : { buffer: place };
    return new Float32Array(await this.#gpu.read(buffer, sizeOf(shape) * 4, offset));
  }

  /** Where an output lies, for other programs to read. */
  output(name: string): Binding {
    return this.#output(name).place;
  }

  /** Frees the buffers. The parameters stay, and so do constants of a store that was given. */
  destroy(): void {
    for (const buffer of this.#parts.owned) this.#gpu.free(buffer);
    this.#parts.constants?.destroy();
    this.program.destroy();
  }

  #input(name: string) {
    const input = this.#parts.inputs.get(name);
    if (!input)
      throw new ShapeError(`feed: expected one of ${[...this.#parts.inputs.keys()].join(', ')}, got '${name}'`);
    return input;
  }

  #output(name: string) {
    const output = this.#parts.outputs.get(name);
    if (!output)
      throw new ShapeError(`read: expected one of ${[...this.#parts.outputs.keys()].join(', ')}, got '${name}'`);
    return output;
  }
}
