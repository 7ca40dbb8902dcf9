/** Times are those of the work, by either clock, on a device and a clock that are simulated. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { interleaved } from '../../../src/kernels/tuning/timing.ts';
import type { Gpu } from '../../../src/runtime/gpu.ts';
import type { Program } from '../../../src/runtime/program.ts';

/** What waiting for the device takes beside the work, in ms. */
const WAIT_MS = 0.25;
let now = 0;

beforeEach(() => {
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

/** A device on which a program takes its cost in ms. Its timestamps count in units of `grain` ms; 0: there are none. */
function device(grain: number, disturbed: (run: number) => number = () => 0): { gpu: Gpu; runs: Map<Program, number> } {
  const runs = new Map<Program, number>();
  let total = 0;
  const work = (program: Program): number => {
    runs.set(program, (runs.get(program) ?? 0) + 1);
    const ms = (program as unknown as { cost: number }).cost + disturbed(total++);
    now += ms;
    return ms;
  };
  const gpu = {
    hasTimestamps: grain > 0,
    software: false,
    source: 'hardware',
    time: async (program: Program) => [Math.floor(work(program) / grain) * grain],
    submit: (...programs: Program[]) => {
      for (const program of programs) work(program);
    },
    fence: async () => {
      now += WAIT_MS;
    },
  };
  return { gpu: gpu as unknown as Gpu, runs };
}

const programsOf = (costs: readonly number[]) =>
  new Map(costs.map((cost) => [`${cost}`, { cost } as unknown as Program] as const));

describe.each([
  ['the wall clock', 0],
  ['timestamps', 0.001],
  ['the wall clock, where timestamps are too coarse', 50],
])('by %s', (_, grain) => {
  test('each program has its time, to a twentieth', async () => {
    const { gpu } = device(grain);
    const times = await interleaved(gpu, programsOf([12, 4, 5]));
    for (const [name, ms] of times) expect(Math.abs(ms / Number(name) - 1)).toBeLessThan(0.05);
    expect([...times].sort((a, b) => a[1] - b[1]).map(([name]) => name)).toEqual(['4', '5', '12']);
  });

  test('what disturbs some runs does not count', async () => {
    const { gpu } = device(grain, (run) => (run % 3 === 1 ? 100 : 0));
    const times = await interleaved(gpu, programsOf([30, 20]));
    expect(times.get('20')).toBeLessThan(times.get('30')!);
    expect(times.get('30')).toBeLessThan(31);
  });

  test('a program that takes more than three times the least is given up after the first rounds', async () => {
    const { gpu, runs } = device(grain);
    const programs = programsOf([20, 21, 80]);
    const times = await interleaved(gpu, programs);
    expect(runs.get(programs.get('80')!)).toBeLessThan(runs.get(programs.get('21')!)!);
    expect(times.get('80')).toBeGreaterThanOrEqual(80 - grain);
  });

  test('a program alone is not measured', async () => {
    const { gpu, runs } = device(grain);
    expect([...(await interleaved(gpu, programsOf([3])))]).toEqual([['3', 0]]);
    expect(runs.size).toBe(0);
  });
});
