/** The arguments of `koalarize study`: what may be given, and what it means. Nothing is read or written here. */
import { DEFAULT_SMOOTHING } from '../../image/color/smooth.ts';
import { EXTRACTOR_HELP, INCEPTION_DETAILS_HELP, INCEPTION_OPTIONS, inceptionOf } from '../shared/inception.ts';
import { UsageError } from '../shared/messages.ts';
import {
  flag,
  integer,
  number,
  PAGE_EXTENSIONS,
  path,
  renderSize,
  smoothing,
  strength,
  text,
  type ValuesOf,
} from '../shared/options.ts';

export const HELP = `Makes a blind test: a page that shows real and colored photographs, and asks of each: fake or real?

  koalarize study DIR -o study.html [options]
  koalarize study --merge ANSWERS.json… [--json]

The page is one file with everything inside; it needs no network, and sends nothing. Each sitting shows half of the
pictures colored and half as they are, by lot, in an order of its own, and nobody sees the same picture both ways.
Pictures are taken by their SHA-256, so none is picked for looking good; grey, damaged and repeated ones are left out.
All are squares that went through the same JPEG encoder. At the end the page says how many of ours were taken for real,
with an interval. Answers are saved as JSON; --merge puts many people's together, and prints the table.

  -o, --output FILE    the page
  --count N            pictures of each kind in a sitting     [12]
  --seed N             another sample of the pictures, for people who have seen the first     [0]
  --size N             pixels a side of the squares     [384]
  --seconds S          cover each picture after so many seconds     [never]
  --both               show every picture both ways, one after all others
  --weights FILE       other weights, as 'koalarize train' writes them
${EXTRACTOR_HELP}${INCEPTION_DETAILS_HELP}                       These four are in the weights: what is given must be the same
  --strength S         how much color, as in 'koalarize colorize'     [1]
  --render-size N      pixels of the shorter side inside the network     [as it was trained]
  --smoothing S        0 to 1, as in 'koalarize colorize'     [0.5]
  --adapter A          auto, hardware, software, bundled, or part of a device's name     [auto]
  --merge              read saved answers, of one study; of one sitting saved twice the longer counts
  --json               with DIR: what the page holds; with --merge: every rate, person and picture

Which picture is which is not written plainly in the page, but somebody who means to find out can.

Examples
  koalarize study photos/ -o study.html
  koalarize study photos/ -o quick.html --count 20 --seconds 2 --weights runs/one/weights.safetensors
  koalarize study --merge answers/*.json

Exit code: 0 done, 1 failed (with the reason), 2 wrong usage.
`;

export const OPTIONS = {
  output: path({ short: 'o', endings: PAGE_EXTENSIONS }),
  count: integer(1, 500),
  seed: integer(0, 2 ** 32 - 1),
  size: integer(16, 2048),
  seconds: number({ least: 0.1, most: 3600 }),
  both: flag(),
  weights: path(),
  ...INCEPTION_OPTIONS,
  strength,
  'render-size': renderSize,
  smoothing,
  adapter: text(),
  merge: flag(),
  json: flag(),
} as const;

export type Values = ValuesOf<typeof OPTIONS>;

/** What was asked for, with the defaults. @throws UsageError */
export function settingsOf(values: Values) {
  const { output } = values;
  if (output === undefined) throw new UsageError({ expected: '-o FILE.html', got: 'none' });
  return {
    output,
    seconds: values.seconds ?? null,
    both: values.both ?? false,
    count: values.count ?? 12,
    seed: values.seed ?? 0,
    size: values.size ?? 384,
    strength: values.strength ?? 1,
    renderSize: values['render-size'],
    smoothing: values.smoothing ?? DEFAULT_SMOOTHING,
    inception: inceptionOf(values),
  };
}

/** Checks that nothing but --json stands beside --merge. @throws UsageError */
export function checkMerge(values: Values): void {
  const other = Object.keys(values).find((name) => name !== 'merge' && name !== 'json');
  if (other) throw new UsageError({ where: '--merge', expected: `no --${other} beside it`, got: 'one' });
}
