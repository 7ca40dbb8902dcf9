/** The arguments of `koalarize compare`: what may be given, and what it means. Nothing is read or written here. */
import { WRITABLE_EXTENSIONS } from '../../image/codec/formats.ts';
import { DEFAULT_SMOOTHING } from '../../image/color/smooth.ts';
import { EXTRACTOR_HELP, INCEPTION_DETAILS_HELP, INCEPTION_OPTIONS, inceptionOf } from '../shared/inception.ts';
import {
  flag,
  integer,
  PAGE_EXTENSIONS,
  path,
  renderSize,
  smoothing,
  strength,
  text,
  type ValuesOf,
} from '../shared/options.ts';

export const HELP = `Puts colors side by side: of several weights, of a run's checkpoints, and of other people's programs.

  koalarize compare DIR [LABEL=]WITH… -o sheet.html [options]

DIR holds photographs; grey ones among them are shown too, but have no truth to be measured by. Each WITH is one of
  a .safetensors file         weights or a checkpoint, which colors the photographs
  a folder with such files    each of them; of a run, its checkpoints and its weights
  a folder of pictures        what another program made of the photographs, under the names they have in DIR (any
                              picture format). They may be smaller or larger, and whole or the center square
Without any, the weights that come with the program are taken. Only photographs that every such folder has are used, and
only where lightness agrees, so that all columns are means over the same pictures. Printed are the metrics of
'koalarize eval' for each, and each beside the first.

  -o, --output FILE    a page (.html) or a picture (${WRITABLE_EXTENSIONS.join(' ')}): a row for each photograph,
                       grey, each WITH, truth
  --show N             rows on it: the first photographs by SHA-256     [24]
  --limit N            at most so many photographs: the first by SHA-256, so a fair sample     [all]
  --size N             pixels a side of the squares that are compared     [256]
  --strength S         how much color, as in 'koalarize colorize'; not of pictures in folders     [1]
  --render-size N      pixels of the shorter side inside the network     [as each was trained]
  --smoothing S        0 to 1, as in 'koalarize colorize'; not of pictures in folders     [0.5]
${EXTRACTOR_HELP}${INCEPTION_DETAILS_HELP}  --adapter A          auto, hardware, software, bundled, or part of a device's name     [auto]
  --json               everything, with each picture's numbers, on standard output

Examples
  koalarize compare val/ runs/one -o checkpoints.html
  koalarize compare val/ old=runs/one/weights.safetensors new=runs/two/weights.safetensors zhang=others/zhang2016 -o all.png

Exit code: 0 done, 1 failed (with the reason), 2 wrong usage.
`;

export const OPTIONS = {
  output: path({ short: 'o', endings: [...PAGE_EXTENSIONS, ...WRITABLE_EXTENSIONS] }),
  show: integer(1, 1000),
  limit: integer(1, Number.POSITIVE_INFINITY),
  size: integer(16, 2048),
  strength,
  'render-size': renderSize,
  smoothing,
  ...INCEPTION_OPTIONS,
  adapter: text(),
  json: flag(),
} as const;

export type Values = ValuesOf<typeof OPTIONS>;

/** What was asked for, with the defaults. @throws UsageError */
export function settingsOf(values: Values) {
  return {
    output: values.output,
    show: values.show ?? 24,
    limit: values.limit ?? Number.POSITIVE_INFINITY,
    size: values.size ?? 256,
    strength: values.strength ?? 1,
    renderSize: values['render-size'],
    smoothing: values.smoothing ?? DEFAULT_SMOOTHING,
    inception: inceptionOf(values),
  };
}
