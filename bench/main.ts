/**
 * `npm run bench`: this project against tfjs-backend-webgpu and ONNX Runtime's WebGPU provider, on one adapter, in one
 * process, in turn. Results are compared first; a workload whose results differ has no times.
 */
import { realpathSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tuning } from '../src/cli/shared/tune.ts';
import { DeviceError } from '../src/runtime/errors.ts';
import { Gpu } from '../src/runtime/gpu.ts';
import { measureCeilings } from './ceilings.ts';
import { DAWN_FEATURES, describeRun } from './facts.ts';
import { type Measurement, measure } from './measure.ts';
import { inChild, type PeakMemory, peakMemory } from './memory.ts';
import { type BenchOptions, HELP, parseArguments } from './options.ts';
import { Report } from './report.ts';
import { loadRivals } from './rivals/index.ts';
import { colorizerIn } from './rivals/onnx_files.ts';
import { type Files, sectionsOf } from './sections.ts';
import { type ArmName, RIVALS } from './workload.ts';

/**
 * Runs the benchmark.
 *
 * @returns the exit code: 0; 1 where results differ or a workload does not run; 2 for arguments it does not know.
 */
export async function bench(argv: readonly string[]): Promise<number> {
  let options: BenchOptions | undefined;
  try {
    options = parseArguments(argv);
  } catch (cause) {
    process.stderr.write(`${(cause as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  process.env.KOALARIZE_DAWN ??= DAWN_FEATURES;
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'koalarize-bench-')));
  try {
    if (options.memoryOf) return await printMemory(options, folder, options.memoryOf);
    return await compareArms(options, folder, argv);
  } catch (cause) {
    if (!(cause instanceof DeviceError)) throw cause;
    process.stderr.write(`${cause.message}\n`);
    return 1;
  } finally {
    if (!options.folder) await rm(folder, { recursive: true });
  }
}

async function compareArms(options: BenchOptions, folder: string, argv: readonly string[]): Promise<number> {
  const { adapter, groups, rounds, quick, markdown } = options;
  const gpu = await Gpu.open(deviceOf(options));
  const loaded = await loadRivals(adapter, gpu);
  const { rivals } = loaded;
  const installed = RIVALS.filter((name) => rivals[name]);
  const ceilings = await measureCeilings(gpu);
  const report = new Report((line) => process.stdout.write(`${line}\n`), markdown, installed, ceilings);
  const facts = describeRun(gpu, loaded, ceilings, options, argv);
  report.facts(facts);

  const outcomes: (Measurement & { section: string })[] = [];
  for (const group of groups) {
    for (const { title, workloads } of await sectionsOf(group, gpu, options, filesIn(folder))) {
      report.heading(title);
      const section: Measurement[] = [];
      for (const workload of workloads) {
        const outcome = await measure(workload, gpu, rivals, rounds);
        report.outcome(outcome);
        section.push(outcome);
      }
      report.end(section);
      outcomes.push(...section.map((outcome) => ({ section: title, ...outcome })));
    }
  }
  const memory = quick ? [] : await memoryOfAll(options, folder, ['koalarize', ...installed]);
  if (memory.length > 0) report.memory(memory);
  if (options.json) {
    await writeFile(options.json, `${JSON.stringify({ facts, ceilings, outcomes, memory }, null, 2)}\n`);
  }
  await gpu.close();
  return outcomes.some(({ failed }) => failed !== undefined) ? 1 : 0;
}

/** Files that workloads read: written to `folder`, unless they are there. */
const filesIn = (folder: string): Files => ({
  colorizer: colorizerIn(folder),
  inception: async (gpu, batch) => {
    const { inceptionForward } = await import('./inception/workload.ts');
    return inceptionForward(gpu, folder, batch);
  },
  mobileLayer: async (layer) => (await import('./mobile/layer.ts')).layerWorkload(layer),
  photographs: async (gpu) => (await import('./photograph.ts')).photographs(gpu),
  trunk: async (size) => (await import('./mobile/trunk.ts')).trunkForward(size),
});

const deviceOf = ({ adapter, tune }: BenchOptions) => ({ adapter, ...(tune && { tune: tuning() }) });

/** The arms one after the other, each in a fresh process. */
async function memoryOfAll(
  { groups, adapter, tune }: BenchOptions,
  folder: string,
  arms: readonly ArmName[],
): Promise<PeakMemory[]> {
  const device = ['--adapter', adapter, ...(tune ? ['--tune'] : [])];
  const peaks: PeakMemory[] = [];
  for (const group of groups.filter((name) => name !== 'conv' && name !== 'mobile')) {
    for (const arm of arms) {
      const args = ['--only', group, ...device, '--memory-of', arm, '--folder', folder];
      const peak = await inChild(fileURLToPath(import.meta.url), args);
      if (peak) peaks.push(peak);
    }
  }
  return peaks;
}

/** Prints the peak memory of one arm as JSON: `null` where it can't do the work. */
async function printMemory(options: BenchOptions, folder: string, arm: ArmName): Promise<number> {
  const peak = await peakMemory(deviceOf(options), arm, async (gpu) => {
    const [first] = await sectionsOf(options.groups[0]!, gpu, { ...options, quick: true }, filesIn(folder));
    return first!.workloads[0]!;
  });
  process.stdout.write(JSON.stringify(peak ?? null));
  return 0;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  // The rival's device stays open: an explicit exit ends it.
  process.exit(await bench(process.argv.slice(2)));
}
