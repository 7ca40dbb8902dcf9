/** Options of `koalarize IMAGE|FOLDER… -o OUT`. */
import { WRITABLE_EXTENSIONS } from '../../image/codec/formats.ts';
import type { ApplyChromaOptions } from '../../image/color/chroma.ts';
import { DEFAULT_SMOOTHING } from '../../image/color/smooth.ts';
import { UPSAMPLINGS } from '../../image/color/upsample.ts';
import type { BorderOption } from '../../image/raster/border.ts';
import { QUALITIES } from '../../image/raster/views.ts';
import type { ColorizeOptions, ColorizerOptions } from '../../model/colorizer.ts';
import { EXTRACTOR_HELP, INCEPTION_DETAILS_HELP, INCEPTION_OPTIONS, inceptionOf } from '../shared/inception.ts';
import { sayLine, UsageError } from '../shared/messages.ts';
import {
  flag,
  oneOf,
  parsed,
  parseOptions,
  path,
  renderSize,
  smoothing,
  strength,
  text,
  type ValuesOf,
} from '../shared/options.ts';
import { type Shard, shard } from '../shared/shard.ts';
import { tuning } from '../shared/tune.ts';

export const HELP = `Colors black-and-white photographs.

  koalarize IMAGE|FOLDER… -o OUT [options]

OUT is a file for one image, else a folder. Pictures keep their full size and their own lightness; only the colors
are new. Folders are searched with all below them, links included, but not OUT itself; files without extension are
recognized by how they begin, and what else there is is counted. No file that is read is ever written over. EXIF, IPTC,
texts, alpha and 16 bits are kept.

  -o, --output OUT     where to write; the extension chooses the format (${WRITABLE_EXTENSIONS.join(' ')})
  --strength S         how much color: 0 is grey, 1 is what the network says. More than 1 acts on middle lightnesses,
                       and not on a picture that has one weak tint all over, which would only turn brown     [1]
  --upsampling U       how the colors are enlarged: guided, along the edges of the picture, or bilinear     [guided]
  --render-size N      pixels of the shorter side inside the network      [as it was trained]
  --quality Q          fast: one look at each picture; best: the mean of four looks, at two sizes and mirrored: a little
                       nearer to the truth, for six times the work     [fast]
  --smoothing S        how much colors that differ among near things of one grey are drawn together, 0 to 1: fewer patches     [0.5]
  --border B           which border stays neutral and is kept from the network: auto, what is found of black edges, white
                       margins, mounts and their ovals; none; or a width on every side, N pixels or N% of the shorter side     [auto]
  --weights FILE       other weights, as 'koalarize train' writes them
${EXTRACTOR_HELP}${INCEPTION_DETAILS_HELP}                       These four are in the weights: what is given must be the same
  --adapter A          auto, hardware, software, bundled, or part of a device's name     [auto]
  --tune               measure which algorithms are the fastest on this device, for each size of picture; what is
                       found is remembered, and used wherever --tune is given
  --precision P        f32, or f16: operands rounded to float16 where that is faster (for GPUs that have it)     [f32]
  --verbose            print dispatches and memory plan of each network that is compiled
  --pages P            first: of a file of several pages or frames the first, or all: each becomes OUT-1, OUT-2 …     [first]
  --keep-color         pictures that have colors already stay as they are (toned ones, such as sepia, have none)
  --skip-existing      leave out pictures whose output is there already; but those that were made with other weights or
                       options, or from another input, are done again, as far as the ledger tells
  --no-mark            do not say in the files' XMP that the colors are this program's. Else they do: IPTC's digital source
                       type (algorithmicallyEnhanced), program and version, SHA-256 of the weights
  --no-ledger          keep none. Else, where OUT is a folder for several pictures, OUT/.koalarize.jsonl has a line for each:
                       what it was made of and with, or why not. 'koalarize verify OUT' compares it with the files
  --shard I/N          only one of N shares of the pictures, I from 0, by a hash of their paths inside the folder that is
                       named: N processes, on as many machines, do each picture once. See docs/scale.md
  --json               one line of JSON for each picture, on standard output; one more where files were left out

Examples
  koalarize grandmother.jpg -o grandmother-color.jpg
  koalarize old/ -o new/ --skip-existing
  koalarize scan.tif -o scan.png --strength 1.3

Exit code: 0 all done, 1 some failed (each is named, with the reason), 2 wrong usage.
`;

/** Options that decide what the pictures will be. */
export const PICTURE_OPTIONS = {
  strength,
  upsampling: oneOf(UPSAMPLINGS),
  'render-size': renderSize,
  quality: oneOf(QUALITIES),
  smoothing,
  border: parsed('auto, none, pixels such as 12, or percent such as 5%', borderOption),
  weights: path(),
  ...INCEPTION_OPTIONS,
  precision: oneOf(['f32', 'f16']),
  pages: oneOf(['first', 'all']),
  'keep-color': flag(),
  'no-mark': flag(),
} as const;

/** Options of the device. */
export const DEVICE_OPTIONS = { adapter: text(), tune: flag(), verbose: flag() } as const;

export const OPTIONS = {
  output: path({ short: 'o' }),
  ...PICTURE_OPTIONS,
  ...DEVICE_OPTIONS,
  'skip-existing': flag(),
  shard,
  'no-ledger': flag(),
  json: flag(),
} as const;

/** What was given. */
export type ColorizeValues = ValuesOf<typeof OPTIONS>;

export interface ColorizeRequest {
  readonly inputs: readonly string[];
  readonly output: string;
  readonly skipExisting: boolean;
  /** Where none is named, the first, with a warning if there are several. */
  readonly pages?: 'first' | 'all';
  readonly keepColor: boolean;
  /** Whether a ledger is kept, where several pictures are colored. */
  readonly ledger: boolean;
  /** Whether files say that they were colored. */
  readonly mark: boolean;
  /** The share of the pictures that is wanted; undefined for all. */
  readonly shard: Shard | undefined;
  readonly json: boolean;
  /** For `Colorizer.load`. */
  readonly load: ColorizerOptions;
  /** For each picture. */
  readonly ask: Pick<ColorizeOptions, 'quality' | 'border' | 'renderSize' | 'smoothing'>;
  readonly apply: ApplyChromaOptions;
}

/** Reads the arguments. @returns undefined where help is asked for. @throws UsageError */
export function readArguments(argv: string[]): ColorizeRequest | undefined {
  const asked = parseOptions(OPTIONS, argv);
  if (asked.help) return undefined;
  const { values, words } = asked;
  return requestOf(words, values);
}

/** Puts the request together. @throws UsageError for options that contradict each other, or where input or output are missing */
export function requestOf(inputs: readonly string[], values: ColorizeValues): ColorizeRequest {
  if (inputs.length === 0) throw new UsageError({ expected: 'an image or a folder', got: 'none' });
  if (!values.output) throw new UsageError({ expected: '-o OUT', got: 'none' });
  const { pages } = values;
  return {
    inputs,
    output: values.output,
    skipExisting: values['skip-existing'] ?? false,
    ...(pages && { pages }),
    keepColor: values['keep-color'] ?? false,
    ledger: !values['no-ledger'],
    mark: !values['no-mark'],
    shard: values.shard,
    json: values.json ?? false,
    load: loadOptions(values),
    ...pictureOptions(values),
  };
}

/** What is said of device and weights, for `Colorizer.load`. @throws UsageError */
export function loadOptions(
  values: Pick<
    ColorizeValues,
    'adapter' | 'weights' | 'tune' | 'precision' | 'verbose' | keyof typeof INCEPTION_OPTIONS
  >,
): ColorizerOptions {
  const { adapter, weights, tune, precision, verbose } = values;
  const inception = inceptionOf(values);
  return {
    ...(adapter && { adapter }),
    ...(weights && { weights }),
    ...(tune && { tune: tuning() }),
    ...(precision && { precision }),
    ...(verbose && { verbose: sayLine }),
    ...(inception && { inception }),
  };
}

/** What is said of each picture; what is not said is the default. */
export function pictureOptions(
  values: Pick<ColorizeValues, 'quality' | 'border' | 'smoothing' | 'render-size' | 'strength' | 'upsampling'>,
): Pick<ColorizeRequest, 'ask' | 'apply'> {
  const { quality, border, smoothing, 'render-size': size, strength, upsampling } = values;
  return {
    ask: {
      quality: quality ?? 'fast',
      border: border ?? 'auto',
      smoothing: smoothing ?? DEFAULT_SMOOTHING,
      ...(size && { renderSize: size }),
    },
    apply: { strength: strength ?? 1, upsampling: upsampling ?? 'guided' },
  };
}

function borderOption(given: string): BorderOption | undefined {
  if (/^\d+$/.test(given)) return Number(given);
  return given === 'auto' || given === 'none' || /^\d+(\.\d+)?%$/.test(given) ? (given as BorderOption) : undefined;
}
