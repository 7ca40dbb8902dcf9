/** Compares results, then takes times: all arms in turn, from host to host. Times of a failed workload are not kept. */
import type { Gpu } from '../src/runtime/gpu.ts';
import { type Arm, RIVALS, type RivalName, type Rivals, type Workload } from './workload.ts';

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

export interface Outcome {
  readonly workload: string;
  readonly flops: number;
  readonly ours?: Timing;
  /** Those that are installed and can do it. */
  readonly rivals?: { readonly [Name in RivalName]?: Timing };
  /** The largest difference from a rival's result as a share of the tolerance. Absent where there is no rival. */
  readonly error?: number;
  /** Why there are no times. */
  readonly failed?: string;
}

/** A sample of work that can be queued lasts about this long: much longer than a fence. */
const SAMPLE_MS = 20;

/** Samples of each arm: `most`, or from `least` on as many as fit into a few seconds. */
export interface Rounds {
  readonly least: number;
  readonly most: number;
}

/** From `least` on, a workload gets no further round after this time. */
const BUDGET_MS = 10_000;

/** Runs `workload` on all arms in turn; on ours alone where there is no rival. */
export async function measure(workload: Workload, gpu: Gpu, rivals: Partial<Rivals>, rounds: Rounds): Promise<Outcome> {
  const { name, flops } = workload;
  const names = RIVALS.filter((rival) => rivals[rival] && workload.rivals[rival]);
  const arms: Started[] = [];
  try {
    arms.push(await start(() => workload.ours(gpu), workload.checkRuns));
    for (const rival of names) arms.push(await start(() => startArm(workload, rivals, rival)!, workload.checkRuns));
    const errors: number[] = [];
    for (const { arm } of arms.slice(1)) errors.push(await compare(arms[0]!.arm, arm, workload));
    const error = errors.length > 0 ? Math.max(...errors) : undefined;
    if (error !== undefined && !(error <= 1)) {
      const worst = names[errors.indexOf(error)];
      const failed = `the results differ from ${worst}'s by ${error.toPrecision(3)} times the tolerance`;
      return { workload: name, flops, error, failed };
    }
    const [ours, ...theirs] = await interleave(arms, rounds, workload.queueable);
    return {
      workload: name,
      flops,
      ours: ours!,
      ...(names.length > 0 && { rivals: Object.fromEntries(names.map((rival, i) => [rival, theirs[i]!])) }),
      ...(error !== undefined && { error }),
    };
  } catch (cause) {
    return { workload: name, flops, failed: (cause as Error).message };
  } finally {
    for (const { arm } of arms) arm.free();
  }
}

/** The arm of a rival; undefined where it is not installed, or can't do it. */
export function startArm<Name extends RivalName>(
  workload: Workload,
  rivals: Partial<Rivals>,
  name: Name,
): Promise<Arm> | undefined {
  const rival = rivals[name];
  return rival && workload.rivals[name]?.(rival);
}

interface Started {
  readonly arm: Arm;
  readonly firstMs: number;
}

async function start(make: () => Promise<Arm>, runs: number): Promise<Started> {
  const begin = performance.now();
  const arm = await make();
  await arm.run(1);
  const firstMs = performance.now() - begin;
  if (runs > 1) await arm.run(runs - 1);
  return { arm, firstMs };
}

/** The largest difference as a share of the tolerance; infinite where a number is missing or is none. */
async function compare(ours: Arm, theirs: Arm, workload: Workload): Promise<number> {
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
  const sample = async (arm: Arm, repeats: number) => {
    const begin = performance.now();
    await arm.run(repeats);
    return (performance.now() - begin) / repeats;
  };
  let repeats = 1;
  if (queueable) {
    // As many for each arm, so that both wait for the device equally often.
    const warm: number[] = [];
    for (const { arm } of arms) warm.push(await sample(arm, 1));
    repeats = Math.min(50, Math.max(1, Math.ceil(SAMPLE_MS / Math.max(...warm))));
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
