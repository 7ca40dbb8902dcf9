/**
 * Memory planning: which values can share a buffer. Works on numbers alone.
 *
 * Whole buffers are shared, not ranges of one: WebGPU refuses to bind one buffer for reading and writing in a dispatch.
 */

/** A value that lives from dispatch `first` (which writes it) to dispatch `last` (its last reader), both included. */
export interface Lifetime {
  readonly elements: number;
  readonly first: number;
  readonly last: number;
}

export interface MemoryPlan {
  /** The buffer of each lifetime, as an index into `buffers`. */
  readonly assignment: readonly number[];
  /** Elements of each buffer. */
  readonly buffers: readonly number[];
}

/**
 * Assigns buffers so that no two values of one buffer live at the same time.
 *
 * Greedy by size (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference"): the largest
 * value first, each into the first buffer that is free throughout its life.
 */
export function planMemory(lifetimes: readonly Lifetime[]): MemoryPlan {
  const order = lifetimes.map((_, i) => i).sort((a, b) => lifetimes[b]!.elements - lifetimes[a]!.elements || a - b);
  const assignment = new Array<number>(lifetimes.length);
  const buffers: { elements: number; residents: Lifetime[] }[] = [];
  for (const i of order) {
    const value = lifetimes[i]!;
    let index = buffers.findIndex(({ residents }) =>
      residents.every((t) => t.last < value.first || value.last < t.first),
    );
    if (index < 0) index = buffers.push({ elements: value.elements, residents: [] }) - 1;
    buffers[index]!.residents.push(value);
    assignment[i] = index;
  }
  return { assignment, buffers: buffers.map(({ elements }) => elements) };
}

/** The least memory any plan could do with: the largest sum of values that live at the same time, in elements. */
export function lowerBound(lifetimes: readonly Lifetime[]): number {
  const changes = lifetimes.flatMap(({ elements, first, last }) => [
    { at: first, elements },
    { at: last + 1, elements: -elements },
  ]);
  changes.sort((a, b) => a.at - b.at || a.elements - b.elements);
  let live = 0;
  let peak = 0;
  for (const { elements } of changes) {
    live += elements;
    peak = Math.max(peak, live);
  }
  return peak;
}
