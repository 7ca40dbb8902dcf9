/** The arguments of `koalarize train`: what may be given, and what it means. Nothing is read or written here. */
import { parseArgs } from 'node:util';
import { ENCODERS } from '../../model/network.ts';
import { joinRange } from '../shared/inception.ts';
import { UsageError } from '../shared/messages.ts';
import { EXTRACTOR_OPTIONS, type ExtractorArguments, extractorOf } from './features/extractor_options.ts';
import { type Conduct, DEFAULTS, type Goal, type Settings } from './settings.ts';

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
  readonly goal: Goal;
  readonly settings: Partial<Settings>;
  readonly conduct: Partial<Conduct>;
}

/** A memory of a million steps: with 1 the average would never leave the first weights. */
const MOST_EMA = 0.999999;

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** Reads the arguments; undefined when help is asked for. @throws UsageError */
export function parseArguments(argv: string[]): Arguments | undefined {
  const { values, positionals } = parse(argv);
  if (values.help) return undefined;
  const whole = (name: keyof typeof values, least: number, most = 2 ** 32 - 1) =>
    numberOf(name, values[name] as string | undefined, { least, most, whole: true });
  const positive = (name: keyof typeof values) => numberOf(name, values[name] as string | undefined, { above: 0 });

  const goal = given({ epochs: positive('epochs'), steps: whole('steps', 1), minutes: positive('minutes') });
  if (goal.epochs !== undefined && goal.steps !== undefined) {
    throw new UsageError('--epochs and --steps: expected one of them, got both');
  }
  const settings = given({
    size: whole('size', 16),
    batch: whole('batch', 1),
    microBatch: whole('micro-batch', 1),
    lr: positive('lr'),
    lrDecay: oneOf('lr-decay', values['lr-decay'], ['constant', 'cosine']),
    warmup: whole('warmup', 0),
    rebalance: numberOf('rebalance', values.rebalance, { least: 0, most: 1 }),
    temperature: numberOf('temperature', values.temperature, { least: 0, most: 1 }),
    targetChroma: positive('target-chroma'),
    ema: numberOf('ema', values.ema, { least: 0, most: MOST_EMA }),
    clipNorm: numberOf('clip-norm', values['clip-norm'], { least: 0 }),
    pad: oneOf('pad', values.pad, ['none', 'white']),
    lightness: oneOf('lightness', values.lightness, ['luma', 'lab']),
    film: numberOf('film', values.film, { least: 0, most: 1 }),
    tone: numberOf('tone', values.tone, { least: 0, most: 1 }),
    preset: oneOf('preset', values.preset, ['default', 'paper']),
    views: whole('views', 1, 16),
    seed: whole('seed', 0),
    widthDivisor: whole('width-divisor', 1, 32),
    encoder: oneOf('encoder', values.encoder, ENCODERS),
    precision: oneOf('precision', values.precision, ['f32', 'f16']),
  });
  const { size, batch, microBatch, widthDivisor, temperature, pad, lightness } = settings;
  if (size && size % 8) throw new UsageError(`--size: expected a multiple of 8, got ${size}`);
  if (widthDivisor && 32 % widthDivisor) {
    throw new UsageError(`--width-divisor: expected 1, 2, 4, 8, 16 or 32, got ${widthDivisor}`);
  }
  if (temperature && pad === 'white')
    throw new UsageError('--temperature and --pad white: expected one of them, got both');
  for (const look of ['film', 'tone'] as const) {
    if (settings[look] && lightness === 'lab')
      throw new UsageError(`--${look} and --lightness lab: expected one of them, got both`);
  }
  const whole100 = batch ?? DEFAULTS.settings.batch;
  if (microBatch && !values.resume && whole100 % microBatch) {
    throw new UsageError(`--micro-batch: expected a divisor of the batch, ${whole100}, got ${microBatch}`);
  }
  const conduct = given({
    checkpointEvery: positive('checkpoint-every'),
    valEvery: whole('val-every', 1),
    valCount: whole('val-count', 0),
    adapter: values.adapter,
    tune: values.tune,
    cache: numberOf('cache', values.cache, { least: 0 }),
    embeddingCache: values['embedding-cache'],
  });
  if (positionals.length === 0 && !values.resume) throw new UsageError('expected a folder of photographs, got none');
  return {
    dirs: positionals,
    val: values.val ?? [],
    out: values.out,
    init: values.init,
    extractor: extractorOf(values),
    resume: values.resume ?? false,
    verbose: values.verbose ?? false,
    allowChangedData: values['allow-changed-data'] ?? false,
    goal,
    settings,
    conduct,
  };
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: joinRange(argv),
      allowPositionals: true,
      options: {
        help: { ...flag, short: 'h' },
        val: { ...text, multiple: true },
        out: { ...text, short: 'o' },
        init: text,
        resume: flag,
        'allow-changed-data': flag,
        epochs: text,
        steps: text,
        minutes: text,
        batch: text,
        'micro-batch': text,
        size: text,
        lr: text,
        'lr-decay': text,
        warmup: text,
        rebalance: text,
        temperature: text,
        'target-chroma': text,
        ema: text,
        'clip-norm': text,
        pad: text,
        lightness: text,
        film: text,
        tone: text,
        preset: text,
        views: text,
        seed: text,
        'width-divisor': text,
        encoder: text,
        precision: text,
        'checkpoint-every': text,
        'val-every': text,
        'val-count': text,
        adapter: text,
        tune: flag,
        verbose: flag,
        cache: text,
        'embedding-cache': text,
        ...EXTRACTOR_OPTIONS,
      },
    });
  } catch (cause) {
    // Node's own message goes on to explain how to pass what looks like an option.
    throw new UsageError((cause as Error).message.split(/\.\s/)[0]!.split('\n')[0]!);
  }
}

function numberOf(
  name: string,
  value: string | undefined,
  range: { least?: number; most?: number; above?: number; whole?: boolean },
): number | undefined {
  if (value === undefined) return undefined;
  const { least = Number.NEGATIVE_INFINITY, most = Number.MAX_VALUE, above = Number.NEGATIVE_INFINITY } = range;
  const number = value.trim() === '' ? Number.NaN : Number(value);
  if (number >= least && number <= most && number > above && (!range.whole || Number.isInteger(number))) return number;
  const bound = range.least === undefined ? `above ${above}` : `from ${least}${range.most ? ` to ${most}` : ''}`;
  throw new UsageError(`--${name}: expected a ${range.whole ? 'whole ' : ''}number ${bound}, got '${value}'`);
}

function oneOf<T extends string>(name: string, value: string | undefined, choices: readonly T[]): T | undefined {
  if (value === undefined || (choices as readonly string[]).includes(value)) return value as T | undefined;
  throw new UsageError(`--${name}: expected ${choices.join(' or ')}, got '${value}'`);
}

/** Leaves out what is undefined. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
