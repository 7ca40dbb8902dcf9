/** Measurement of workloads: outputs verified first, then backends timed alternately. Failed workloads keep no times. */
import type { Gpu } from '../src/runtime/gpu.ts';
import type { Backend } from './arm.ts';
import { type ArmName, RIVALS, type RivalName, type Rivals, type Workload } from './workload.ts';

export interface Timing {
  /** Preparation, compilation and the first run. */
  readonly firstMs: number;
  readonly medianMs: number;
  /** First and third quartile. */
  readonly quartilesMs: readonly [number, number];
  /** Runs in one sample, which is their mean. */
  readonly repeats: number;
  readonly samplesMs: readonly number[];
}

export interface Measurement {
  readonly workload: string;
  readonly flops: number;
  readonly bytes?: number;
  readonly ours?: Timing;
  /** Those that are installed and can do it. */
  readonly rivals?: { readonly [Name in RivalName]?: Timing };
  /** What rivals said that should be able to do it, and were not. */
  readonly refused?: { readonly [Name in RivalName]?: string };
  /** ONNX Runtime's CPU provider, for information. */
  readonly cpu?: Timing;
  /** The largest difference from another result as a share of the tolerance. Absent where there is no other. */
  readonly error?: number;
  /** Why there are no times. */
  readonly failed?: string;
}

/** A sample of work that can be queued lasts at least about this long on every arm: much longer than a fence. */
const SAMPLE_MS = 20;

/** Samples of each arm: `most`, or from `least` on as many as fit into a few seconds. */
export interface Rounds {
  readonly least: number;
  readonly most: number;
}

/** What is taken unless asked for otherwise. */
export function defaultRounds(quick: boolean): Rounds {
  return { least: 3, most: quick ? 3 : 5 };
}

/** From `least` on, a workload gets no further round after this time. */
const BUDGET_MS = 10_000;

/** Runs `workload` on all backends alternately; on ours alone where there is no rival. */
export async function measure(
  workload: Workload,
  gpu: Gpu,
  rivals: Partial<Rivals>,
  rounds: Rounds,
): Promise<Measurement> {
  const { name, flops, bytes, checkRuns, queueable } = workload;
  const common = { workload: name, flops, ...(bytes !== undefined && { bytes }) };
  const arms: Started[] = [];
  try {
    arms.push(await start('koalarize', () => workload.ours(gpu), checkRuns));
    const refused: { [Name in RivalName]?: string } = {};
    for (const rival of RIVALS.filter((each) => rivals[each] && workload.rivals[each])) {
      try {
        arms.push(await start(rival, () => startArm(workload, rivals, rival)!, checkRuns));
      } catch (cause) {
        refused[rival] = (cause as Error).message;
      }
    }
    const contenders = arms.length;
    const { cpu } = workload;
    if (cpu && rivals.onnxruntime) arms.push(await start('cpu', () => cpu(rivals.onnxruntime!), checkRuns));
    const { error, worst } = await check(arms, workload);
    if (error !== undefined && !(error <= 1)) {
      const failed = `the results differ from ${worst}'s by ${error.toPrecision(3)} times the tolerance`;
      return { ...common, error, failed };
    }
    const [ours, ...theirs] = await interleave(arms.slice(0, contenders), rounds, queueable);
    const [informative] = await interleave(arms.slice(contenders), rounds, queueable);
    return {
      ...common,
      ours: ours!,
      ...(theirs.length > 0 && { rivals: Object.fromEntries(theirs.map((timing, i) => [arms[i + 1]!.name, timing])) }),
      ...(Object.keys(refused).length > 0 && { refused }),
      ...(informative && { cpu: informative }),
      ...(error !== undefined && { error }),
    };
  } catch (cause) {
    return { ...common, failed: (cause as Error).message };
  } finally {
    for (const { arm } of arms) arm.free();
  }
}

/** The arm of a rival; undefined where it is not installed, or can't do it. */
export function startArm<Name extends RivalName>(
  workload: Workload,
  rivals: Partial<Rivals>,
  name: Name,
): Promise<Backend> | undefined {
  const rival = rivals[name];
  return rival && workload.rivals[name]?.(rival);
}

interface Started {
  readonly name: ArmName | 'cpu';
  readonly arm: Backend;
  readonly firstMs: number;
}

async function start(name: Started['name'], make: () => Promise<Backend>, runs: number): Promise<Started> {
  const begin = performance.now();
  const arm = await make();
  await arm.run(1);
  const firstMs = performance.now() - begin;
  if (runs > 1) await arm.run(runs - 1);
  return { name, arm, firstMs };
}

/** Compares the first arm's result with all others': the largest error, and whose it is. */
async function check([ours, ...others]: readonly Started[], workload: Workload) {
  let error: number | undefined;
  let worst: string | undefined;
  for (const { name, arm } of others) {
    const got = await compare(ours!.arm, arm, workload);
    if (error !== undefined && got <= error) continue;
    error = got;
    worst = name;
  }
  return { error, worst };
}

/** The largest difference as a share of the tolerance; infinite where a number is missing or is none. */
async function compare(ours: Backend, theirs: Backend, workload: Workload): Promise<number> {
  const expected = await theirs.result();
  return largestError(await ours.result(), expected, workload.tolerance(expected));
}

/** max |got − expected| / tolerance; infinite for another length, or anything that is not finite. */
export function largestError(got: Float32Array, expected: Float32Array, tolerance: number): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < got.length; i++) {
    const error = Math.abs(got[i]! - expected[i]!) / tolerance;
    if (!Number.isFinite(error)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, error);
  }
  return largest;
}

async function interleave(arms: readonly Started[], rounds: Rounds, queueable: boolean): Promise<Timing[]> {
  if (arms.length === 0) return [];
  const sample = async (arm: Backend, repeats: number) => {
    const begin = performance.now();
    await arm.run(repeats);
    return (performance.now() - begin) / repeats;
  };
  let repeats = 1;
  if (queueable) {
    // As many for each arm, so that all wait for the device equally often; enough of them for the fastest.
    const warm: number[] = [];
    for (const { arm } of arms) warm.push(await sample(arm, 1));
    repeats = Math.min(50, Math.max(1, Math.ceil(SAMPLE_MS / Math.min(...warm))));
  }
  const samples = arms.map((): number[] => []);
  const begin = performance.now();
  for (let round = 0; round < rounds.most; round++) {
    if (round >= rounds.least && performance.now() - begin > BUDGET_MS) break;
    for (const [i, { arm }] of arms.entries()) samples[i]!.push(await sample(arm, repeats));
  }
  return arms.map(({ firstMs }, i) => {
    const samplesMs = samples[i]!;
    const quartilesMs = [quantile(samplesMs, 0.25), quantile(samplesMs, 0.75)] as const;
    return { firstMs, medianMs: quantile(samplesMs, 0.5), quartilesMs, repeats, samplesMs };
  });
}

/** The value below which the share `q` of `values` lies, interpolated. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const low = Math.floor(at);
  const below = sorted[low]!;
  return below + (at - low) * ((sorted[low + 1] ?? below) - below);
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
