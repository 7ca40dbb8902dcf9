/**
 * `npm run bench`: this project against tfjs-backend-webgpu and ONNX Runtime's WebGPU provider, on one adapter, in one process, in turn.
 * Results are compared first; a workload whose results differ has no times.
 */
import { realpathSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DeviceError } from '../src/runtime/errors.ts';
import { Gpu } from '../src/runtime/gpu.ts';
import { forwardPass } from './colorizer.ts';
import { convolutions, DIRECTIONS } from './conv.ts';
import { inceptionForward } from './inception/workload.ts';
import { measure, type Outcome, type Rounds } from './measure.ts';
import { ARMS, type ArmName, inChild, type PeakMemory, peakMemory } from './memory.ts';
import { Report } from './report.ts';
import { loadRivals } from './rivals/index.ts';
import { trainingStep } from './step.ts';
import { RIVALS, type Rivals, type Workload } from './workload.ts';

const HELP = `usage: npm run bench -- [options]

  --only LIST    of conv, forward, step, inception (default: all, in this order)
  --quick        six layers, few rounds, no memory, no inception unless asked for
  --rounds N     samples of each arm (default 5, or 3 of what is slow; quick 3)
  --adapter A    auto, hardware, software, bundled, or part of an adapter's name (default auto)
  --markdown     tables as Markdown
  --json FILE    writes everything, with all samples
  --help         prints this
`;

const OPTIONS = {
  only: { type: 'string' },
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  adapter: { type: 'string', default: 'auto' },
  markdown: { type: 'boolean', default: false },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
  // For the processes whose memory is measured.
  'memory-of': { type: 'string' },
} as const;

const GROUPS = ['conv', 'forward', 'step', 'inception'] as const;
type Group = (typeof GROUPS)[number];

/** What ONNX Runtime gives its own device; the other arms get it too. */
const DAWN_FEATURES = 'disable_robustness, skip_validation';

interface Section {
  readonly title: string;
  readonly workloads: readonly Workload[];
}

/**
 * Runs the benchmark.
 *
 * @returns the exit code: 0; 1 where results differ or a workload does not run; 2 for arguments it does not know.
 */
export async function bench(argv: string[]): Promise<number> {
  let options: ReturnType<typeof parse>;
  try {
    options = parse(argv);
  } catch (cause) {
    process.stderr.write(`${(cause as Error).message}\n\n${HELP}`);
    return 2;
  }
  process.env.KOALARIZE_DAWN ??= DAWN_FEATURES.replaceAll(' ', '');
  try {
    if (options.help) process.stdout.write(HELP);
    else if (options.memoryOf) return await printMemory(options.adapter, options.groups[0]!, options.memoryOf);
    else return await compareArms(options, argv);
    return 0;
  } catch (cause) {
    if (!(cause instanceof DeviceError)) throw cause;
    process.stderr.write(`${cause.message}\n`);
    return 1;
  }
}

function parse(argv: string[]) {
  const { values } = parseArgs({ args: argv, options: OPTIONS });
  const { only, 'memory-of': memoryOf, ...rest } = values;
  const all = GROUPS.filter((name) => name !== 'inception' || !values.quick);
  const groups = only?.split(',').map((name) => oneOf('--only', GROUPS, name)) ?? all;
  const most = Number(values.rounds ?? (values.quick ? 3 : 5));
  if (!(Number.isInteger(most) && most > 0)) {
    throw new Error(`--rounds: expected a positive integer, got '${values.rounds}'`);
  }
  return {
    ...rest,
    groups,
    rounds: { least: values.rounds === undefined ? Math.min(3, most) : most, most },
    memoryOf: memoryOf === undefined ? undefined : oneOf('--memory-of', ARMS, memoryOf),
  };
}

function oneOf<T extends string>(option: string, known: readonly T[], name: string): T {
  const found = known.find((candidate) => candidate === name);
  if (!found) throw new Error(`${option}: expected ${known.join(', ')}, got '${name}'`);
  return found;
}

async function compareArms(options: ReturnType<typeof parse>, argv: readonly string[]): Promise<number> {
  const { adapter, groups, rounds, quick, markdown } = options;
  const gpu = await Gpu.open({ adapter });
  const rivals = await loadRivals(adapter);
  if (rivals.tfjs && rivals.tfjs.adapter !== gpu.name) {
    throw new DeviceError(`bench: expected all arms on '${gpu.name}', got tfjs on '${rivals.tfjs.adapter}'`);
  }
  const report = new Report((line) => process.stdout.write(`${line}\n`), markdown, installed(rivals));
  const facts = describeRun(gpu, rivals, rounds, argv);
  report.facts(facts);

  const outcomes: (Outcome & { section: string })[] = [];
  for (const group of groups) {
    for (const { title, workloads } of await sections(group, gpu, quick)) {
      report.heading(title);
      const section: Outcome[] = [];
      for (const workload of workloads) {
        const outcome = await measure(workload, gpu, rivals, rounds);
        report.outcome(outcome);
        section.push(outcome);
      }
      report.mean(section);
      outcomes.push(...section.map((outcome) => ({ section: title, ...outcome })));
    }
  }
  const memory = quick ? [] : await memoryOfAll(groups, adapter, installed(rivals));
  if (memory.length > 0) report.memory(memory);
  if (options.json) await writeFile(options.json, `${JSON.stringify({ facts, outcomes, memory }, null, 2)}\n`);
  await gpu.close();
  return outcomes.some(({ failed }) => failed !== undefined) ? 1 : 0;
}

async function sections(group: Group, gpu: Gpu, quick: boolean): Promise<Section[]> {
  switch (group) {
    case 'conv':
      return DIRECTIONS.map((direction) => ({
        title: `Convolutions, ${direction}, batch 1, without bias and activation`,
        workloads: convolutions(direction, quick),
      }));
    case 'forward':
      return [{ title: 'The whole network', workloads: [forwardPass()] }];
    case 'step':
      return [{ title: 'Training', workloads: [await trainingStep(gpu, quick ? 3 : 5)] }];
    case 'inception':
      return [{ title: 'Inception-ResNet-v2', workloads: [await inceptionForward()] }];
  }
}

const installed = (rivals: Partial<Rivals>) => RIVALS.filter((name) => rivals[name]);

function describeRun(gpu: Gpu, rivals: Partial<Rivals>, rounds: Rounds, argv: readonly string[]) {
  const version = (name: string): string => {
    return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
  };
  const packages = { tfjs: '@tensorflow/tfjs-backend-webgpu', onnxruntime: 'onnxruntime-node' };
  const others = installed(rivals).map((name) => `${packages[name]} ${version(packages[name])}`);
  const missing = RIVALS.filter((name) => !rivals[name]).map((name) => packages[name]);
  const arms = [
    `koalarize${others.map((other) => `, ${other}`).join('')}, as shipped, with Dawn's features ${DAWN_FEATURES}`,
    ...(missing.length > 0 ? [`not installed: ${missing.join(', ')} (npm i -D)`] : []),
    ...(others.length === 0 ? ['results NOT CHECKED'] : []),
  ].join('; ');
  const { least, most } = rounds;
  const samples = least === most ? most : `${least} to ${most}`;
  return {
    command: ['npm run bench', ...(argv.length ? ['--', ...argv] : [])].join(' '),
    date: new Date().toISOString(),
    adapter: `${gpu.name} (${gpu.source}), ${availableParallelism()} CPU cores`,
    runtime: `Node ${process.versions.node}, Dawn of npm webgpu ${version('webgpu')}`,
    arms,
    times: `from host to host, median and quartiles of ${samples} samples, in turn; GFLOP/s of the direct algorithm`,
    'first call': 'with buffers, uploads and compilation, some of it shared with earlier rows or cached by the driver',
  };
}

/** The arms one after the other, each in a fresh process. */
async function memoryOfAll(
  groups: readonly Group[],
  adapter: string,
  rivals: readonly ArmName[],
): Promise<PeakMemory[]> {
  const peaks: PeakMemory[] = [];
  for (const group of groups.filter((name) => name !== 'conv')) {
    for (const arm of ['koalarize', ...rivals] as const) {
      const args = ['--only', group, '--adapter', adapter, '--memory-of', arm];
      const peak = await inChild(fileURLToPath(import.meta.url), args);
      if (peak) peaks.push(peak);
    }
  }
  return peaks;
}

async function printMemory(adapter: string, group: Group, arm: ArmName): Promise<number> {
  const peak = await peakMemory(adapter, arm, async (gpu) => {
    const [first] = await sections(group, gpu, true);
    return first!.workloads[0]!;
  });
  if (!peak) return 1;
  process.stdout.write(JSON.stringify(peak));
  return 0;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  // The rival's device stays open: an explicit exit ends it.
  process.exit(await bench(process.argv.slice(2)));
}
