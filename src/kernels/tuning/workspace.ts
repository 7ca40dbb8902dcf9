/** Buffers for trials: full of seeded numbers, scratch handed on from one candidate to the next. */
import { asyncDispose, type Closable } from '../../runtime/dispose.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import { Scope } from '../../runtime/scope.ts';
import { Random } from '../../util/random.ts';

/** Numbers in the source that buffers are filled from: a prime, so that no extent of an array divides it. */
const NUMBERS = 1_048_573;

export class Workspace implements Closable {
  readonly #gpu: Gpu;
  readonly #source: GPUBuffer;
  readonly #numbers: Float32Array<ArrayBuffer>;
  readonly #scope: Scope;
  /** Of the candidate at hand. */
  #candidate: Scope;
  #buffers = 0;
  readonly #scratch: GPUBuffer[] = [];
  #spare: GPUBuffer[] = [];

  /** Use `open`. */
  private constructor(gpu: Gpu, scope: Scope, numbers: Float32Array<ArrayBuffer>, source: GPUBuffer) {
    this.#gpu = gpu;
    this.#scope = scope;
    this.#candidate = scope.inner();
    this.#numbers = numbers;
    this.#source = source;
  }

  /** Makes the source of numbers. @throws DeviceError without room for it. */
  static async open(gpu: Gpu): Promise<Workspace> {
    const numbers = uniform(NUMBERS);
    return Scope.build(gpu, (scope) =>
      gpu.attempt(() => {
        const source = scope.buffer('numbers', NUMBERS * 4);
        gpu.write(source, numbers);
        return new Workspace(gpu, scope, numbers, source);
      }),
    );
  }

  /** Makes a buffer of numbers in [-scale, scale). One that is scaled goes through the host. */
  buffer(label: string, elements: number, scale = 1): GPUBuffer {
    const buffer = this.#scope.buffer(label, elements * 4);
    this.#buffers++;
    if (scale === 1) this.seed(buffer, elements, this.#buffers);
    else {
      const scaled = this.#numbers.map((value) => value * scale);
      for (let at = 0; at < elements; at += NUMBERS) {
        this.#gpu.write(buffer, scaled.subarray(0, Math.min(NUMBERS, elements - at)), at * 4);
      }
    }
    return buffer;
  }

  /** Hands out scratch, from what earlier candidates had where that is large enough. */
  readonly scratch = (elements: number): GPUBuffer => {
    const fitting = this.#spare.filter(({ size }) => size >= elements * 4).sort((a, b) => a.size - b.size);
    const buffer = fitting[0] ?? this.#candidate.buffer('scratch', elements * 4);
    if (fitting.length > 0) this.#spare.splice(this.#spare.indexOf(buffer), 1);
    else this.#scratch.push(buffer);
    this.seed(buffer, elements, 0);
    return buffer;
  };

  /** Runs what one candidate needs; where that fails, frees the scratch that was made for it. */
  async attempt<R>(body: () => Promise<R>): Promise<R> {
    const before = this.#scratch.length;
    this.#spare = [...this.#scratch];
    this.#candidate = this.#scope.inner();
    try {
      return await body();
    } catch (error) {
      this.#scratch.length = before;
      this.#candidate.close();
      throw error;
    }
  }

  /** Overwrites a buffer; another `seed` gives other numbers. */
  seed(buffer: GPUBuffer, elements: number, seed: number): void {
    const encoder = this.#gpu.device.createCommandEncoder();
    let from = (seed * 104_729) % NUMBERS;
    for (let at = 0; at < elements; ) {
      const count = Math.min(NUMBERS - from, elements - at);
      encoder.copyBufferToBuffer(this.#source, from * 4, buffer, at * 4, count * 4);
      at += count;
      from = 0;
    }
    this.#gpu.device.queue.submit([encoder.finish()]);
  }

  /** Frees everything. Safe to call twice. */
  close(): void {
    this.#scope.close();
  }

  async [asyncDispose](): Promise<void> {
    this.close();
  }
}

/** Numbers in [-1, 1), the same each time. */
function uniform(count: number): Float32Array<ArrayBuffer> {
  const random = new Random(1);
  return Float32Array.from({ length: count }, () => 2 * random.uniform() - 1);
}
