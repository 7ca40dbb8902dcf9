/**
 * Waiting of Node for a software device without taking the processor away from it.
 *
 * Dawn's binding for Node looks for finished work once in every turn of the event loop, and keeps the loop turning as
 * long as anything is awaited: one core is busy with that. Where the device runs on the same cores, it lacks that one
 * (on two of them convolutions took 1.7 times as long). So here the thread sleeps a little in each turn: an eighth of
 * the time waited so far, at most a millisecond. Whatever else the event loop has to do comes at most that much later.
 */

const LONGEST_MS = 1;
const cell = new Int32Array(new SharedArrayBuffer(4));
let waiting = 0;
let since = 0;
let turning = false;

/** Awaits what a device is to finish. */
export async function idleWait<T>(work: Promise<T>): Promise<T> {
  since = performance.now();
  waiting++;
  if (!turning) setImmediate(turn);
  turning = true;
  try {
    return await work;
  } finally {
    waiting--;
  }
}

function turn(): void {
  turning = waiting > 0;
  if (!turning) return;
  Atomics.wait(cell, 0, 0, Math.min(LONGEST_MS, (performance.now() - since) / 8));
  setImmediate(turn);
}
