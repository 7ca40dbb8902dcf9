/**
 * Pixels of image files, through `sharp`. Files and paths are `node.ts`; it knows nothing of coloring.
 *
 * Pixels are always sRGB, upright, RGBA. How color profiles are treated:
 * - no profile: the pixels are sRGB by convention, and the output has none either (a PNG's gAMA and cHRM count);
 * - an sRGB profile (by its numbers): pixels untouched, the very same profile goes into the output;
 * - any other (Display P3, Adobe RGB, grey, CMYK …): pixels are converted to sRGB and the output carries an sRGB
 *   profile. Going back would gain nothing, as every color the network can give lies inside sRGB.
 * EXIF, XMP, IPTC, texts and resolution are kept; Orientation becomes 1 and the embedded thumbnail goes.
 */
import type { ResizeOptions, Sharp } from 'sharp';
import type { Picture } from '../raster/picture.ts';
import type { KeptMetadata } from './metadata.ts';
import { type Opened, open, type Strictness } from './open.ts';
import * as reasons from './reasons.ts';
import { loadSharp, ownBytes } from './sharp.ts';
import { toSrgb } from './transfer.ts';

type Rgba = Picture<Uint8ClampedArray<ArrayBuffer> | Uint16Array<ArrayBuffer>>;

/** A decoded image file: RGBA, sRGB, upright. */
export interface ImageFile extends Rgba {
  /** Bits a component. */
  readonly depth: 8 | 16;
  /** As sharp names it: `jpeg`, `png`, `webp`, `tiff`, `gif`, `heif` (AVIF), `svg`; or `bmp`. */
  readonly format: string;
  /** Pages or frames of the file that are pictures; thumbnails do not count. */
  readonly pages: number;
  readonly metadata: KeptMetadata;
  /** One line each: damage that could be read past, and what had to be assumed or left out. */
  readonly warnings: readonly string[];
}

/** Pixels of the side that is given. */
export type TrainingSize = { shorter: number } | { longer: number };

/**
 * Decodes an image file as `readImage` says.
 *
 * @param name - starts the messages
 * @param page - from 0; where none is named and there are several, the first is taken, with a warning
 * @param mostPixels - what is allowed, at most 268 million (default)
 * @throws FormatError
 */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  page?: number,
  mostPixels?: number,
): Promise<ImageFile> {
  const opened = await open(bytes, name, page, mostPixels);
  const { depth, format, pages, notes, ownProfile } = opened;
  const warnings = [...opened.warnings];
  if (pages > 1 && page === undefined) {
    const unit = format === 'tiff' ? 'pages' : 'frames';
    warnings.push(`${name}: has ${pages} ${unit}, of which the first was taken – --pages all takes each`);
  }
  // Damage that can be read past is a warning; a picture cut short is an error.
  const picture = await pixels(opened, 'warning').catch(async (damage: Error) => {
    const rest = await pixels(opened, 'error').catch((cause: Error) => {
      throw reasons.damageError(name, bytes, cause);
    });
    warnings.push(`${name}: damaged, read past it: ${reasons.oneLine(damage)}`);
    return rest;
  });
  const icc = notes.icc && (ownProfile ? notes.icc : await srgbProfile());
  return { ...picture, depth, format, pages, metadata: { ...notes, ...(icc && { icc }) }, warnings };
}

async function pixels({ depth, transfer, decode }: Opened, failOn: Strictness): Promise<Rgba> {
  const pipeline = decode(failOn).ensureAlpha();
  const raw =
    depth === 16 ? pipeline.toColourspace('rgb16').raw({ depth: 'ushort' }) : pipeline.toColourspace('srgb').raw();
  const { data, info } = await raw.toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const bytes = ownBytes(data);
  const picture: Rgba = { data: depth === 16 ? new Uint16Array(bytes) : new Uint8ClampedArray(bytes), width, height };
  if (transfer) toSrgb(picture, transfer);
  return picture;
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
  const opened = await open(bytes, name);
  const decoded = async () => {
    const pipeline = opened.transfer ? await asSharp(await pixels(opened, 'warning')) : opened.decode('warning');
    return pipeline
      .flatten({ background: '#fff' })
      .resize('longer' in options ? within(options.longer) : covering(opened.size, options.shorter))
      .toColourspace('srgb')
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
  };
  const { data, info } = await decoded().catch((cause: Error) => {
    throw reasons.damageError(name, bytes, cause);
  });
  return { data: new Uint8Array(ownBytes(data)), width: info.width, height: info.height };
}

/** Pixels that need no file. */
async function asSharp({ data, width, height }: Rgba): Promise<Sharp> {
  const sharp = await loadSharp();
  return sharp(data as Uint8ClampedArray<ArrayBuffer>, { raw: { width, height, channels: 4 } });
}

function within(longer: number): ResizeOptions {
  return { width: longer, height: longer, fit: 'inside' };
}

function covering({ width, height }: { width: number; height: number }, shorter: number): ResizeOptions {
  const scale = shorter / Math.min(width, height);
  const side = (pixels: number) => Math.min(Math.max(Math.round(pixels * scale), shorter), shorter * 4);
  return { width: side(width), height: side(height), fit: 'cover' };
}
