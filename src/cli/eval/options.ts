/** The arguments of `koalarize eval`: what may be given, and what it means. Nothing is read or written here. */
import { WRITABLE_EXTENSIONS } from '../../image/codec/formats.ts';
import { DEFAULT_SMOOTHING } from '../../image/color/smooth.ts';
import { QUALITIES } from '../../image/raster/views.ts';
import { EXTRACTOR_HELP, INCEPTION_DETAILS_HELP, INCEPTION_OPTIONS, inceptionOf } from '../shared/inception.ts';
import {
  flag,
  integer,
  number,
  oneOf,
  PAGE_EXTENSIONS,
  path,
  renderSize,
  strength,
  text,
  type ValuesOf,
} from '../shared/options.ts';
import { shard } from '../shared/shard.ts';

/** Pictures of a contact sheet. */
export const SHEET_PICTURES = 24;

export const HELP = `Measures colors on a folder of color photographs, beside those of a grey and of a one-colored answer.

  koalarize eval DIR [options]

The colorizer is given each picture's grey only, as at use, and its answer is compared with the truth in the same
pixels: the center square, its shorter side brought to --size. Pictures that are grey, damaged or repeated are left out
and counted. Printed are MSE of (a*, b*)/127, PSNR, SSIM, mean ΔE00, colorfulness and mean chroma (also over the
truth's), each with a 95 % interval over the pictures, and how it was done.

  --weights FILE       other weights, as 'koalarize train' writes them
${EXTRACTOR_HELP}${INCEPTION_DETAILS_HELP}                       These four are in the weights: what is given must be the same
  --strength S         how much color, as in 'koalarize colorize'     [1]
  --render-size N      pixels of the shorter side inside the network     [as it was trained]
  --quality Q          fast or best, as in 'koalarize colorize'     [fast]
  --smoothing S        0 to 1, as in 'koalarize colorize'     [0.5]
  --size N             pixels a side of the squares     [256]
  --limit N            at most so many pictures: the first by SHA-256, so a fair sample     [all]
  --shard I/N          one of N shares of the pictures, I from 0, by a hash of their paths inside DIR: for N processes, see
                       docs/scale.md. Repeated pictures and the mean color are those of the share
  --adapter A          auto, hardware, software, bundled, or part of a device's name     [auto]
  --json               everything, with each picture's numbers, on standard output
  --sheet FILE         a picture of the first ${SHEET_PICTURES} pictures: grey, ours, truth
  --html FILE          a page with the table, and the best, the median and the worst pictures
  -o, --output DIR     all squares as PNG, in ours/ and truth/, and metrics.json: to check with other programs

Examples
  koalarize eval photos/
  koalarize eval photos/ --weights runs/one/weights.safetensors --limit 500 --html one.html

Exit code: 0 done, 1 failed (with the reason), 2 wrong usage.
`;

export const OPTIONS = {
  weights: path(),
  ...INCEPTION_OPTIONS,
  strength,
  'render-size': renderSize,
  quality: oneOf(QUALITIES),
  smoothing: number({ least: 0, most: 1 }),
  size: integer(16, 2048),
  limit: integer(1, Number.POSITIVE_INFINITY),
  shard,
  adapter: text(),
  json: flag(),
  sheet: path({ endings: WRITABLE_EXTENSIONS }),
  html: path({ endings: PAGE_EXTENSIONS }),
  output: path({ short: 'o' }),
} as const;

export type Values = ValuesOf<typeof OPTIONS>;

/** What was asked for, with the defaults. @throws UsageError */
export function settingsOf(values: Values) {
  return {
    strength: values.strength ?? 1,
    renderSize: values['render-size'],
    quality: values.quality ?? 'fast',
    smoothing: values.smoothing ?? DEFAULT_SMOOTHING,
    size: values.size ?? 256,
    limit: values.limit ?? Number.POSITIVE_INFINITY,
    inception: inceptionOf(values),
  };
}
