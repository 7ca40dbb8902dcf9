/** Times are in the order of the work, by either clock. */
import { afterAll, describe, expect, test } from 'vitest';
import { record } from '../../../src/kernels/core/record.ts';
import { fill } from '../../../src/kernels/elementwise/fill.ts';
import { interleaved } from '../../../src/kernels/tuning/timing.ts';
import type { Gpu } from '../../../src/runtime/gpu.ts';
import { gpu } from '../../support/gpu.ts';

const COUNT = 1 << 20;
const y = gpu.buffer('y', COUNT * 4);
const times = async (device: Gpu, ...dispatches: number[]) => {
  const programs = new Map();
  for (const n of dispatches) {
    const call = { kernel: fill, buffers: { y }, params: { count: COUNT, value: n }, choice: {} };
    const calls = Array.from({ length: n }, () => call) as unknown as Parameters<typeof record>[2];
    programs.set(`${n}`, await record(gpu, `${n}`, calls));
  }
  const result = await interleaved(device, programs);
  for (const program of programs.values()) program.close();
  return dispatches.map((n) => result.get(`${n}`)!);
};
afterAll(() => gpu.free(y));

/** The device, as if it were another kind of one. */
const as = (changes: object): Gpu =>
  new Proxy(gpu, {
    get: (target, name) => {
      const value: unknown = name in changes ? changes[name as never] : Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

describe.each([
  ['the wall clock', as({ source: 'browser' })],
  ['timestamps', as({ software: false, source: 'hardware' })],
  [
    'the wall clock, where timestamps are too coarse',
    as({ software: false, source: 'hardware', time: async () => [0] }),
  ],
])('by %s', (_, device) => {
  test('work of twelve dispatches takes longer than of four, and that longer than of one', async () => {
    const [twelve, one, four] = await times(device, 12, 1, 4);
    expect(one).toBeGreaterThan(0);
    expect(four! / one!).toBeGreaterThan(1.5);
    expect(twelve! / four!).toBeGreaterThan(1.3);
    expect(twelve).toBeLessThan(10_000);
  });

  test('a program alone is not measured', async () => {
    expect(await times(device, 3)).toEqual([0]);
  });
});
