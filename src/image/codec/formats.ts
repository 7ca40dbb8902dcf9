/** The image formats that can be written, as options for the encoder. Reading needs no table. */
import { FormatError } from '../../runtime/errors.ts';
import { flattenOverWhite, isOpaque, type Picture, to8Bit } from '../raster/picture.ts';

export interface OutputFormat {
  /** As the encoder names it. */
  readonly id: 'jpeg' | 'png' | 'webp' | 'tiff' | 'avif' | 'gif';
  readonly name: string;
  /** Most bits a component. */
  readonly depth: 8 | 16;
  readonly alpha: boolean;
  /** EXIF and XMP; resolution with them, or in a place of its own. */
  readonly exif: boolean;
  readonly iptc: boolean;
  /** Texts by name: all, or only those for which EXIF has a tag. */
  readonly texts: 'all' | 'exif';
  /** Encoder options; `quality` 1..100. */
  options(quality: number): Record<string, unknown>;
}

// Chroma is all that this program adds, so it is not subsampled where a format can do without.
const JPEG: OutputFormat = {
  id: 'jpeg',
  name: 'JPEG',
  depth: 8,
  alpha: false,
  exif: true,
  iptc: true,
  texts: 'all',
  options: (quality) => ({ quality, chromaSubsampling: '4:4:4' }),
};
const PNG: OutputFormat = {
  id: 'png',
  name: 'PNG',
  depth: 16,
  alpha: true,
  exif: true,
  iptc: true,
  texts: 'all',
  options: () => ({}),
};
const WEBP: OutputFormat = {
  id: 'webp',
  name: 'WebP',
  depth: 8,
  alpha: true,
  exif: true,
  iptc: false,
  texts: 'exif',
  options: (quality) => ({ quality, smartSubsample: true }),
};
const TIFF: OutputFormat = {
  id: 'tiff',
  name: 'TIFF',
  depth: 16,
  alpha: true,
  exif: true,
  iptc: true,
  texts: 'exif',
  options: () => ({ compression: 'lzw', predictor: 'horizontal', resolutionUnit: 'inch' }),
};
const AVIF: OutputFormat = {
  id: 'avif',
  name: 'AVIF',
  depth: 8,
  alpha: true,
  exif: true,
  iptc: false,
  texts: 'exif',
  // AVIF's scale lies about 20 below JPEG's for the same look.
  options: (quality) => ({ quality: Math.max(quality - 20, 1), chromaSubsampling: '4:4:4' }),
};
const GIF: OutputFormat = {
  id: 'gif',
  name: 'GIF',
  depth: 8,
  alpha: true,
  exif: false,
  iptc: false,
  texts: 'all',
  options: () => ({}),
};

const EXTENSIONS: Readonly<Record<string, OutputFormat>> = {
  '.jpg': JPEG,
  '.jpeg': JPEG,
  '.jpe': JPEG,
  '.png': PNG,
  '.webp': WEBP,
  '.tif': TIFF,
  '.tiff': TIFF,
  '.avif': AVIF,
  '.gif': GIF,
};

/** Extensions of files that can be written: lower case, with the dot. */
export const WRITABLE_EXTENSIONS: readonly string[] = Object.keys(EXTENSIONS);

/**
 * Finds the format for a file name's extension, in any case.
 *
 * @throws FormatError when files of that kind cannot be written
 */
export function formatOf(path: string): OutputFormat {
  const extension = /\.[^./\\]+$/.exec(path)?.[0] ?? '';
  const format = EXTENSIONS[extension.toLowerCase()];
  if (format) return format;
  throw new FormatError({
    where: path,
    expected: `a file name ending in ${WRITABLE_EXTENSIONS.join(' ')}`,
    got: `'${extension}'`,
    hint: 'change the extension',
  });
}

/**
 * Reduces a picture to what a format can hold: 8 bits, and transparency laid over white.
 *
 * @param path - starts the warnings
 * @param picture - RGBA
 * @returns the pixels, whether none of them is transparent, and what was lost, one line each
 */
export function fitToFormat(path: string, format: OutputFormat, picture: Picture) {
  const warnings: string[] = [];
  const lost = (what: string, done: string) => warnings.push(`${path}: ${format.name} cannot hold ${what} – ${done}`);
  let pixels = picture;
  let opaque = isOpaque(picture);
  if (pixels.data instanceof Uint16Array && format.depth === 8) {
    lost('16 bits', 'rounded to 8; PNG and TIFF keep them');
    pixels = to8Bit(pixels);
  }
  if (!opaque && !format.alpha) {
    lost('transparency', 'laid over white');
    pixels = flattenOverWhite(pixels);
    opaque = true;
  }
  return { pixels, opaque, warnings };
}
