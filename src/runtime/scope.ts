/** Scope of device memory: owns what is made in it, and frees all of that together. */
import { asyncDispose, type Closable } from './dispose.ts';
import type { Gpu } from './gpu.ts';

/** What a scope can own: it closes at once. */
type Owned = Closable & { close(): void };

/**
 * Buffers and other resources with one lifetime. Each is named once, where it is made.
 *
 * `Scope.build` is for what is made in several steps and then kept, `await using` or `finally` for what is only needed
 * meanwhile.
 */
export class Scope implements Closable {
  readonly #gpu: Gpu;
  readonly #frees: (() => void)[] = [];
  #closed = false;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Runs `make` in a scope. Where it fails, all that it made is freed; else it is up to the result to close the scope. */
  static async build<T>(gpu: Gpu, make: (scope: Scope) => Promise<T>): Promise<T> {
    const scope = new Scope(gpu);
    try {
      return await make(scope);
    } catch (error) {
      scope.close();
      throw error;
    }
  }

  /** Makes a buffer, as `gpu.buffer` does. */
  buffer(label: string, bytes: number, usage?: GPUBufferUsageFlags): GPUBuffer {
    const buffer = this.#gpu.buffer(label, bytes, usage);
    this.#hold(() => this.#gpu.free(buffer));
    return buffer;
  }

  /** Owns what has been made. */
  own<R extends Owned>(resource: R): R {
    this.#hold(() => resource.close());
    return resource;
  }

  /** Makes a scope that ends with this one, if not earlier. */
  inner(): Scope {
    return this.own(new Scope(this.#gpu));
  }

  /** Frees everything, the last one first; and at once what is still to come, from a sibling of what failed. */
  close(): void {
    this.#closed = true;
    for (const free of this.#frees.splice(0).reverse()) free();
  }

  async [asyncDispose](): Promise<void> {
    this.close();
  }

  #hold(free: () => void): void {
    if (this.#closed) free();
    else this.#frees.push(free);
  }
}

/**
 * Waits until all of several works are done, whether or not one of them fails: so whoever closes a scope after a failure
 * finds nothing under way in it.
 *
 * @throws what the first that failed, in their order, has thrown
 */
export async function settle<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}
