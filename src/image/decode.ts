/**
 * Pixels of image files, through `sharp`. Files and paths are `node.ts`; it knows nothing of colouring.
 *
 * Pixels are always sRGB, upright, RGBA. How colour profiles are treated:
 * - no profile: the pixels are sRGB by convention, and the output has none either;
 * - an sRGB profile (by its numbers): pixels untouched, the very same profile goes into the output;
 * - any other (Display P3, Adobe RGB, grey, CMYK …): pixels are converted to sRGB and the output carries an sRGB
 *   profile. Going back would gain nothing, as every colour the network can give lies inside sRGB.
 *   A 16-bit greyscale picture's profile is ignored: sharp converts none there.
 * EXIF, XMP and resolution are kept; Orientation becomes 1 and the embedded thumbnail goes.
 */
import type { FailOnOptions, Metadata, ResizeOptions, Sharp } from 'sharp';
import { isSrgbProfile, type KeptMetadata, updateExif } from './metadata.ts';
import type { Picture } from './picture.ts';
import * as reasons from './reasons.ts';
import { loadSharp, ownBytes } from './sharp.ts';

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

/** Pixels of the side that is given. */
export type TrainingSize = { shorter: number } | { longer: number };

interface Opened {
  readonly header: Metadata;
  /** Starts a pipeline that gives sRGB, upright. */
  decode(failOn: FailOnOptions): Sharp;
  readonly depth: 8 | 16;
  /** True where the pixels already are what the embedded profile says. */
  readonly ownProfile: boolean;
}

async function open(bytes: Uint8Array, label: string): Promise<Opened> {
  const sharp = await loadSharp();
  if (bytes.length === 0) throw reasons.emptyError(label);
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
 * Decodes an image file as `readImage` says.
 *
 * @param name - starts the messages
 * @throws FormatError
 */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<ImageFile> {
  const { header, depth, decode, ownProfile } = await open(bytes, name);
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
 * Decodes an image as `decodeForTraining` of `node.ts` says.
 *
 * @param name - starts the messages
 * @throws FormatError
 */
export async function decodeResized(
  bytes: Uint8Array,
  name: string,
  options: TrainingSize,
): Promise<Picture<Uint8Array<ArrayBuffer>>> {
  const { header, decode } = await open(bytes, name);
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
