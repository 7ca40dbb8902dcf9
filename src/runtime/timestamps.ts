/** Timestamps around dispatches, by a query set and the buffer that it is resolved into. */
import { BufferUsage } from './device.ts';
import { type Scoped, scoped } from './error_scope.ts';
import type { Program } from './program.ts';

/** Dispatches that can be timed together: WebGPU's limit is 4096 queries in a set, and each takes two. */
const MOST_TIMED = 2048;

/** What holds the timestamps, each 8 bytes: before and after each dispatch, in nanoseconds. */
interface Timestamps {
  readonly stamps: GPUBuffer;
  readonly destroy: () => void;
}

/**
 * Runs a program with timestamps; milliseconds of each dispatch, in order.
 *
 * @param read reads what is told of some of them, once they are done
 */
export async function timeDispatches(
  device: GPUDevice,
  program: Program,
  read: (submitted: Scoped<Timestamps>) => Promise<ArrayBuffer>,
): Promise<number[]> {
  const times: number[] = [];
  for (let first = 0; first < program.dispatches.length; first += MOST_TIMED) {
    const submitted = submitTimed(device, program, first, Math.min(first + MOST_TIMED, program.dispatches.length));
    try {
      times.push(...durations(await read(submitted)));
    } finally {
      submitted.value.destroy();
    }
  }
  return times;
}

/** Submits the dispatches of a program from `first` to before `end`, at most `MOST_TIMED`, with timestamps. */
function submitTimed(device: GPUDevice, program: Program, first: number, end: number): Scoped<Timestamps> {
  const count = 2 * (end - first);
  const made: { destroy(): void }[] = [];
  const destroy = () => {
    for (const each of made) each.destroy();
  };
  try {
    return scoped(device, 'timestamps', () => {
      const querySet = device.createQuerySet({ type: 'timestamp', count });
      made.push(querySet);
      const usage = BufferUsage.QUERY_RESOLVE | BufferUsage.COPY_SRC;
      const stamps = device.createBuffer({ size: count * 8, usage });
      made.push(stamps);
      const encoder = device.createCommandEncoder();
      program.encodeTimed(encoder, querySet, first, end);
      encoder.resolveQuerySet(querySet, 0, count, stamps, 0);
      device.queue.submit([encoder.finish()]);
      return { stamps, destroy };
    });
  } catch (error) {
    destroy();
    throw error;
  }
}

/** Milliseconds of each dispatch. */
function durations(stamps: ArrayBuffer): number[] {
  const all = new BigUint64Array(stamps);
  return Array.from({ length: all.length / 2 }, (_, i) => Number(all[2 * i + 1]! - all[2 * i]!) / 1e6);
}
