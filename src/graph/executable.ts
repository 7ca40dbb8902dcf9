/** A compiled graph on the device: what feeds it, runs it and reads it. How it comes about is in compile.ts. */
import type { Binding } from '../kernels/core/record.ts';
import type { Winners } from '../kernels/tuning/winners.ts';
import { isKind, kindOf } from '../runtime/arguments.ts';
import { asyncDispose, type Closable } from '../runtime/dispose.ts';
import { ArgumentError, closedError, ShapeError } from '../runtime/errors.ts';
import type { Gpu } from '../runtime/gpu.ts';
import type { Program } from '../runtime/program.ts';
import type { Scope } from '../runtime/scope.ts';
import type { SharedMemory } from './lowering.ts';
import { describe, type Shape, sizeOf } from './node.ts';

/** What the elements of an input are: float32, or words of 32 bits, such as packed pixels. */
export type ElementType = 'f32' | 'u32';

const ARRAYS = { f32: ['Float32Array'], u32: ['Uint32Array', 'Uint8Array', 'Uint8ClampedArray'] } as const;

/** Where an input lies, and what is written there. */
export interface FedInput {
  readonly shape: Shape;
  readonly type: ElementType;
  readonly buffer: GPUBuffer;
}

/** What `compile` made. */
export interface ExecutableParts {
  readonly label: string;
  readonly program: Program;
  readonly operations: number;
  readonly inputs: ReadonlyMap<string, FedInput>;
  readonly outputs: ReadonlyMap<string, { readonly shape: Shape; readonly storage: Binding }>;
  /** What lives as long as the executable: its program, its buffers, and its constants, unless their store was given. */
  readonly scope: Scope;
  /** Bytes of its buffers. */
  readonly bytes: number;
  readonly tuned: Winners;
  readonly shared: SharedMemory;
}

/** A compiled graph. Feed it, submit its program, read its outputs; as often as needed. */
export class Executable implements Closable {
  readonly program: Program;
  /** Nodes of the optimized graph that are computed in each run; each takes a dispatch or several. */
  readonly operations: number;
  /** Bytes of the buffers that this executable owns. */
  readonly bytes: number;
  /** The algorithms that the tuner chose, by convolution; empty without a tuner. */
  readonly tuned: Winners;
  /** What its intermediate results take. */
  readonly shared: SharedMemory;
  readonly #gpu: Gpu;
  readonly #parts: ExecutableParts;
  #closed = false;

  /** Use `compile`. */
  constructor(gpu: Gpu, parts: ExecutableParts) {
    this.#gpu = gpu;
    this.#parts = parts;
    this.program = parts.program;
    this.operations = parts.operations;
    this.tuned = parts.tuned;
    this.shared = parts.shared;
    this.bytes = parts.bytes + parts.program.bytes;
  }

  /**
   * Writes an input: a Float32Array, or for packed pixels a Uint32Array or their bytes.
   *
   * @throws ShapeError for an unknown name, or data of another length; ArgumentError for an array of another kind.
   */
  feed(name: string, data: ArrayBufferView<ArrayBuffer>): void {
    const input = this.#input(name);
    const bytes = sizeOf(input.shape) * 4;
    const kinds = ARRAYS[input.type];
    if (!isKind(data, ...kinds)) {
      throw new ArgumentError({
        where: `feed '${name}'`,
        expected: kinds.join(' or '),
        got: kindOf(data),
        hint: `convert it: ${kinds[0]}.from(data)`,
      });
    }
    if (data.byteLength !== bytes) {
      throw new ShapeError({
        where: `feed '${name}'`,
        expected: `${describe(input.shape)}, ${bytes} bytes`,
        got: data.byteLength,
      });
    }
    this.#gpu.write(input.buffer, data);
  }

  /** Where an input lies, for other programs to write. */
  input(name: string): Binding {
    return this.#input(name).buffer;
  }

  /** Replays the program, in one submit. */
  run(): void {
    this.#check();
    this.#gpu.submit(this.program);
  }

  /** Reads an output back as float32, after all submitted work. */
  async read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const { shape, storage } = this.#output(name);
    const { buffer, offset = 0 } = 'buffer' in storage ? storage : { buffer: storage };
    return new Float32Array(await this.#gpu.read(buffer, sizeOf(shape) * 4, offset));
  }

  /** Where an output lies, for other programs to read. */
  output(name: string): Binding {
    return this.#output(name).storage;
  }

  /** Whether `close` was called. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Frees the buffers. The parameters stay, and so do constants of a store that was given. Safe to call twice. */
  close(): void {
    this.#closed = true;
    this.#parts.scope.close();
  }

  async [asyncDispose](): Promise<void> {
    this.close();
  }

  #check(): void {
    if (this.#closed) throw closedError(`'${this.#parts.label}'`, 'compile it again');
  }

  #input(name: string) {
    this.#check();
    const input = this.#parts.inputs.get(name);
    if (!input)
      throw new ShapeError({
        where: 'feed',
        expected: `one of ${[...this.#parts.inputs.keys()].join(', ')}`,
        got: `'${name}'`,
      });
    return input;
  }

  #output(name: string) {
    this.#check();
    const output = this.#parts.outputs.get(name);
    if (!output)
      throw new ShapeError({
        where: 'read',
        expected: `one of ${[...this.#parts.outputs.keys()].join(', ')}`,
        got: `'${name}'`,
      });
    return output;
  }
}
