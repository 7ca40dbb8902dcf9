/**
 * Sample types and color models of TIFF pages: which are taken as they are, which are rewritten first, and which are
 * refused by name. docs/image-files.md has the same table in words.
 */
import { FormatError } from '../../runtime/errors.ts';
import { type Directory, directoriesBelow, numbersOf } from './tiff.ts';

/** How a page's samples are laid out. */
export interface Layout {
  readonly model: 'grey' | 'rgb' | 'palette' | 'cmyk' | 'ycc' | 'lab' | 'icclab';
  /** Samples a pixel that are color. */
  readonly colors: number;
  /** Samples a pixel. */
  readonly samples: number;
  readonly bits: number;
  readonly kind: 'unsigned' | 'signed' | 'float';
  /** The sample that is declared as alpha. */
  readonly alpha?: number;
  readonly whiteIsZero: boolean;
}

/** TIFF 6.0's tags, and of its supplements. */
export const TAG = {
  subfile: 254,
  oldSubfile: 255,
  bits: 258,
  compression: 259,
  photometric: 262,
  samples: 277,
  subDirectories: 330,
  extra: 338,
  kind: 339,
  icc: 34675,
  dng: 50706,
} as const;

const MODELS: Readonly<Record<number, readonly [Layout['model'], colors: number]>> = {
  0: ['grey', 1],
  1: ['grey', 1],
  2: ['rgb', 3],
  3: ['palette', 1],
  5: ['cmyk', 4],
  6: ['ycc', 3],
  8: ['lab', 3],
  9: ['icclab', 3],
};

const OTHER_MODELS: Readonly<Record<number, string>> = {
  4: 'a transparency mask',
  10: 'ITU L*a*b*',
  32844: 'LogL',
  32845: 'LogLuv',
};
const CAMERA_MODELS = [32803, 34892];

/** Color models by the sample types that they are taken in: bits by kind. */
const INTEGERS = { unsigned: [8, 16], signed: [], float: [] };
const GREY = { unsigned: [1, 2, 4, 8, 16, 32], signed: [8, 16, 32], float: [16, 32] };
const TAKEN: Readonly<Record<Layout['model'], Readonly<Record<Layout['kind'], readonly number[]>>>> = {
  grey: GREY,
  rgb: { ...GREY, unsigned: [8, 16, 32] },
  palette: { ...INTEGERS, unsigned: [1, 2, 4, 8, 16] },
  cmyk: INTEGERS,
  ycc: { ...INTEGERS, unsigned: [8] },
  lab: { ...INTEGERS, float: [32] },
  icclab: INTEGERS,
};

const one = (directory: Directory, tag: number, none: number) => numbersOf(directory.get(tag))[0] ?? none;

/** The numbers of the directories that hold pictures: no thumbnails, no masks. */
export function picturePages(directories: readonly Directory[]): number[] {
  const all = [...directories.keys()];
  // Bit 0 of NewSubfileType, or SubfileType 2: a reduced-resolution version of another page; bit 2: a mask.
  const pictures = all.filter((i) => {
    const directory = directories[i]!;
    return (one(directory, TAG.subfile, 0) & 5) === 0 && one(directory, TAG.oldSubfile, 1) !== 2;
  });
  return pictures.length ? pictures : all;
}

/** Says whether the file holds a camera's raw sensor data; then its pages are only previews. */
export function isCameraRaw(file: Uint8Array, directories: readonly Directory[]): boolean {
  const isRaw = (directory: Directory) =>
    directory.has(TAG.dng) || CAMERA_MODELS.includes(one(directory, TAG.photometric, 0));
  // 'CR' after the header: Canon's CR2.
  if (file[8] === 0x43 && file[9] === 0x52) return true;
  return directories
    .slice(0, 8)
    .some((directory) => isRaw(directory) || directoriesBelow(file, directory, TAG.subDirectories).some(isRaw));
}

/**
 * Reads how the samples of a page are laid out.
 *
 * @param name - starts the message
 * @throws FormatError for a color model or a sample type that is not taken
 */
export function layoutOf(name: string, directory: Directory): Layout {
  const refuse = (got: string) => {
    throw new FormatError({
      where: name,
      expected: 'a TIFF of grey, RGB, CMYK or Lab samples',
      got,
      hint: 'convert it to 8- or 16-bit RGB or grey',
    });
  };
  const photometric = one(directory, TAG.photometric, 1);
  const [model, colors] = MODELS[photometric] ?? refuse(OTHER_MODELS[photometric] ?? `color model ${photometric}`);
  const samples = one(directory, TAG.samples, 1);
  const bits = one(directory, TAG.bits, 1);
  const kinds = ['unsigned', 'unsigned', 'signed', 'float', 'unsigned', 'complex', 'complex'] as const;
  const format = kinds[one(directory, TAG.kind, 1)] ?? refuse(`sample format ${one(directory, TAG.kind, 1)}`);
  if (format === 'complex') return refuse('complex samples');
  // Some call Lab signed because a* and b* are; L* never is.
  const kind = model === 'lab' && format === 'signed' ? 'unsigned' : format;
  if (!TAKEN[model][kind].includes(bits)) return refuse(`${bits}-bit ${kind} samples (${model})`);
  // Compression 6 and 7, JPEG: the decoder converts by itself; others would be shown as if they were RGB.
  if (model === 'ycc' && ![6, 7].includes(one(directory, TAG.compression, 1))) return refuse('YCbCr without JPEG');
  const only = model === 'palette' || model === 'ycc';
  if (samples < colors || (only && samples > colors)) return refuse(`${samples} samples a pixel (${model})`);
  // 1: associated, which the decoder undoes; 2: unassociated. 0 says nothing, and is no alpha.
  const declared = numbersOf(directory.get(TAG.extra)).findIndex((meaning) => meaning === 1 || meaning === 2);
  return {
    model,
    colors,
    samples,
    bits,
    kind,
    ...(declared >= 0 && colors + declared < samples && { alpha: colors + declared }),
    whiteIsZero: photometric === 0,
  };
}

/** Says whether the decoder would show such samples wrongly, so that they are rewritten first. */
export function needsRewriting({ model, colors, samples, bits, kind, alpha }: Layout): boolean {
  const plain = kind === 'unsigned' && bits <= 16 && model !== 'lab' && model !== 'icclab';
  return !(plain && samples === colors + (alpha === undefined ? 0 : 1));
}

/** A page's width and height in pixels, as they are stored; 0 where a tag is missing. */
export function sizeOf(directory: Directory): [width: number, height: number] {
  return [one(directory, 256, 0), one(directory, 257, 0)];
}
