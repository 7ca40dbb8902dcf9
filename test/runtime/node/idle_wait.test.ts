/** How Node waits for a software device: asleep for the most part, and no longer than it must. */
import { setTimeout as later, setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { idleWait } from '../../../src/runtime/node/idle_wait.ts';
import { gpu } from '../../support/gpu.ts';

afterEach(() => vi.restoreAllMocks());

/** Records every nap, in milliseconds. */
function naps(): number[] {
  const slept: number[] = [];
  vi.spyOn(Atomics, 'wait').mockImplementation(((_cell: Int32Array, _at: number, _value: number, ms: number) => {
    slept.push(ms);
    return 'timed-out';
  }) as typeof Atomics.wait);
  return slept;
}

test('sleeps an eighth of the time waited so far, at most a millisecond, and stops with the wait', async () => {
  const slept = naps();
  let now = 1000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  let finish = (_: string) => {};
  const wait = idleWait(new Promise<string>((resolve) => (finish = resolve)));
  for (const waited of [0, 0.8, 4, 8, 80, 8000]) {
    now = 1000 + waited;
    await turn();
  }
  expect(slept.map((ms) => +ms.toFixed(9))).toEqual([0, 0.1, 0.5, 1, 1, 1]);
  finish('result');
  expect(await wait).toBe('result');
  await turn();
  const after = slept.length;
  await later(20);
  expect(slept.length).toBe(after);
});

test('a failure is passed on, and ends the wait', async () => {
  const slept = naps();
  await expect(idleWait(Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  await turn();
  const after = slept.length;
  await later(20);
  expect(slept.length).toBe(after);
});

test('many waits, one after the other or together, take one nap in each turn of the event loop', async () => {
  const slept = naps();
  for (let i = 0; i < 100; i++) await idleWait(turn());
  expect(slept.length).toBeLessThanOrEqual(100);
  const waits = Array.from({ length: 10 }, () => idleWait(later(50)));
  for (let i = 0; i < 10; i++) await turn();
  expect(slept.length).toBeLessThanOrEqual(111);
  await Promise.all(waits);
});

test('a software device is awaited like this in Node, a GPU is not', () => {
  expect(gpu.wait === idleWait).toBe(gpu.software);
});
