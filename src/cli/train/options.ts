/** The arguments of `koalarize train`: what may be given, and what it means. Nothing is read or written here. */
import { resolve } from 'node:path';
import { ENCODERS } from '../../model/network.ts';
import { UsageError } from '../shared/messages.ts';
import { flag, integer, number, oneOf, parseOptions, path, several, text } from '../shared/options.ts';
import { type Shard, shard } from '../shared/shard.ts';
import { EXTRACTOR_OPTIONS, type ExtractorArguments, extractorOf } from './features/extractor_options.ts';
import { ROUND_OPTIONS, type RoundArguments, roundsOf } from './rounds/options.ts';
import { type Budget, DEFAULTS, type RuntimeOptions, type Settings } from './settings.ts';

export { UsageError };

/** The arguments as given; nothing is filled in. */
export interface Arguments {
  readonly dirs: readonly string[];
  readonly verbose: boolean;
  readonly val: readonly string[];
  readonly out: string | undefined;
  readonly init: string | undefined;
  /** Undefined where nothing is said of it. */
  readonly extractor: ExtractorArguments | undefined;
  readonly resume: boolean;
  readonly allowChangedData: boolean;
  /** Compute the features of this share, and train nothing. */
  readonly shard: Shard | undefined;
  /** Undefined for a training in one process. */
  readonly rounds: RoundArguments | undefined;
  readonly budget: Budget;
  readonly settings: Partial<Settings>;
  readonly runtime: Partial<RuntimeOptions>;
}

/** A memory of a million steps: with 1 the average would never leave the first weights. */
const MOST_EMA = 0.999999;

/** What JSON and uniforms hold. */
const MOST = 2 ** 32 - 1;
const share = number({ least: 0, most: 1 });
const positive = number({ above: 0 });

const OPTIONS = {
  val: several(path()),
  out: path({ short: 'o' }),
  init: path(),
  resume: flag(),
  'allow-changed-data': flag(),
  epochs: positive,
  steps: integer(1, MOST),
  minutes: positive,
  batch: integer(1, MOST),
  'micro-batch': integer(1, MOST),
  size: integer(16, MOST, 8),
  lr: positive,
  'lr-decay': oneOf(['constant', 'cosine']),
  warmup: integer(0, MOST),
  rebalance: share,
  temperature: share,
  'chroma-scale': positive,
  ema: number({ least: 0, most: MOST_EMA }),
  'clip-norm': number({ least: 0 }),
  pad: oneOf(['none', 'white']),
  lightness: oneOf(['luma', 'lab']),
  orthochromatic: share,
  tone: share,
  wear: share,
  preset: oneOf(['default', 'paper']),
  views: integer(1, 16),
  seed: integer(0, MOST),
  'width-divisor': oneOf([1, 2, 4, 8, 16, 32]),
  encoder: oneOf(ENCODERS),
  precision: oneOf(['f32', 'f16']),
  'checkpoint-every': positive,
  'val-every': integer(1, MOST),
  'val-count': integer(0, MOST),
  adapter: text(),
  tune: flag(),
  verbose: flag(),
  cache: number({ least: 0 }),
  'embedding-cache': path(),
  shard,
  ...ROUND_OPTIONS,
  ...EXTRACTOR_OPTIONS,
} as const;

/** Options that are not called as their setting is in a run's files. */
const OPTION_OF: Readonly<Record<string, string>> = { film: 'orthochromatic', targetChroma: 'chroma-scale' };

/** The option that gives a setting. */
export function optionOf(setting: string): string {
  const plain = setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return Object.hasOwn(OPTION_OF, setting) ? OPTION_OF[setting]! : plain;
}

/** Former names of options. */
const FORMER = { film: 'orthochromatic', 'target-chroma': 'chroma-scale' } as const;

/** Reads the arguments; undefined when help is asked for. @throws UsageError */
export function parseArguments(argv: string[]): Arguments | undefined {
  const parsed = parseOptions(OPTIONS, argv, FORMER);
  if (parsed.help) return undefined;
  const { values, words } = parsed;
  const { epochs, steps, minutes, size, batch, temperature, pad, lightness } = values;

  const budget = given({ epochs, steps, minutes });
  if (epochs !== undefined && steps !== undefined) {
    throw new UsageError({ where: '--epochs and --steps', expected: 'one of them', got: 'both' });
  }
  const microBatch = values['micro-batch'];
  const settings = given({
    size,
    batch,
    microBatch,
    lr: values.lr,
    lrDecay: values['lr-decay'],
    warmup: values.warmup,
    rebalance: values.rebalance,
    temperature,
    targetChroma: values['chroma-scale'],
    ema: values.ema,
    clipNorm: values['clip-norm'],
    pad,
    lightness,
    film: values.orthochromatic,
    tone: values.tone,
    wear: values.wear,
    preset: values.preset,
    views: values.views,
    seed: values.seed,
    widthDivisor: values['width-divisor'],
    encoder: values.encoder,
    precision: values.precision,
  });
  if (temperature && pad === 'white')
    throw new UsageError({ where: '--temperature and --pad white', expected: 'one of them', got: 'both' });
  for (const option of ['orthochromatic', 'tone'] as const) {
    if (values[option] && lightness === 'lab')
      throw new UsageError({ where: `--${option} and --lightness lab`, expected: 'one of them', got: 'both' });
  }
  const whole100 = batch ?? DEFAULTS.settings.batch;
  if (microBatch && !values.resume && whole100 % microBatch) {
    throw new UsageError({ where: '--micro-batch', expected: `a divisor of the batch, ${whole100}`, got: microBatch });
  }
  const runtime = given({
    checkpointEvery: values['checkpoint-every'],
    valEvery: values['val-every'],
    valCount: values['val-count'],
    adapter: values.adapter,
    tune: values.tune,
    cache: values.cache,
    embeddingCache: values['embedding-cache'] && resolve(values['embedding-cache']),
  });
  if (values.shard && values.resume) {
    throw new UsageError({ where: '--shard and --resume', expected: 'one of them', got: 'both' });
  }
  if (values.shard && !values['embedding-cache']) {
    throw new UsageError({
      where: '--shard',
      expected: '--embedding-cache D beside it, which runs share',
      got: 'none',
    });
  }
  const rounds = roundsOf(values);
  if (words.length === 0 && !values.resume && !values.join)
    throw new UsageError({ expected: 'a folder of photographs', got: 'none' });
  return {
    dirs: words,
    val: values.val ?? [],
    out: values.out,
    init: values.init,
    extractor: extractorOf(values),
    resume: values.resume ?? false,
    verbose: values.verbose ?? false,
    shard: values.shard,
    rounds,
    allowChangedData: values['allow-changed-data'] ?? false,
    budget,
    settings,
    runtime,
  };
}

/** Leaves out what is undefined. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
