/**
 * Image files in Node, through `sharp`. The only module here that touches files; it knows nothing of colouring.
 *
 * Pixels are always sRGB, upright, RGBA. How colour profiles are treated:
 * - no profile: the pixels are sRGB by convention, and the output has none either;
 * - an sRGB profile (by its numbers): pixels untouched, the very same profile goes into the output;
 * - any other (Display P3, Adobe RGB, grey, CMYK …): pixels are converted to sRGB and the output carries an sRGB
 *   profile. Going back would gain nothing, as every colour the network can give lies inside sRGB.
 *   A 16-bit greyscale picture's profile is ignored: sharp converts none there.
 * EXIF, XMP and resolution are kept; Orientation becomes 1 and the embedded thumbnail goes.
 */
import { readFile } from 'node:fs/promises';
import type { FailOnOptions, Metadata, ResizeOptions, Sharp } from 'sharp';
import { expectNoPointer } from '../runtime/file_errors.ts';
import { fitToFormat, formatOf } from './formats.ts';
import { isSrgbProfile, type KeptMetadata, updateExif } from './metadata.ts';
import { channelsOf, type Picture } from './picture.ts';
import { metadataPng } from './png.ts';
import * as reasons from './reasons.ts';
import { writeWhole } from './whole_file.ts';

/** A decoded image file: RGBA, sRGB, upright. */
export interface ImageFile extends Picture<Uint8ClampedArray<ArrayBuffer> | Uint16Array<ArrayBuffer>> {
  /** Bits a component. */
  readonly depth: 8 | 16;
  /** As sharp names it: `jpeg`, `png`, `webp`, `tiff`, `gif`, `heif` (AVIF), `svg`. */
  readonly format: string;
  readonly metadata: KeptMetadata;
  /** One line each: damage that could be read past. */
  readonly warnings: readonly string[];
}

/** Most pixels that are decoded: sharp's own default, 16,383 squared. */
const MAX_PIXELS = 0x3fff ** 2;

type SharpModule = typeof import('sharp').default;
let loaded: Promise<SharpModule> | undefined;

function loadSharp(): Promise<SharpModule> {
  loaded ??= import('sharp').then(
    ({ default: sharp }) => {
      // Its cache would hold memory between pictures.
      sharp.cache(false);
      return sharp;
    },
    (cause: Error) => {
      throw reasons.missingSharp(cause);
    },
  );
  return loaded;
}

interface Opened {
  readonly name: string;
  readonly header: Metadata;
  /** Starts a pipeline that gives sRGB, upright. */
  decode(failOn: FailOnOptions): Sharp;
  readonly depth: 8 | 16;
  /** True where the pixels already are what the embedded profile says. */
  readonly ownProfile: boolean;
}

async function open(source: string | Uint8Array, name?: string): Promise<Opened> {
  const sharp = await loadSharp();
  const label = name ?? (typeof source === 'string' ? source : 'image');
  let bytes = source;
  if (typeof bytes === 'string') {
    bytes = await readFile(bytes).catch((cause: Error) => {
      throw reasons.readError(label, cause);
    });
  }
  if (bytes.length === 0) throw reasons.emptyError(label);
  expectNoPointer(label, bytes);
  // The size is checked below, with its numbers in the message.
  const header = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch((cause: Error) => {
      throw reasons.headerError(label, cause);
    });
  const { width, height, space, icc } = header;
  if (width * height > MAX_PIXELS) throw reasons.sizeError(label, width, height, MAX_PIXELS);
  const depth = header.depth === 'ushort' ? 16 : 8;
  const ownProfile = icc !== undefined && isSrgbProfile(icc);
  const ignoreIcc = ownProfile || space === 'grey16';
  return {
    name: label,
    header,
    depth,
    ownProfile,
    decode(failOn) {
      const pipeline = sharp(bytes, { ignoreIcc, autoOrient: true, failOn });
      // sharp brings 16-bit RGB with a profile to Display P3, and only with an output profile on to sRGB.
      return depth === 16 && icc && !ignoreIcc ? pipeline.withIccProfile('srgb') : pipeline;
    },
  };
}

/**
 * Reads an image file: the first frame, turned upright by its EXIF orientation, converted to sRGB. Greyscale becomes
 * RGB, CMYK is converted, missing alpha is opaque. 16-bit files give 16 bits.
 *
 * @param source - a path, or a file's bytes
 * @param options - `name`: what messages call bytes; default `image`
 * @throws FormatError when there is no such file, it is no image, damaged, or above 268 million pixels
 */
export async function readImage(source: string | Uint8Array, options: { name?: string } = {}): Promise<ImageFile> {
  const { name, header, depth, decode, ownProfile } = await open(source, options.name);
  const pixels = (failOn: FailOnOptions) => {
    const pipeline = decode(failOn).ensureAlpha();
    const raw =
      depth === 16 ? pipeline.toColourspace('rgb16').raw({ depth: 'ushort' }) : pipeline.toColourspace('srgb').raw();
    return raw.toBuffer({ resolveWithObject: true });
  };
  // Damage that can be read past is a warning; a picture cut short is an error.
  const warnings: string[] = [];
  const { data, info } = await pixels('warning').catch(async (damage: Error) => {
    const rest = await pixels('error').catch((cause: Error) => {
      throw reasons.damageError(name, cause);
    });
    warnings.push(`${name}: damaged, read past it: ${reasons.oneLine(damage)}`);
    return rest;
  });
  const exif = header.exif && updateExif(header.exif);
  const icc = header.icc && (ownProfile ? header.icc : await srgbProfile());
  // XMP may repeat the orientation that was just applied.
  const xmp = header.xmp?.toString('utf8').replace(/(tiff:Orientation(?:="|>))\d/g, '$11');
  return {
    data: depth === 16 ? new Uint16Array(ownBytes(data)) : new Uint8ClampedArray(ownBytes(data)),
    width: info.width,
    height: info.height,
    depth,
    format: header.format,
    metadata: {
      ...(exif && { exif }),
      ...(icc && { icc }),
      ...(xmp && { xmp }),
      ...(header.density && { density: header.density }),
    },
    warnings,
  };
}

/** sharp's own sRGB profile, 480 bytes. */
async function srgbProfile(): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const dot = sharp({ create: { width: 1, height: 1, channels: 3, background: '#000' } });
  const { icc } = await sharp(await dot.withIccProfile('srgb').png().toBuffer()).metadata();
  return icc!;
}

/**
 * Decodes an image for training: sRGB, upright, 8 bits, laid over white, resized so that its shorter side has exactly
 * `shorter` pixels, or its longer one `longer` (enlarged where needed). With `shorter`, of a picture longer than 4 : 1
 * the middle is taken.
 *
 * @param options - `shorter` or `longer` in pixels; `name`: what messages call bytes
 * @returns RGBA, opaque, rows packed: ready for upload
 * @throws FormatError as `readImage`, and for every damage: such a picture should not be learnt from
 */
export async function decodeForTraining(
  source: string | Uint8Array,
  options: ({ shorter: number } | { longer: number }) & { name?: string },
): Promise<Picture<Uint8Array<ArrayBuffer>>> {
  const { name, header, decode } = await open(source, options.name);
  const pipeline = decode('warning')
    .flatten({ background: '#fff' })
    .resize('longer' in options ? within(options.longer) : covering(header.autoOrient, options.shorter))
    .toColourspace('srgb')
    .ensureAlpha()
    .raw();
  const { data, info } = await pipeline.toBuffer({ resolveWithObject: true }).catch((cause: Error) => {
    throw reasons.damageError(name, cause);
  });
  return { data: new Uint8Array(ownBytes(data)), width: info.width, height: info.height };
}

function within(longer: number): ResizeOptions {
  return { width: longer, height: longer, fit: 'inside' };
}

function covering({ width, height }: { width: number; height: number }, shorter: number): ResizeOptions {
  const scale = shorter / Math.min(width, height);
  const side = (pixels: number) => Math.min(Math.max(Math.round(pixels * scale), shorter), shorter * 4);
  return { width: side(width), height: side(height), fit: 'cover' };
}

/** The bytes of a buffer as an array buffer of their own; copied only where Node pools small ones. */
function ownBytes({ buffer, byteOffset, byteLength }: Buffer): ArrayBuffer {
  const whole = byteOffset === 0 && byteLength === buffer.byteLength;
  return (whole ? buffer : buffer.slice(byteOffset, byteOffset + byteLength)) as ArrayBuffer;
}

export interface WriteOptions {
  /** From `readImage`, to be kept. */
  readonly metadata?: KeptMetadata;
  /** 1..100, as for JPEG; default 92. PNG, TIFF and GIF ignore it. */
  readonly quality?: number;
}

/**
 * Writes a picture in the format of the path's extension. The file is written under a temporary name beside it and then
 * renamed, so that no half-written file ever stands under `path`; a file already there is replaced.
 *
 * @param picture - RGBA, sRGB
 * @returns what the format could not hold, one line each
 * @throws FormatError when the extension is unknown or the file cannot be written; ShapeError when data and size disagree
 */
export async function writeImage(
  path: string,
  picture: Picture,
  options: WriteOptions = {},
): Promise<{ warnings: string[] }> {
  const { bytes, warnings } = await encodeImage(path, picture, options);
  await writeWhole(path, bytes);
  return { warnings };
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
  const { metadata = {}, quality = 92 } = options;
  const sharp = await loadSharp();
  const { pixels, opaque, warnings } = fitToFormat(name, format, picture, metadata);
  const { data, width, height } = pixels;
  const deep = data instanceof Uint16Array;
  // sharp takes metadata only from an input file: a transparent black PNG of one pixel, enlarged, OR the pixels.
  const clear = { r: 0, g: 0, b: 0, alpha: 0 };
  const raw = { width, height, channels: 4 } as const;
  let image = sharp(metadataPng(deep ? 16 : 8, metadata))
    .extend({ right: width - 1, bottom: height - 1, background: clear })
    .boolean(data as unknown as Buffer, 'or', { raw })
    .keepExif()
    .keepIccProfile();
  if (opaque) image = image.removeAlpha();
  if (deep) image = image.toColourspace('rgb16');
  if (metadata.xmp) image = image.withXmp(metadata.xmp);
  const encoded = image.toFormat(format.id, format.options(quality, metadata.density ?? 72));
  const bytes = await encoded.toBuffer().catch((cause: Error) => {
    throw reasons.encodeError(name, format.name, width, height, cause);
  });
  return { bytes, warnings };
}
