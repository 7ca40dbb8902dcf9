/**
 * Errors of a device that nobody has been told of yet, each with the buffers it concerns.
 *
 * WebGPU says later what was wrong with an allocation, a write or a submit. So whoever reads a buffer is told of what went
 * wrong with that buffer, or with any that was in a submit with it; and whoever uses other buffers of the same device is not.
 * An error is told once: then the device is as good as before.
 */
import { DeviceError, type ErrorParts } from './errors.ts';

/** What may have gone wrong. */
interface Suspect {
  /** The buffers it concerns; undefined: nobody knows, so whoever asks next is told. */
  readonly buffers: readonly ReadonlySet<GPUBuffer>[] | undefined;
  /** What was wrong, once that is known. */
  problem?: ErrorParts;
  readonly known: Promise<void>;
}

export class PendingErrors {
  readonly #suspects = new Set<Suspect>();

  /** Notes what may have gone wrong, in the order in which it was done. `error` never rejects. */
  add(buffers: Suspect['buffers'], error: Promise<ErrorParts | undefined>): void {
    const known = error.then((problem) => {
      if (problem === undefined) this.#suspects.delete(suspect);
      else suspect.problem = problem;
    });
    const suspect: Suspect = { buffers, known };
    this.#suspects.add(suspect);
  }

  /**
   * Begins to watch what concerns `buffers`; without them, everything.
   *
   * @returns a function that waits until it is known whether any of that went wrong, from what is noted now to what is noted
   * when it is called. It throws a DeviceError for the first that did, which is the cause of those after it. Who begins to
   * watch after that is not told of it again.
   */
  watch(buffers?: readonly GPUBuffer[]): () => Promise<void> {
    const before = this.#concerning(buffers);
    return () => this.#tell(new Set([...before, ...this.#concerning(buffers)]));
  }

  /** The same for what is noted between the two calls, and nothing else. */
  watchNew(): () => Promise<void> {
    const before = new Set(this.#suspects);
    return () => this.#tell(new Set([...this.#suspects].filter((suspect) => !before.has(suspect))));
  }

  /** Forgets what concerns only buffers that are gone. */
  forget(isGone: (buffer: GPUBuffer) => boolean): void {
    for (const suspect of this.#suspects) {
      if (suspect.buffers?.every((group) => [...group].every(isGone))) this.#suspects.delete(suspect);
    }
  }

  async #tell(suspects: ReadonlySet<Suspect>): Promise<void> {
    if (suspects.size === 0) return;
    await Promise.all([...suspects].map(({ known }) => known));
    for (const suspect of suspects) this.#suspects.delete(suspect);
    const first = [...suspects].find(({ problem }) => problem !== undefined)?.problem;
    // A new object each time: its stack shows the call that noticed.
    if (first) throw new DeviceError(first);
  }

  /** From the last one back: what was done with a buffer concerns those that were used together with it later. */
  #concerning(buffers: readonly GPUBuffer[] | undefined): Suspect[] {
    if (!buffers || this.#suspects.size === 0) return [...this.#suspects];
    const concerned = new Set(buffers);
    const found: Suspect[] = [];
    for (const suspect of [...this.#suspects].reverse()) {
      const isConcerned = (group: ReadonlySet<GPUBuffer>) => [...group].some((buffer) => concerned.has(buffer));
      if (suspect.buffers && !suspect.buffers.some(isConcerned)) continue;
      found.unshift(suspect);
      for (const group of suspect.buffers ?? []) for (const buffer of group) concerned.add(buffer);
    }
    return found;
  }
}
