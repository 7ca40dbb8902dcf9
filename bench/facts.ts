/** Facts above the tables: who ran what, and where. Node's part. */
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import type { Gpu } from '../src/runtime/gpu.ts';
import type { Ceilings } from './ceilings.ts';
import { describeMethod } from './method.ts';
import type { BenchOptions } from './options.ts';
import type { Loaded } from './rivals/index.ts';
import { RIVALS } from './workload.ts';

/** What ONNX Runtime gives its own device; the other arms get it too. */
export const DAWN_FEATURES = 'disable_robustness,skip_validation';

const PACKAGES = { tfjs: '@tensorflow/tfjs-backend-webgpu', onnxruntime: 'onnxruntime-node' } as const;

export function describeRun(
  gpu: Gpu,
  { rivals, absent }: Loaded,
  ceilings: Ceilings,
  { rounds, tune }: Pick<BenchOptions, 'rounds' | 'tune'>,
  argv: readonly string[],
): Record<string, string> {
  const present = RIVALS.filter((name) => rivals[name]).map((name) => `${PACKAGES[name]} ${version(PACKAGES[name])}`);
  const missing = RIVALS.flatMap((name) => (absent[name] ? [`${PACKAGES[name]} left out: ${absent[name]}`] : []));
  const arms = [
    `${[`koalarize${tune ? ' (tuned)' : ''}`, ...present].join(', ')}, as shipped, with Dawn's features ${DAWN_FEATURES}`,
    ...missing,
    ...(present.length === 0 ? ['results NOT CHECKED'] : []),
  ];
  return {
    command: ['npm run bench', ...(argv.length ? ['--', ...argv] : [])].join(' '),
    date: new Date().toISOString(),
    adapter: `${gpu.name} (${gpu.source}), ${availableParallelism()} CPU cores`,
    runtime: `Node ${process.versions.node}, Dawn of npm webgpu ${version('webgpu')}`,
    arms: arms.join('; '),
    ...describeMethod(rounds, ceilings),
    waiting:
      'on software devices the host sleeps between its looks at Dawn, for tfjs as for koalarize; ONNX Runtime waits on its own',
  };
}

function version(name: string): string {
  return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
}
