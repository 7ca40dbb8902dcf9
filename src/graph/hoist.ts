/**
 * Dispatches that compute the same in every run, because they read constants alone: such as what Winograd's algorithm
 * makes of the weights of a frozen network. They run once, when the graph is compiled.
 */
import type { KernelCall } from '../kernels/core/emit.ts';

/**
 * Splits `calls` into one-time setup and those of every run, both in order.
 *
 * @param fixed the arrays that never change
 * @param movable whether an array may keep its contents from one run to the next: it has no place that others write
 */
export function splitSetup<T, Call extends KernelCall<T>>(
  calls: readonly Call[],
  fixed: Iterable<T>,
  movable: (array: T) => boolean,
): { readonly setup: Call[]; readonly perRun: Call[] } {
  const known = new Set(fixed);
  const writers = new Map<T, number>();
  for (const call of calls) {
    for (const array of arrays(call, true)) writers.set(array, (writers.get(array) ?? 0) + 1);
  }
  const setup: Call[] = [];
  const perRun: Call[] = [];
  for (const call of calls) {
    const written = arrays(call, true);
    const runsOnce =
      arrays(call, false).every((array) => known.has(array)) &&
      written.every((array) => movable(array) && writers.get(array) === 1);
    (runsOnce ? setup : perRun).push(call);
    if (runsOnce) for (const array of written) known.add(array);
  }
  return { setup, perRun };
}

/** The arrays that a call writes, or those that it only reads. */
function arrays<T>({ kernel, buffers }: KernelCall<T>, written: boolean): T[] {
  const names = Object.entries(kernel.buffers).filter(([, { access }]) => (access === 'read_write') === written);
  return names.map(([name]) => buffers[name]!);
}
