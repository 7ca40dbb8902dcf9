/** Compilers that `npm run isa -- setup` makes: where they are, and of which version. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Maker } from './code/op.ts';
import { Complaint } from './complaint.ts';

export interface Tools {
  /** Whether there are Intel, rivals and host cost. */
  readonly complete: boolean;
  /** Folder of the drivers and their libraries. */
  readonly lib: string;
  readonly icd: string;
  readonly spirvCross: string;
  readonly python: string;
  /** Folder of NVIDIA's compiler. */
  readonly nvidia: string;
  readonly versions: Readonly<Record<Maker, string>>;
  /** The path of a library that answers for the kernel's driver. @throws Complaint where it was left out */
  shim(name: 'amdgpu' | 'intel'): string;
}

/** Where setup puts them unless told otherwise. */
export const toolsFolder = (): string =>
  process.env.KOALARIZE_ISA || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'koalarize-isa');

/** @throws Complaint where something is missing, with the command that installs it */
export function openTools(at = toolsFolder()): Tools {
  const icd = join(at, 'nullgpu_icd.json');
  if (!existsSync(icd) || !existsSync(join(at, 'nvidia-version'))) {
    throw new Complaint(
      `${at}: expected the compilers of AMD, Intel and NVIDIA, got none – install them with 'npm run isa -- setup', or say with KOALARIZE_ISA where they are`,
    );
  }
  const version = (name: string) => readFileSync(join(at, `${name}-version`), 'utf8').trim();
  const only = (folder: string, start: string) =>
    join(folder, readdirSync(folder).find((name) => name.startsWith(start)) ?? start);
  const shimPath = (name: string) => join(at, `lib${name}_noop_drm_shim.so`);
  const mesa = `Mesa ${version('mesa')}`;
  return {
    complete: existsSync(shimPath('intel')),
    lib: join(at, 'debian/usr/lib/x86_64-linux-gnu'),
    icd,
    spirvCross: join(at, 'debian/usr/bin/spirv-cross'),
    python: join(at, 'venv/bin/python'),
    nvidia: only(join(only(join(at, 'venv/lib'), 'python'), 'site-packages/nvidia'), 'cu'),
    versions: { AMD: `RADV, ${mesa}`, Intel: `ANV, ${mesa}`, NVIDIA: `ptxas ${version('nvidia')}` },
    shim(name) {
      const path = shimPath(name);
      if (existsSync(path)) return path;
      throw new Complaint(
        `${path}: expected this library, got none – make it with 'npm run isa -- setup', without --no-intel`,
      );
    },
  };
}
