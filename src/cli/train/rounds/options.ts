/** Options of training on several devices: what may be given, and what it means for a run. */
import { randomBytes } from 'node:crypto';
import { DILOCO, type OuterOptions, PLAIN_MEAN } from '../../../train/rounds/outer.ts';
import { queueUrl } from '../../queue/engine.ts';
import { UsageError } from '../../shared/messages.ts';
import { integer, parsed, path, type ValuesOf } from '../../shared/options.ts';
import type { RoundSettings, RunConfig } from '../run_folder.ts';

const MOST_SHARES = 1024;
const DEFAULT_LOCAL_STEPS = 100;
const DEFAULT_LOCK_S = 60;

export const ROUND_OPTIONS = {
  queue: queueUrl,
  join: path(),
  shares: integer(1, MOST_SHARES),
  'local-steps': integer(1, 1_000_000),
  outer: parsed('none, diloco, or RATE,MOMENTUM such as 0.7,0.9', readOuter),
  lock: integer(1, 86_400),
} as const;

/** What is said of several devices. */
export interface RoundArguments {
  readonly queue: string;
  /** The run to take part in. */
  readonly join: string | undefined;
  readonly shares: number | undefined;
  readonly localSteps: number | undefined;
  readonly outer: OuterOptions | undefined;
  /** Seconds without a sign of life after which a share is given to another. */
  readonly lock: number;
}

/** Options that a run which is joined has itself. */
const OF_THE_RUN = ['shares', 'local-steps', 'outer', 'resume', 'out', 'init', 'epochs', 'steps'] as const;

type Given = ValuesOf<typeof ROUND_OPTIONS> & {
  readonly [K in 'resume' | 'out' | 'init' | 'epochs' | 'steps' | 'minutes' | 'shard']?: unknown;
};

/** @returns undefined for a training in one process. @throws UsageError */
export function roundsOf(given: Given): RoundArguments | undefined {
  const { queue, join, shares, 'local-steps': localSteps, outer, lock = DEFAULT_LOCK_S } = given;
  if (queue === undefined) {
    const [option] = (['join', 'shares', 'local-steps', 'outer', 'lock'] as const).filter(
      (name) => given[name] ?? false,
    );
    if (option) throw new UsageError({ where: `--${option}`, expected: '--queue URL beside it', got: 'none' });
    return undefined;
  }
  for (const name of ['minutes', 'shard'] as const) {
    if (given[name] === undefined) continue;
    const hint = name === 'minutes' ? 'say how long with --steps or --epochs' : undefined;
    throw new UsageError({ where: `--queue and --${name}`, expected: 'one of them', got: 'both', hint });
  }
  if (join === undefined) {
    if (shares === undefined && !given.resume) {
      throw new UsageError({ where: '--queue', expected: '--shares N beside it, or --join RUN', got: 'neither' });
    }
  } else {
    const [option] = OF_THE_RUN.filter((name) => given[name] ?? false);
    const hint = `leave out --${option}: the run has its own`;
    if (option) throw new UsageError({ where: `--join and --${option}`, expected: 'one of them', got: 'both', hint });
  }
  return { queue, join, shares, localSteps, outer, lock };
}

/** How a run is shared out: as it began, or else as was asked for. @throws UsageError where these contradict each other */
export function roundSettings(args: RoundArguments | undefined, old: RunConfig | undefined): RoundSettings | undefined {
  if (old) {
    if (!args !== !old.rounds) {
      const [expected, got] = old.rounds
        ? ['one, as the run began with', 'none']
        : ['none, as the run began without', 'one'];
      throw new UsageError({ where: '--queue', expected, got });
    }
    expectSame(args, old.rounds);
    return old.rounds;
  }
  if (!args) return undefined;
  const { shares = 1, localSteps = DEFAULT_LOCAL_STEPS, outer = PLAIN_MEAN } = args;
  return { id: randomBytes(8).toString('hex'), shares, localSteps, outer };
}

function expectSame(args: RoundArguments | undefined, had: RoundSettings | undefined): void {
  for (const [name, option] of [
    ['shares', 'shares'],
    ['localSteps', 'local-steps'],
    ['outer', 'outer'],
  ] as const) {
    const [now, then] = [args?.[name], had?.[name]];
    if (now === undefined || textOf(now) === textOf(then!)) continue;
    throw new UsageError({
      where: `--${option}`,
      expected: `${textOf(then!)}, as the run began with`,
      got: `'${textOf(now)}'`,
      hint: 'leave it out with --resume',
    });
  }
}

function textOf(value: number | OuterOptions): string {
  return typeof value === 'number' ? `${value}` : outerText(value);
}

/** As `--outer` takes it. */
export function outerText({ rate, momentum }: OuterOptions): string {
  return rate === 1 && momentum === 0 ? 'none' : `${rate},${momentum}`;
}

function readOuter(given: string): OuterOptions | undefined {
  if (given === 'none') return PLAIN_MEAN;
  if (given === 'diloco') return DILOCO;
  const [rate = Number.NaN, momentum = Number.NaN, ...rest] = given
    .split(',')
    .map((part) => (part ? Number(part) : Number.NaN));
  return rate > 0 && rate <= 10 && momentum >= 0 && momentum < 1 && rest.length === 0 ? { rate, momentum } : undefined;
}
