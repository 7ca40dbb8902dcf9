/** How Node waits for a software device: asleep for the most part, and no longer than it must. */
import { setTimeout as later, setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { doze } from '../../../src/runtime/node/idle_wait.ts';
import { gpu } from '../../support/gpu.ts';

afterEach(() => vi.restoreAllMocks());

/** Records every nap, in milliseconds. */
function naps(): number[] {
  const slept: number[] = [];
  const wait = Atomics.wait.bind(Atomics);
  vi.spyOn(Atomics, 'wait').mockImplementation(((cell: Int32Array, at: number, value: number, ms: number) => {
    const begin = performance.now();
    const result = wait(cell, at, value, ms);
    slept.push(performance.now() - begin);
    return result;
  }) as typeof Atomics.wait);
  return slept;
}

test('sleeps through most of a long wait, and stops with it', async () => {
  const slept = naps();
  const begin = performance.now();
  expect(await doze(later(200, 'result'))).toBe('result');
  const waited = performance.now() - begin;
  expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(waited / 2);
  await turn();
  const after = slept.length;
  await later(20);
  expect(slept.length).toBe(after);
});

test('a failure is passed on, and ends the wait', async () => {
  const slept = naps();
  await expect(doze(Promise.reject(new Error('lost')))).rejects.toThrow('lost');
  await turn();
  const after = slept.length;
  await later(20);
  expect(slept.length).toBe(after);
});

test('many waits, one after the other or together, take one nap in each turn of the event loop', async () => {
  const slept = naps();
  for (let i = 0; i < 100; i++) await doze(turn());
  expect(slept.length).toBeLessThanOrEqual(100);
  const waits = Array.from({ length: 10 }, () => doze(later(50)));
  for (let i = 0; i < 10; i++) await turn();
  expect(slept.length).toBeLessThanOrEqual(111);
  await Promise.all(waits);
});

test('a software device is awaited like this in Node, a GPU is not', () => {
  expect(gpu.wait === doze).toBe(gpu.software);
});
