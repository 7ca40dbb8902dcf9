/** Resources that are freed together: named once, where they are made, and freed there too when a later step fails. */
import type { Gpu } from './gpu.ts';

export class Resources {
  readonly #gpu: Gpu;
  readonly #frees: (() => void)[] = [];
  #destroyed = false;

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /**
   * Runs `make`, which adds what it makes. Where it fails, all of that is freed; else it is up to the result to `destroy`
   * them.
   */
  static async collect<T>(gpu: Gpu, make: (resources: Resources) => Promise<T>): Promise<T> {
    const resources = new Resources(gpu);
    try {
      return await make(resources);
    } catch (error) {
      resources.destroy();
      throw error;
    }
  }

  /** Makes a buffer, as `gpu.buffer` does. */
  buffer(label: string, bytes: number, usage?: GPUBufferUsageFlags): GPUBuffer {
    const buffer = this.#gpu.buffer(label, bytes, usage);
    this.#hold(() => this.#gpu.free(buffer));
    return buffer;
  }

  /** Adds what has been made. */
  add<R extends { destroy(): void }>(resource: R): R {
    this.#hold(() => resource.destroy());
    return resource;
  }

  /** Frees everything, the last one first; and at once what is still to come, from a sibling of what failed. */
  destroy(): void {
    this.#destroyed = true;
    for (const free of this.#frees.splice(0).reverse()) free();
  }

  #hold(free: () => void): void {
    if (this.#destroyed) free();
    else this.#frees.push(free);
  }
}
