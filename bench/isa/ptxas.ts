/** Kernels by NVIDIA's compiler, from the SPIR-V that Dawn handed to another one: native/nvidia.py. */
import { spawnSync } from 'node:child_process';
import { analyze } from './code/analysis.ts';
import { Complaint } from './complaint.ts';
import { type Kernel, within } from './output.ts';
import { radv } from './radv.ts';
import type { Tools } from './tools.ts';

/** Of one multiprocessor: its four schedulers' subgroups, workgroups, KiB of workgroup memory (CUDA C++ Programming Guide). */
const MULTIPROCESSORS: Readonly<Record<string, { warps: number; groups: number; memory: number }>> = {
  80: { warps: 64, groups: 32, memory: 164 },
  86: { warps: 48, groups: 16, memory: 100 },
  89: { warps: 48, groups: 24, memory: 100 },
  90: { warps: 64, groups: 32, memory: 228 },
  100: { warps: 64, groups: 32, memory: 228 },
};

/** What nvidia.py says of one kernel. */
interface Compiled {
  readonly error?: string;
  readonly threads: number;
  readonly registers: number;
  readonly shared: number;
  readonly sass: string;
}

/** Subgroups a scheduler, by registers (65,536, handed out in 256s a subgroup), workgroup memory (1 KiB more a workgroup) and limits. */
function warpsPerScheduler(arch: string, { threads, registers, shared }: Compiled): number | undefined {
  const limits = MULTIPROCESSORS[arch];
  if (!limits) return undefined;
  const warps = Math.ceil(threads / 32);
  const byRegisters = Math.floor(65536 / (Math.ceil((registers * 32) / 256) * 256) / warps);
  const byMemory = Math.floor((limits.memory * 1024) / (shared + 1024));
  return (warps * Math.min(byRegisters, byMemory, limits.groups, Math.floor(limits.warps / warps))) / 4;
}

/** @param script the path of nvidia.py */
export function ptxas(tools: Tools, script: string, gpu: string, text: string): Kernel[] {
  const arch = gpu.slice(3);
  const spirv = [...within(text)].flatMap(([line, label]) => {
    const path = /^nullgpu: spirv (.*)$/.exec(line)?.[1];
    return path ? [{ label, path }] : [];
  });
  const done = spawnSync(tools.python, [script, arch, ...spirv.map(({ path }) => path)], {
    env: { ...process.env, LD_LIBRARY_PATH: tools.lib, SPIRV_CROSS: tools.spirvCross, NVIDIA_HOME: tools.nvidia },
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 30,
  });
  const lines = String(done.stdout).split('\n').filter(Boolean);
  if (lines.length !== spirv.length) {
    throw new Complaint(
      `${gpu}: expected ${spirv.length} kernels of NVIDIA's compiler, got ${lines.length} (${done.signal ?? `status ${done.status}`}) – see what it printed`,
    );
  }
  // RADV has compiled the same: how many multiply-adds a step has is plain in its code.
  const onAmd = radv(text);
  return spirv.map(({ label }, i): Kernel => {
    const compiled = JSON.parse(lines[i]!) as Compiled;
    if (compiled.error) return { label, error: compiled.error };
    const code = compiled.sass.split('\n');
    const same = onAmd.length === spirv.length ? onAmd[i]!.loop : undefined;
    const { instructions, spills, fills, loop } = analyze('NVIDIA', code, same?.sure ? same.step.work : undefined);
    const waves = warpsPerScheduler(arch, compiled);
    const { registers, shared: local } = compiled;
    return { label, subgroup: 32, registers, local, waves, instructions, spills, fills, code, loop };
  });
}
