/** Run of a bundled program on a device that there is not: the environment in which Dawn meets it. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Complaint } from './complaint.ts';
import { expectSubgroups, makerOf } from './gpus.ts';
import type { Tools } from './tools.ts';

export interface RunOptions {
  /** Features of Dawn, separated by commas. */
  readonly dawn?: string | undefined;
  /** What subgroups are forced to. */
  readonly subgroup?: number | undefined;
  /** The device takes submits and reads back zeros, as rivals want it; else RADV's does not. */
  readonly answers?: boolean;
  /** No code is printed. */
  readonly quiet?: boolean;
}

/** What is left to programs, and this: variables that would lead Dawn, Vulkan's loader or a driver elsewhere. */
const STRAY = /^(VK_|NULLGPU_|RADV_|INTEL_|MESA_|KOALARIZE_|LD_PRELOAD)/;

/**
 * Runs `program`, whose argument is `argument` as JSON. For NVIDIA's GPUs it meets one of AMD's, and its SPIR-V is kept.
 *
 * @param scratch a folder of this process
 * @returns all it printed, its marks '##WORD rest' among it
 * @throws Complaint where it ended early
 */
export function run(
  tools: Tools,
  scratch: string,
  gpu: string,
  program: string,
  argument: unknown,
  { dawn, subgroup, answers = false, quiet = false }: RunOptions = {},
): string {
  expectSubgroups(gpu, subgroup);
  const maker = makerOf(gpu);
  const features = [dawn, maker === 'NVIDIA' && 'disable_robustness'].filter(Boolean).join();
  const kept = Object.entries(process.env).filter(([name]) => !STRAY.test(name));
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(kept),
    LD_LIBRARY_PATH: tools.lib,
    VK_DRIVER_FILES: tools.icd,
    VK_ICD_FILENAMES: tools.icd, // the loader's older name for it
    NULLGPU_DRIVER: join(tools.lib, maker === 'Intel' ? 'libvulkan_intel.so' : 'libvulkan_radeon.so'),
    NULLGPU_VERBOSE: '1',
    MESA_SHADER_CACHE_DISABLE: 'true',
    XDG_RUNTIME_DIR: scratch,
    ...(features && { KOALARIZE_DAWN: features }),
    ...(subgroup && maker !== 'NVIDIA' && { NULLGPU_WAVE: String(subgroup) }),
  };
  if (maker === 'Intel') {
    Object.assign(
      env,
      { LD_PRELOAD: tools.shim('intel'), INTEL_STUB_GPU_PLATFORM: gpu },
      !quiet && { INTEL_DEBUG: 'cs' },
    );
  } else {
    const amd = maker === 'NVIDIA' ? 'navi31' : gpu;
    const shim = answers && { LD_PRELOAD: tools.shim('amdgpu'), AMDGPU_GPU_ID: amd };
    Object.assign(env, shim || { RADV_FORCE_FAMILY: amd }, !quiet && { RADV_DEBUG: 'nocache,shaderstats,asm' });
  }
  if (maker === 'NVIDIA' && !quiet) {
    env.NULLGPU_SPIRV = join(scratch, `spirv-${gpu}`);
    mkdirSync(env.NULLGPU_SPIRV, { recursive: true });
  }
  const log = join(scratch, `${gpu}.log`);
  const output = openSync(log, 'w');
  const done = spawnSync(process.execPath, [program, JSON.stringify(argument)], {
    env,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const text = readFileSync(log, 'utf8');
  if (/^##DONE$/m.test(text)) return text;
  const lines = text.split('\n').filter((line) => !/^(\s+at |\s*\^|file:|Node\.js|\s*$)/.test(line));
  throw new Complaint(
    `${gpu}: expected all kernels, got a program that ended early (${done.signal ?? `status ${done.status}`}) – the end of what it printed:\n${lines.slice(-8).join('\n')}`,
  );
}
