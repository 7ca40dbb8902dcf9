/** Options that name a feature extractor: the same for coloring, training and whatever else needs one. */
import { EMBEDDING_KINDS, type EmbeddingKind, parseRange } from '../../model/embedding.ts';
import type { ExtractorOptions } from '../../model/extractor.ts';
import { UsageError } from './messages.ts';

const text = { type: 'string' } as const;

/** For `parseArgs`. */
export const INCEPTION_OPTIONS = {
  extractor: text,
  inception: text,
  'inception-output': text,
  'inception-size': text,
  'inception-range': text,
  'inception-kind': text,
} as const;

/** Help on the options of whatever colors with given weights. */
export const EXTRACTOR_HELP = `  --extractor FILE     the feature extractor (ONNX) that these weights were trained with; those that come with the
                       package find theirs by themselves
  --inception FILE     the same, for weights that were trained with the answers of a classifier, as in the paper
`;

/** Help on the options beside --inception itself. */
export const INCEPTION_DETAILS_HELP = `  --inception-output NAME          the value of the file that is used             [its only output]
  --inception-kind KIND            logits (before the softmax), softmax, or pooled (what the last
                                   matrix product reads)                          [logits]
  --inception-size N               pixels a side of its input                     [what it declares, else 299]
  --inception-range BLACK,WHITE    what it is fed with for black and for white    [-1,1]
`;

/** What was given; nothing is filled in. */
export interface InceptionArguments extends ExtractorOptions {
  readonly source: string;
}

/** The file that was named, if it is one. */
export function filesOf(inception: InceptionArguments | undefined): string[] {
  return inception ? [inception.source] : [];
}

type Values = { readonly [K in keyof typeof INCEPTION_OPTIONS]?: string | undefined };

/** Reads the options; undefined where there is no --inception. @throws UsageError */
export function inceptionOf(values: Values): InceptionArguments | undefined {
  if (values.inception !== undefined && values.extractor !== undefined) {
    throw new UsageError('--inception and --extractor: expected one of them, got both');
  }
  const source = values.inception ?? values.extractor;
  const details = (Object.keys(INCEPTION_OPTIONS) as (keyof Values)[]).filter((name) => values[name] !== undefined);
  if (source === undefined) {
    if (details.length === 0) return undefined;
    throw new UsageError(`--${details[0]}: expected --inception FILE beside it, got none`);
  }
  const size = read(values, 'inception-size', 'a whole number from 1 to 4096', (given) => {
    const number = /^\d+$/.test(given) ? Number(given) : 0;
    return number >= 1 && number <= 4096 ? number : undefined;
  });
  const range = read(values, 'inception-range', "two different numbers, such as '-1,1' or '0,255'", parseRange);
  const kind = read(values, 'inception-kind', EMBEDDING_KINDS.join(' or '), (given) =>
    EMBEDDING_KINDS.find((one) => one === given),
  ) as EmbeddingKind | undefined;
  return { source, output: values['inception-output'], size, range, kind };
}

function read<T>(
  values: Values,
  name: keyof Values,
  expected: string,
  parse: (given: string) => T | undefined,
): T | undefined {
  const given = values[name];
  if (given === undefined) return undefined;
  const value = parse(given);
  if (value === undefined) throw new UsageError(`--${name}: expected ${expected}, got '${given}'`);
  return value;
}

/** Joins `--inception-range -1,1` to one word: `parseArgs` takes what begins with a dash for an option. */
export function joinRange(argv: readonly string[]): string[] {
  const name = '--inception-range';
  return argv.flatMap((word, i) => {
    if (word === name && argv[i + 1] !== undefined) return [`${name}=${argv[i + 1]}`];
    return argv[i - 1] === name ? [] : [word];
  });
}
