/** Timing of programs, interleaved so that noise affects all candidates alike. */
import type { Gpu } from '../../runtime/gpu.ts';
import type { Program } from '../../runtime/program.ts';

const MIN_ROUNDS = 2;
const MAX_ROUNDS = 7;
/** From the least number of rounds on, there is no further one after this time. */
const BUDGET_MS = 400;
/** By the wall clock, a sample lasts about this long: much longer than to wait for it. */
const SAMPLE_MS = 10;
const MAX_REPEATS = 100;
/** Programs that take this many times as long as the best in these first rounds are not timed again. */
const PRUNE_RATIO = 3;
const PRUNE_ROUNDS = 2;

/** Measures milliseconds, by name: the least of several rounds, as everything that disturbs a program prolongs it. */
export async function interleaved(
  gpu: Gpu,
  programs: ReadonlyMap<string, Program>,
): Promise<ReadonlyMap<string, number>> {
  if (programs.size < 2) return new Map([...programs.keys()].map((name) => [name, 0]));
  const begin = performance.now();
  // Browsers round timestamps to 0.1 ms. On a CPU, what lies between dispatches is work too, and waiting is short.
  const stamps = gpu.hasTimestamps && !gpu.software && gpu.source !== 'browser';
  let times = stamps ? await minimumTimes(PRUNE_ROUNDS, gpu, programs, stamped) : new Map<string, number>();
  const clock = stamps && Math.min(...times.values()) > 0 ? stamped : wall;
  if (clock === wall) times = await minimumTimes(PRUNE_ROUNDS, gpu, programs, wall);

  const best = Math.min(...times.values());
  const candidates = new Map([...programs].filter(([name]) => times.get(name)! <= PRUNE_RATIO * best));
  const repeats = new Map(
    [...candidates.keys()].map((name) => [name, Math.min(MAX_REPEATS, Math.ceil(SAMPLE_MS / times.get(name)!))]),
  );
  // A single run by the wall clock is mostly waiting.
  if (clock === wall) for (const name of candidates.keys()) times.set(name, Number.POSITIVE_INFINITY);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (round >= MIN_ROUNDS && performance.now() - begin > BUDGET_MS) break;
    for (const [name, time] of await minimumTimes(1, gpu, candidates, clock, repeats)) {
      times.set(name, Math.min(times.get(name)!, time));
    }
  }
  return times;
}

type Clock = (gpu: Gpu, program: Program, repeats: number) => Promise<number>;

/** The least time of each program in `rounds` rounds. */
async function minimumTimes(
  rounds: number,
  gpu: Gpu,
  programs: ReadonlyMap<string, Program>,
  clock: Clock,
  repeats?: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, program] of programs) {
      const time = await clock(gpu, program, repeats?.get(name) ?? 1);
      times.set(name, Math.min(times.get(name) ?? time, time));
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
