/** The arguments of `koalarize train`: what may be given, and what it means. Nothing is read or written here. */
import { parseArgs } from 'node:util';
import type { Precision } from '../../runtime/adapter.ts';
import type { Decay } from '../../train/loop.ts';
import {
  INCEPTION_DETAILS_HELP,
  INCEPTION_OPTIONS,
  type InceptionArguments,
  inceptionOf,
  joinRange,
} from '../inception.ts';
import { UsageError } from '../messages.ts';

export { UsageError };

export const HELP = `koalarize train – trains the network on a folder of colour photographs

  koalarize train DIR… [options]
  koalarize train --resume [--out RUN]

Every jpg, jpeg, png, webp, tif and tiff below the folders is used, except grey, damaged and repeated ones (counted).
A tenth, chosen by each file's content, is kept for validation. Ctrl-C saves and ends; --resume goes on from there.

What to train
  --val DIR            validate on this folder, and train on all of DIR; may be repeated
  --size N             pixels a side of the squares it learns from, a multiple of 8 (224)
  --batch N            pictures a step (100)
  --lr X               learning rate of Adam (0.001)
  --lr-decay KIND      constant (default), or cosine: falls to 1 % over the run
  --seed N             seed of the first weights, the order and the crops (1)
  --init FILE          begin with these weights; those of a narrower network (--width-divisor) are widened
  --width-divisor N    a network with 1/N of the channels, for experiments: 1, 2, 4, 8, 16 or 32 (1)
  --precision P        f32 (default), or f16: products of float16 with float32 sums, for GPUs that have it; the loss is
                       scaled meanwhile, and steps in which a gradient overflows are left out

The feature extractor (none, unless it is named)
  --inception FILE     train with the answers of this picture classifier, an ONNX file such as Inception-ResNet-v2. Each
                       picture is shown to it once, whole, and so is its mirror image; what it says is kept on disk
${INCEPTION_DETAILS_HELP}  --embedding-cache D  where that is kept, for several runs to share (embeddings/ in the run's folder)

How long (default: --epochs 40)
  --epochs N           times that each picture is seen
  --steps N            batches
  --minutes M          wall time of this call; may be given beside --epochs or --steps: the first to come ends it.
                       With --lr-decay cosine and minutes alone, the rate follows the clock, and so no two runs are equal

The run
  --out RUN            folder of the run (runs/DATE_TIME); with --resume, the run to go on with (the newest in runs/)
  --resume             go on from the newest checkpoint, with the settings of the run, to the bit as if never stopped.
                       --epochs, --steps, --minutes may extend it; DIR may be given where the pictures have moved
  --allow-changed-data go on although the pictures are not the same
  --checkpoint-every M minutes between checkpoints (10); the newest three are kept
  --val-every N        steps between validations (each epoch, but at least 50 steps)
  --val-count N        pictures that are validated on, at most (200)

The machine
  --adapter A          auto, hardware, software, bundled, or part of a name: see 'koalarize devices'
  --tune               measure which algorithms are the fastest on this device, and remember them for later runs. A run
                       that began with it goes on with it, to the bit as long as they are remembered
  --verbose            print dispatches and memory plan of what is compiled
  --micro-batch N      pictures that go through the network together; divides --batch (what fits the device)
  --cache MB           memory for decoded pictures (a quarter of the machine's)
                       Set UV_THREADPOOL_SIZE=16 to decode with more than 4 threads

Examples
  koalarize train photos/
  koalarize train photos/ --size 64 --batch 16 --steps 2000 --out runs/small
  koalarize train --out runs/small --resume --steps 5000
  koalarize train train2017/ --val val2017/ --epochs 40 --lr-decay cosine
  koalarize train photos/ --inception inception_resnet_v2.onnx --embedding-cache embeddings/
  koalarize old.jpg -o new.jpg --weights runs/small/weights.safetensors

A run's folder holds config.json, log.jsonl (one line a step: loss, images/s, learning rate, time; and the validations
beside what 'all grey' and 'one colour' score), sheets/ (grey, output, truth), checkpoints/, weights.safetensors, embeddings/.
Exit code: 0 done or interrupted, 1 failed, 2 wrong usage.
`;

/** How long to train; at least one is there. */
export interface Goal {
  readonly epochs?: number;
  readonly steps?: number;
  readonly minutes?: number;
}

/** What decides the weights, and must not change within a run. */
export interface Settings {
  readonly size: number;
  readonly batch: number;
  readonly microBatch: number;
  readonly lr: number;
  readonly lrDecay: Decay;
  readonly seed: number;
  readonly widthDivisor: number;
  /** Absent in runs that began before there was a choice: float32. */
  readonly precision?: Precision;
}

/** What may change from one call to the next. */
export interface Conduct {
  readonly checkpointEvery: number;
  readonly valEvery: number;
  readonly valCount: number;
  readonly adapter: string;
  readonly tune?: boolean;
  /** MB */
  readonly cache: number;
  /** The folder for embeddings; default one in the run's. */
  readonly embeddingCache?: string;
}

/** The arguments as given; nothing is filled in. */
export interface Arguments {
  readonly dirs: readonly string[];
  readonly verbose: boolean;
  readonly val: readonly string[];
  readonly out: string | undefined;
  readonly init: string | undefined;
  readonly inception: InceptionArguments | undefined;
  readonly resume: boolean;
  readonly allowChangedData: boolean;
  readonly goal: Goal;
  readonly settings: Partial<Settings>;
  readonly conduct: Partial<Conduct>;
}

export const DEFAULTS = {
  goal: { epochs: 40 },
  settings: { size: 224, batch: 100, lr: 1e-3, lrDecay: 'constant', seed: 1, widthDivisor: 1, precision: 'f32' },
  conduct: { checkpointEvery: 10, valCount: 200, adapter: 'auto' },
} as const;

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
    seed: whole('seed', 0),
    widthDivisor: whole('width-divisor', 1, 32),
    precision: oneOf('precision', values.precision, ['f32', 'f16']),
  });
  const { size, batch, microBatch, widthDivisor } = settings;
  if (size && size % 8) throw new UsageError(`--size: expected a multiple of 8, got ${size}`);
  if (widthDivisor && 32 % widthDivisor) {
    throw new UsageError(`--width-divisor: expected 1, 2, 4, 8, 16 or 32, got ${widthDivisor}`);
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
    inception: inceptionOf(values),
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
        seed: text,
        'width-divisor': text,
        precision: text,
        'checkpoint-every': text,
        'val-every': text,
        'val-count': text,
        adapter: text,
        tune: flag,
        verbose: flag,
        cache: text,
        'embedding-cache': text,
        ...INCEPTION_OPTIONS,
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
