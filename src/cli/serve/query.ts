/** Options of a request, in its query: those of `koalarize colorize`, by the same names and with the same checks. */
import type { OutputFormat } from '../../image/codec/formats.ts';
import { UPSAMPLINGS } from '../../image/color/upsample.ts';
import { QUALITIES } from '../../image/raster/views.ts';
import { nearest } from '../../runtime/nearest.ts';
import { type ColorizeRequest, OPTIONS, pictureOptions } from '../colorize/options.ts';
import { integer, type Option, oneOf, type ValuesOf } from '../shared/options.ts';
import { Refusal } from './refusal.ts';

export const FORMATS = ['jpeg', 'png', 'webp', 'tiff', 'avif', 'gif'] as const satisfies OutputFormat['id'][];
export type Format = (typeof FORMATS)[number];

const QUERY = {
  format: oneOf(FORMATS),
  strength: OPTIONS.strength,
  upsampling: OPTIONS.upsampling,
  'render-size': OPTIONS['render-size'],
  quality: OPTIONS.quality,
  smoothing: OPTIONS.smoothing,
  border: OPTIONS.border,
  page: integer(1, 1_000_000),
  'keep-color': OPTIONS['keep-color'],
  'no-mark': OPTIONS['no-mark'],
} as const;

/** What each takes, for the OpenAPI description. */
export const QUERY_SCHEMAS: Readonly<Record<keyof typeof QUERY, { schema: object; description: string }>> = {
  format: { schema: { enum: FORMATS }, description: "The answer's format. Default: the picture's own, else PNG." },
  strength: {
    schema: { type: 'number', minimum: 0, maximum: 10, default: 1 },
    description: 'How much color: 0 is grey, 1 is what the network says.',
  },
  upsampling: {
    schema: { enum: UPSAMPLINGS, default: 'guided' },
    description: 'How the colors are enlarged: along the edges of the picture, or bilinear.',
  },
  'render-size': {
    schema: { type: 'integer', minimum: 8, maximum: 2048 },
    description: 'Pixels of the shorter side inside the network. Default: as it was trained.',
  },
  quality: {
    schema: { enum: QUALITIES, default: 'fast' },
    description: 'One look at the picture, or the mean of four for six times the work.',
  },
  smoothing: {
    schema: { type: 'number', minimum: 0, maximum: 1, default: 0.5 },
    description: 'How much colors that differ among near things of one grey are drawn together.',
  },
  border: {
    schema: { type: 'string', pattern: '^(auto|none|\\d+|\\d+(\\.\\d+)?%)$', default: 'auto' },
    description: 'Which border stays neutral: what is found, none, or a width on every side (`%` is written `%25`).',
  },
  page: {
    schema: { type: 'integer', minimum: 1, maximum: 1_000_000, default: 1 },
    description: 'Which page or frame of the file.',
  },
  'keep-color': {
    schema: { type: 'boolean', default: false },
    description: 'Pictures that have colors already stay as they are. `?keep-color` alone says true.',
  },
  'no-mark': {
    schema: { type: 'boolean', default: false },
    description: 'The answer does not say in its XMP that it was colored, and by what.',
  },
};

/** What a request asks for. */
export interface PictureRequest extends Pick<ColorizeRequest, 'ask' | 'apply' | 'keepColor' | 'mark'> {
  /** The picture's own where none is named. */
  readonly format?: Format | undefined;
  /** From 1; the first where none is named. */
  readonly page?: number | undefined;
}

/** What flags take. */
const FLAG = new Map([
  ['', true],
  ['true', true],
  ['false', false],
]);
/** Letters of a wrong value that are given back. */
const SHOWN = 60;

/** Reads a query. @param query what stands behind the question mark. @throws Refusal (400) */
export function readQuery(query: string): PictureRequest {
  const given: Record<string, unknown> = {};
  for (const [name, word] of new URLSearchParams(query)) {
    if (!Object.hasOwn(QUERY, name)) throw unknown(name);
    if (Object.hasOwn(given, name)) {
      throw new Refusal(400, { where: name, expected: 'one value', got: 'several', hint: 'give it once' });
    }
    given[name] = readValue(name as keyof typeof QUERY, word);
  }
  const values = given as ValuesOf<typeof QUERY>;
  const { format, page } = values;
  return {
    ...pictureOptions(values),
    keepColor: values['keep-color'] ?? false,
    mark: !values['no-mark'],
    format,
    page,
  };
}

function readValue(name: keyof typeof QUERY, word: string): unknown {
  const { type, expected, read }: Option<unknown> = QUERY[name];
  const isFlag = type === 'boolean';
  const value = isFlag ? FLAG.get(word) : read(word);
  if (value !== undefined) return value;
  const got = `'${word.slice(0, SHOWN)}'`;
  throw new Refusal(400, { where: name, expected: isFlag ? 'true, false or nothing' : expected, got });
}

function unknown(name: string): Refusal {
  const names = Object.keys(QUERY);
  const near = nearest(name.slice(0, SHOWN), names);
  const hint = near && `did you mean '${near}'?`;
  return new Refusal(400, {
    where: 'query',
    expected: `options ${names.join(', ')}`,
    got: `'${name.slice(0, SHOWN)}'`,
    hint,
  });
}
