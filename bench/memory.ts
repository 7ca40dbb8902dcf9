/** Peak memory of one arm of a workload, in a process of its own: a software driver's buffers are part of it. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Gpu } from '../src/runtime/gpu.ts';
import type { GpuOptions } from '../src/runtime/gpu_options.ts';
import { startArm } from './measure.ts';
import { loadRivals } from './rivals/index.ts';
import type { ArmName, Workload } from './workload.ts';

export interface PeakMemory {
  readonly workload: string;
  readonly arm: ArmName;
  /** The largest resident set of the process. */
  readonly residentBytes: number;
  /** All WebGPU buffers that the arm holds, those kept for reuse included; where it says. */
  readonly deviceBytes?: number;
}

/** Runs one arm of a workload twice, in this process, and says what that took. */
export async function peakMemory(
  device: GpuOptions & { readonly adapter: string },
  arm: ArmName,
  make: (gpu: Gpu) => Promise<Workload>,
): Promise<PeakMemory | undefined> {
  const gpu = await Gpu.open(device);
  const workload = await make(gpu);
  let deviceBytes: number | undefined;
  if (arm === 'koalarize') {
    await (await workload.ours(gpu)).run(2);
    deviceBytes = gpu.peakBytes;
  } else {
    await gpu.close();
    const { rivals } = await loadRivals(device.adapter, gpu);
    const started = await startArm(workload, rivals, arm);
    if (!started) return undefined;
    await started.run(2);
    deviceBytes = arm === 'tfjs' ? rivals.tfjs?.deviceBytes() : undefined;
  }
  const residentBytes = peakResidentBytes();
  return { workload: workload.name, arm, residentBytes, ...(deviceBytes !== undefined && { deviceBytes }) };
}

/** On Linux from /proc: there `getrusage` counts what this process had of its parent's memory before it was this program. */
function peakResidentBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
  return Number(kibibytes) * 1024;
}

/** Starts `script` with `args` as a process, which prints what `peakMemory` returned; undefined where that fails. */
export async function inChild(script: string, args: readonly string[]): Promise<PeakMemory | undefined> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, ...args]);
    return (JSON.parse(stdout) as PeakMemory | null) ?? undefined;
  } catch (cause) {
    process.stderr.write(`bench: no peak memory: ${(cause as Error).message}\n`);
    return undefined;
  }
}
