/** Options of training that name a feature extractor, and which of its outputs the network is conditioned on. */
import type { ExtractorOptions } from '../../../model/extractor.ts';
import { INCEPTION_OPTIONS, inceptionOf } from '../../shared/inception.ts';
import { UsageError } from '../../shared/messages.ts';
import { oneOf, parsed, type ValuesOf } from '../../shared/options.ts';

export const EXTRACTOR_OPTIONS = {
  ...INCEPTION_OPTIONS,
  maps: parsed('different names with commas between, such as stride16,stride32', (given) => {
    const names = given.split(',').map((name) => name.trim());
    return names.includes('') || new Set(names).size < names.length ? undefined : names;
  }),
  'extractor-scale': oneOf([1, 2, 4, 8]),
} as const;

/** What was given; nothing is filled in. */
export type ExtractorArguments =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'vector'; readonly source: string } & Omit<ExtractorOptions, 'kind'> & {
        readonly embedding: ExtractorOptions['kind'];
      })
  | {
      readonly kind: 'maps';
      /** Undefined: the one that comes with the package. */
      readonly source: string | undefined;
      /** Undefined: the default ones of that. */
      readonly outputs: readonly string[] | undefined;
      readonly scale: number | undefined;
      readonly range: ExtractorOptions['range'];
      /** Pixels a side of the squares that it is to see. */
      readonly size: number | undefined;
    };

type Values = ValuesOf<typeof EXTRACTOR_OPTIONS>;

/** Reads the options; undefined where there are none of them. @throws UsageError */
export function extractorOf(values: Values): ExtractorArguments | undefined {
  const { maps: outputs, 'extractor-scale': scale } = values;
  if (values.extractor === 'none') {
    const names = Object.keys(EXTRACTOR_OPTIONS) as (keyof Values)[];
    const other = names.find((name) => name !== 'extractor' && values[name] !== undefined);
    if (other)
      throw new UsageError({
        where: `--${other}`,
        expected: 'none beside --extractor none',
        got: `'${values[other]}'`,
      });
    return { kind: 'none' };
  }
  const given = inceptionOf(values);
  if (outputs === undefined && scale === undefined) {
    if (!given) return undefined;
    const { kind: embedding, ...vector } = given;
    return { kind: 'vector', embedding, ...vector };
  }
  if (given && !outputs)
    throw new UsageError({ where: '--extractor-scale', expected: '--maps beside it', got: 'none' });
  for (const name of ['inception-output', 'inception-kind'] as const) {
    if (values[name] !== undefined)
      throw new UsageError({ where: `--${name}`, expected: 'none beside --maps', got: `'${values[name]}'` });
  }
  return { kind: 'maps', source: given?.source, outputs, scale, range: given?.range, size: given?.size };
}
