/** Options that name a feature extractor: the same for coloring, training and whatever else needs one. */
import { EMBEDDING_KINDS, parseRange } from '../../model/embedding.ts';
import type { ExtractorOptions } from '../../model/extractor.ts';
import { UsageError } from './messages.ts';
import { integer, oneOf, parsed, path, text, type ValuesOf } from './options.ts';

export const INCEPTION_OPTIONS = {
  extractor: path(),
  inception: path(),
  'inception-output': text(),
  'inception-size': integer(1, 4096),
  'inception-range': parsed("two different numbers, such as '-1,1' or '0,255'", parseRange),
  'inception-kind': oneOf(EMBEDDING_KINDS),
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

type Values = ValuesOf<typeof INCEPTION_OPTIONS>;

/** Reads the options; undefined where there is no --inception. @throws UsageError */
export function inceptionOf(values: Values): InceptionArguments | undefined {
  if (values.inception !== undefined && values.extractor !== undefined) {
    throw new UsageError({ where: '--inception and --extractor', expected: 'one of them', got: 'both' });
  }
  const source = values.inception ?? values.extractor;
  const details = (Object.keys(INCEPTION_OPTIONS) as (keyof Values)[]).filter((name) => values[name] !== undefined);
  if (source === undefined) {
    if (details.length === 0) return undefined;
    throw new UsageError({ where: `--${details[0]}`, expected: '--inception FILE beside it', got: 'none' });
  }
  return {
    source,
    output: values['inception-output'],
    size: values['inception-size'],
    range: values['inception-range'],
    kind: values['inception-kind'],
  };
}
