/**
 * Colors a full-size picture with small planes of a* and b*.
 *
 * Each pixel keeps the lightness of its own grey (BT.601 luma, rounded to the picture's depth): a grey photograph keeps
 * its L* exactly, and a color picture is colored as if it had first been saved as greyscale; its old chroma is dropped.
 * Row by row: upsampled (`upsample.ts`), strengthened (`strength.ts`), brought into sRGB (`gamut.ts`). Beside input and
 * output that takes a few rows, and tables of under 2 MB. No network is needed to color again at another strength.
 *
 * H height, W width of the picture; h, w of the chroma planes.
 */
import { expectObject, expectOptions, isKind, kindOf } from '../../runtime/arguments.ts';
import { ArgumentError, FormatError, ShapeError } from '../../runtime/errors.ts';
import { turn } from '../../util/turn.ts';
import { type Border, innerOf, neutralizer } from '../raster/border.ts';
import { channelsOf, lumaRow, maxCode, type Origin, type Picture, type Pixels } from '../raster/picture.ts';
import { chromaStatistics } from './cast_guard.ts';
import { colorRow, colorTables } from './gamut.ts';
import { strengthRow } from './strength.ts';
import { bilinearRows, guidedRows, UPSAMPLINGS, type Upsampling } from './upsample.ts';

/** a* and b*, interleaved: `[h, w, 2]`, in CIE units (the network's output times 127). */
export interface Chroma {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
  /**
   * The part, from the top left, that the picture covers, in chroma pixels; default all. What lies beyond is padding and
   * is never read. Fractions are allowed: 225 columns at half resolution cover 112.5.
   */
  readonly extent?: { readonly width: number; readonly height: number };
  /** The picture's grey at the same size, `[h, w]`, 8-bit codes 0..255, laid over white: what guided upsampling goes by. */
  readonly guide?: Float32Array;
  /** The picture's border, which stays neutral: the planes are of what lies inside. Default none. */
  readonly border?: Border;
  /** Where they come from; handed on to the pictures that are colored with them. */
  readonly origin?: Origin;
}

/** How a* and b* are put on a picture. */
export interface ApplyChromaOptions {
  /**
   * How much color; default 1. 0 gives grey, up to 1 all chroma is multiplied. Above 1, what is added acts on middle
   * lightnesses only (L* 20..90), not where the whole picture has one weak tint, and up to a ceiling.
   */
  readonly strength?: number | undefined;
  /**
   * How the colors are enlarged: `guided` (default) follows the edges of the picture, where the chroma has a guide;
   * `bilinear` does not.
   */
  readonly upsampling?: Upsampling | undefined;
}

/** The depth of the result equals the depth of what went in. */
export type Colored<T extends Pixels> = Picture<
  T extends Uint16Array ? Uint16Array<ArrayBuffer> : Uint8ClampedArray<ArrayBuffer>
>;

/**
 * Colors a picture: its own L*, with a*, b* upsampled to its size.
 *
 * @param picture - RGBA, RGB, grey or grey and alpha; 8 or 16 bits a component
 * @returns RGBA of the same size and depth; alpha unchanged (opaque where there was none)
 * @throws ShapeError when data and sizes disagree or an option is unknown; FormatError when the chroma holds NaN or
 * infinity
 */
export function applyChroma<T extends Pixels>(
  picture: Picture<T>,
  chroma: Chroma,
  options: ApplyChromaOptions = {},
): Colored<T> {
  const { colored, colorRows } = begin(picture, chroma, options);
  colorRows(0, picture.height);
  return colored;
}

/** `applyChroma`, which lets whatever else the process does have its turn every tenth of a second or so. */
export async function applyChromaInTurns<T extends Pixels>(
  picture: Picture<T>,
  chroma: Chroma,
  options: ApplyChromaOptions = {},
): Promise<Colored<T>> {
  const { colored, colorRows } = begin(picture, chroma, options);
  const rows = Math.ceil(PIXELS_A_TURN / picture.width);
  for (let y = 0; y < picture.height; y += rows) {
    await turn();
    colorRows(y, Math.min(y + rows, picture.height));
  }
  return colored;
}

const PIXELS_A_TURN = 1e6;

/** Checks all, and prepares what colors rows: in any order, each once. */
function begin<T extends Pixels>(picture: Picture<T>, chroma: Chroma, options: ApplyChromaOptions) {
  const channels = channelsOf('applyChroma', picture);
  checkChroma(chroma);
  const { strength, upsampling } = checkOptions(options);
  const { width, height } = picture;
  const data: Pixels = picture.data;
  const max = maxCode(picture);
  const out = max === 255 ? new Uint8ClampedArray(width * height * 4) : new Uint16Array(width * height * 4);
  const hasAlpha = channels === 2 || channels === 4;
  // For alpha: colors are written over what else there is.
  if (channels === 4) out.set(data);
  else if (hasAlpha) for (let i = 1; i < data.length; i += 2) out[2 * i + 1] = data[i]!;
  else out.fill(max);
  const planes = { ...chroma, extent: chroma.extent ?? chroma };
  const guide = upsampling === 'guided' ? chroma.guide : undefined;
  const inner = chroma.border ? innerOf(chroma.border, picture) : { left: 0, top: 0, width, height };
  const neutralize = chroma.border && neutralizer(chroma.border, picture, inner);
  const upsample = guide ? guidedRows(planes, guide, inner, max) : bilinearRows(planes, inner);
  const statistics = () =>
    chromaStatistics(chroma.data, chroma.width, Math.ceil(planes.extent.width), Math.ceil(planes.extent.height));
  const tables = colorTables(max);
  const strengthen = strengthRow(strength, statistics, tables.f);
  const grey = new Uint16Array(width);
  const seen = guide && hasAlpha ? new Uint16Array(width) : grey;
  const ab = new Float64Array(width * 2);
  const seenInner = seen.subarray(inner.left, inner.left + inner.width);
  const abInner = ab.subarray(2 * inner.left, 2 * (inner.left + inner.width));

  const colorRows = (from: number, to: number): void => {
    for (let y = from; y < to; y++) {
      lumaRow(data, channels, width, y, grey);
      if (seen !== grey) overWhite(grey, data, channels, y, max, seen);
      upsample(Math.min(Math.max(y - inner.top, 0), inner.height - 1), seenInner, abInner);
      neutralize?.(y, ab);
      strengthen?.(grey, ab);
      colorRow(tables, grey, ab, out, y * width * 4);
    }
  };
  const colored = { data: out, width, height, ...(chroma.origin && { origin: chroma.origin }) } as Colored<T>;
  return { colored, colorRows };
}

/** Lays a row over white, as the guide is. */
function overWhite(grey: Uint16Array, data: Pixels, channels: number, y: number, max: number, out: Uint16Array): void {
  const first = y * grey.length * channels + channels - 1;
  for (let x = 0; x < grey.length; x++) {
    const alpha = data[first + x * channels]!;
    out[x] = alpha < max ? max + ((grey[x]! - max) * alpha) / max + 0.5 : grey[x]!;
  }
}

const OPTIONS = ['strength', 'upsampling'] as const satisfies (keyof ApplyChromaOptions)[];

function checkOptions(options: ApplyChromaOptions) {
  expectOptions('applyChroma', options, OPTIONS);
  const { strength = 1, upsampling = 'guided' } = options;
  if (!(Number.isFinite(strength) && strength >= 0)) {
    throw new ShapeError({
      where: 'applyChroma',
      expected: 'a strength of 0 or more',
      got: strength,
      hint: "1 is the network's own chroma",
    });
  }
  if (!UPSAMPLINGS.includes(upsampling)) {
    throw new ShapeError({
      where: 'applyChroma',
      expected: `upsampling ${UPSAMPLINGS.join(' or ')}`,
      got: `'${upsampling}'`,
    });
  }
  return { strength, upsampling };
}

function checkChroma(chroma: Chroma): void {
  expectObject('applyChroma', 'chroma { data, width, height }', chroma);
  const { data, width, height, extent, guide } = chroma;
  for (const [what, array] of Object.entries({ data, ...(guide && { guide }) })) {
    if (isKind(array, 'Float32Array')) continue;
    throw new ArgumentError({
      where: 'applyChroma',
      expected: `${what} of the chroma as a Float32Array`,
      got: kindOf(array),
      hint: `convert it: Float32Array.from(${what})`,
    });
  }
  if (data.length !== width * height * 2 || data.length === 0) {
    throw new ShapeError({
      where: 'applyChroma',
      expected: `chroma [${height}, ${width}, 2] = ${width * height * 2} elements`,
      got: data.length,
      hint: 'pass a* and b* interleaved',
    });
  }
  if (extent && !(extent.width > 0 && extent.width <= width && extent.height > 0 && extent.height <= height)) {
    throw new ShapeError({
      where: 'applyChroma',
      expected: `an extent within ${width} x ${height}`,
      got: `${extent.width} x ${extent.height}`,
      hint: 'give it in chroma pixels',
    });
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new FormatError({
      where: 'applyChroma',
      expected: 'finite a* and b*',
      got: `${data[bad]} at ${bad}`,
      hint: 'check the weights',
    });
  }
  if (!guide) return;
  if (guide.length !== width * height) {
    throw new ShapeError({
      where: 'applyChroma',
      expected: `a guide [${height}, ${width}] = ${width * height} elements`,
      got: guide.length,
      hint: 'one grey for each a*, b*',
    });
  }
  const wrong = guide.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new FormatError({
      where: 'applyChroma',
      expected: 'a finite guide',
      got: `${guide[wrong]} at ${wrong}`,
      hint: 'pass codes 0..255',
    });
  }
}
