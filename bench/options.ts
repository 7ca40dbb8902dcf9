/** The benchmark's arguments. */
import { UsageError } from '../src/cli/shared/messages.ts';
import { flag, integer, oneOf, parseOptions, path, someOf, text } from '../src/cli/shared/options.ts';
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

const GROUPS = ['conv', 'forward', 'step', 'inception', 'mobile', 'trunk', 'photograph'] as const;
const NETWORKS = ['lite0', 'v2', 'v3'] as const;
const count = integer(1, Number.POSITIVE_INFINITY);

const OPTIONS = {
  only: someOf(GROUPS),
  quick: flag(),
  full: flag(),
  network: oneOf(NETWORKS),
  batch: count,
  rounds: count,
  adapter: text(),
  tune: flag(),
  markdown: flag(),
  json: path(),
  // For the processes whose memory is measured: whose, and where the files are that all of them read.
  'memory-of': oneOf(ARMS),
  folder: path(),
} as const;

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
  readonly memoryOf: ArmName | undefined;
  readonly folder: string | undefined;
}

/** Reads arguments; undefined where help is asked for. @throws UsageError for those it does not know. */
export function parseArguments(argv: readonly string[]): BenchOptions | undefined {
  const parsed = parseOptions(OPTIONS, argv);
  if (parsed.help) return undefined;
  const { values, words } = parsed;
  if (words.length > 0) throw new UsageError(`expected options alone, got '${words[0]}'`);
  const { only, quick = false, rounds } = values;
  return {
    groups: only ?? GROUPS.filter((name) => name !== 'inception' || !quick),
    quick,
    full: values.full ?? false,
    network: values.network ?? '',
    batch: values.batch ?? 1,
    rounds: rounds ? { least: rounds, most: rounds } : defaultRounds(quick),
    adapter: values.adapter ?? 'auto',
    tune: values.tune ?? false,
    markdown: values.markdown ?? false,
    json: values.json,
    memoryOf: values['memory-of'],
    folder: values.folder,
  };
}
