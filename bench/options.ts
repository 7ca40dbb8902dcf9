/** The benchmark's arguments. */
import { parseArgs } from 'node:util';
import { defaultRounds, type Rounds } from './measure.ts';
import { ARMS, type ArmName } from './workload.ts';

export const HELP = `usage: npm run bench -- [options]

  --only LIST    of conv, forward, step, inception, mobile, trunk, photograph (default: all, in this order)
  --quick        few layers and rounds, no memory, no inception unless asked for
  --full         also what takes long without a GPU: training at 224x224 with batch 100, inception with batch 16
  --network N     of mobile: lite0, v2 or v3 (default: all)
  --batch N      images in each of conv's workloads (default 1)
  --rounds N     samples of each arm (default 5, or 3 of what is slow; quick 3)
  --tune         use the algorithms that are the fastest here. Measured where they are not remembered: the first call's
                 time then includes that
  --adapter A    auto, hardware, software, bundled, or part of an adapter's name (default auto)
  --markdown     tables as Markdown
  --json FILE    writes everything, with all samples
  --help         prints this
`;

const OPTIONS = {
  only: { type: 'string' },
  quick: { type: 'boolean', default: false },
  full: { type: 'boolean', default: false },
  network: { type: 'string' },
  batch: { type: 'string', default: '1' },
  rounds: { type: 'string' },
  adapter: { type: 'string', default: 'auto' },
  tune: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
  // For the processes whose memory is measured: whose, and where the files are that all of them read.
  'memory-of': { type: 'string' },
  folder: { type: 'string' },
} as const;

const GROUPS = ['conv', 'forward', 'step', 'inception', 'mobile', 'trunk', 'photograph'] as const;
const NETWORKS = ['lite0', 'v2', 'v3'] as const;
export type Group = (typeof GROUPS)[number];

export interface BenchOptions {
  readonly groups: readonly Group[];
  readonly quick: boolean;
  readonly full: boolean;
  /** Part of the name of mobile networks, in lower case. */
  readonly network: string;
  readonly batch: number;
  readonly rounds: Rounds;
  readonly adapter: string;
  readonly tune: boolean;
  readonly markdown: boolean;
  readonly json: string | undefined;
  readonly help: boolean;
  readonly memoryOf: ArmName | undefined;
  readonly folder: string | undefined;
}

/** Reads arguments. @throws Error for those it does not know. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS });
  const { only, json, folder, 'memory-of': memoryOf, ...rest } = values;
  const all = GROUPS.filter((name) => name !== 'inception' || !values.quick);
  const rounds = values.rounds === undefined ? undefined : positive('--rounds', values.rounds);
  return {
    ...rest,
    json,
    folder,
    groups: only?.split(',').map((name) => oneOf('--only', GROUPS, name)) ?? all,
    network: values.network === undefined ? '' : oneOf('--network', NETWORKS, values.network),
    batch: positive('--batch', values.batch),
    rounds: rounds ? { least: rounds, most: rounds } : defaultRounds(values.quick),
    memoryOf: memoryOf === undefined ? undefined : oneOf('--memory-of', ARMS, memoryOf),
  };
}

function oneOf<T extends string>(option: string, known: readonly T[], name: string): T {
  const found = known.find((candidate) => candidate === name);
  if (!found) throw new Error(`${option}: expected ${known.join(', ')}, got '${name}'`);
  return found;
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value > 0)) throw new Error(`${option}: expected a positive integer, got '${text}'`);
  return value;
}
