/** Pictures as image files in memory, through `sharp`. Writing them to a disk is `node.ts`. */

import { perInch } from '../file/resolution.ts';
import { markXmp } from '../file/xmp.ts';
import { channelsOf, type Picture } from '../raster/picture.ts';
import { embed, fitNotes } from './embed.ts';
import { fitToFormat, formatOf } from './formats.ts';
import type { KeptMetadata } from './metadata.ts';
import { metadataPng } from './png.ts';
import * as reasons from './reasons.ts';
import { loadSharp } from './sharp.ts';

/** Bytes of XMP beyond which libvips leaves it out of a JPEG, whose segments are short, without a word. */
const MOST_JPEG_XMP = 60_000;

/** How a picture file is written. */
export interface WriteOptions {
  /** From `readImage`, to be kept. */
  readonly metadata?: KeptMetadata;
  /** 1..100, as for JPEG; default 92. PNG, TIFF and GIF ignore it. */
  readonly quality?: number;
  /**
   * Whether a picture that was colored says so in XMP, beside what its metadata says: IPTC's digital source type, program,
   * weights. Default true.
   */
  readonly mark?: boolean;
}

/**
 * Encodes a picture as an image file, in memory, in the format of the name's extension.
 *
 * 16-bit pictures stay so in PNG and TIFF. JPEG has no alpha: transparent pixels are laid over white. An opaque picture
 * is written without an alpha channel.
 *
 * @param name - of the file; nothing is written there
 * @param picture - RGBA, sRGB
 * @returns the file, and what the format could not hold, one line each
 * @throws FormatError when the extension is unknown or the format cannot hold the picture; ShapeError when data and size
 * disagree
 */
export async function encodeImage(
  name: string,
  picture: Picture,
  options: WriteOptions = {},
): Promise<{ bytes: Uint8Array; warnings: string[] }> {
  const format = formatOf(name);
  channelsOf(name, picture, 4);
  const { metadata: told = {}, quality = 92, mark = true } = options;
  const sharp = await loadSharp();
  const { pixels, opaque, warnings } = fitToFormat(name, format, picture);
  const origin = mark ? picture.origin : undefined;
  const { xmp: given, ...others } = told;
  let xmp = origin && format.exif ? markXmp(given, origin) : given;
  if (xmp && format.id === 'jpeg' && new TextEncoder().encode(xmp).length > MOST_JPEG_XMP) {
    warnings.push(`${name}: JPEG cannot hold more than ${MOST_JPEG_XMP} bytes of XMP – left out`);
    xmp = origin && markXmp(undefined, origin);
  }
  const metadata = { ...others, ...(xmp && { xmp }) };
  const fitted = fitNotes(name, format, metadata);
  warnings.push(...fitted.warnings);
  if (origin && !format.exif) warnings.push(`${name}: ${format.name} cannot hold the mark of origin – left out`);
  const { held, exif } = fitted;
  const { icc, resolution } = metadata;
  const { data, width, height } = pixels;
  const deep = data instanceof Uint16Array;
  // sharp takes metadata only from an input file: a transparent black PNG of one pixel, enlarged, OR the pixels.
  const clear = { r: 0, g: 0, b: 0, alpha: 0 };
  const raw = { width, height, channels: 4 } as const;
  let image = sharp(
    metadataPng(deep ? 16 : 8, { ...(icc && { icc }), ...(exif && { exif }), ...(resolution && { resolution }) }),
  )
    .extend({ right: width - 1, bottom: height - 1, background: clear })
    .boolean(data as unknown as Buffer, 'or', { raw })
    .keepExif()
    .keepIccProfile();
  // What holds one number only can hold it exactly.
  const [x, y] = resolution ? perInch(resolution) : [72, 72];
  if (x === y) image = image.withDensity(x);
  if (opaque) image = image.removeAlpha();
  if (deep) image = image.toColourspace('rgb16');
  if (metadata.xmp) image = image.withXmp(metadata.xmp);
  const encoded = image.toFormat(format.id, format.options(quality));
  const bytes = await encoded.toBuffer().catch((cause: Error) => {
    throw reasons.encodeError(name, format.name, width, height, cause);
  });
  return { bytes: embed(format, bytes, held), warnings };
}
