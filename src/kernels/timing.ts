/** How long programs take, measured in turn: what disturbs one disturbs the others too. */
import type { Gpu } from '../runtime/gpu.ts';
import type { Program } from '../runtime/program.ts';

const LEAST_ROUNDS = 2;
const MOST_ROUNDS = 7;
/** From the least number of rounds on, there is no further one after this time. */
const BUDGET_MS = 400;
/** By the wall clock, a sample lasts about this long: much longer than to wait for it. */
const SAMPLE_MS = 10;
const MOST_REPEATS = 100;
/** Programs that take this many times as long as the best in the first round are not timed again. */
const HOPELESS = 3;

/** Measures milliseconds, by name: the least of several rounds, as everything that disturbs a program prolongs it. */
export async function interleaved(
  gpu: Gpu,
  programs: ReadonlyMap<string, Program>,
): Promise<ReadonlyMap<string, number>> {
  // Browsers round timestamps to 0.1 ms, and those of software drivers are of the queue, not of the work.
  let clock = gpu.hasTimestamps && !gpu.software && gpu.source !== 'browser' ? stamped : wall;
  if (programs.size < 2) return new Map([...programs.keys()].map((name) => [name, 0]));
  const times = new Map<string, number>();
  const begin = performance.now();
  for (const [name, program] of programs) times.set(name, await clock(gpu, program, 1));
  if (Math.min(...times.values()) <= 0) {
    clock = wall;
    for (const [name, program] of programs) times.set(name, await clock(gpu, program, 1));
  }
  const best = Math.min(...times.values());
  const hopeful = [...programs].filter(([name]) => times.get(name)! <= HOPELESS * best);
  const repeats = new Map(
    hopeful.map(([name]) => [name, Math.min(MOST_REPEATS, Math.ceil(SAMPLE_MS / times.get(name)!))]),
  );
  // A single run by the wall clock is mostly waiting.
  if (clock === wall) for (const [name] of hopeful) times.set(name, Number.POSITIVE_INFINITY);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if (round >= LEAST_ROUNDS && performance.now() - begin > BUDGET_MS) break;
    for (const [name, program] of hopeful) {
      const time = await clock(gpu, program, clock === wall ? repeats.get(name)! : 1);
      times.set(name, Math.min(times.get(name)!, time));
    }
  }
  return times;
}

/** By the device's clock: the sum over the dispatches. */
async function stamped(gpu: Gpu, program: Program): Promise<number> {
  return (await gpu.time(program)).reduce((sum, ms) => sum + ms, 0);
}

async function wall(gpu: Gpu, program: Program, repeats: number): Promise<number> {
  const begin = performance.now();
  gpu.submit(...Array.from({ length: repeats }, () => program));
  await gpu.fence();
  return (performance.now() - begin) / repeats;
}
