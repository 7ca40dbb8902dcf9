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
import { randomBytes } from 'node:crypto';
import { open as openFile, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Metadata, Sharp, SharpOptions } from 'sharp';
import { FormatError } from '../runtime/errors.ts';
import { isSrgbProfile, updateExif } from './metadata.ts';
import { flattenOverWhite, isOpaque, type Picture, to8Bit } from './picture.ts';
import { pngCarrier } from './png.ts';

/** What is carried from an input file to the output made from it. */
export interface KeptMetadata {
  /** TIFF structure, Orientation 1. */
  readonly exif?: Uint8Array;
  /** A profile that fits the pixels: sRGB. */
  readonly icc?: Uint8Array;
  readonly xmp?: string;
  /** Pixels per inch. */
  readonly density?: number;
}

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

const READABLE = 'JPEG, PNG, WebP, TIFF, GIF, AVIF or SVG';
/** Most pixels that are decoded: sharp's own default, 16,383 squared. */
const MAX_PIXELS = 0x3fff ** 2;

type SharpModule = typeof import('sharp').default;
let loaded: Promise<SharpModule> | undefined;

function loadSharp(): Promise<SharpModule> {
  loaded ??= import('sharp').then(
    ({ default: sharp }) => {
      // Its cache would hold decoded pixels, and serve old ones for a file that was written again.
      sharp.cache(false);
      return sharp;
    },
    (cause: Error) => {
      loaded = undefined;
      throw new FormatError(
        `image files: expected the package 'sharp', got '${oneLine(cause)}' – install it: npm i sharp`,
        { cause },
      );
    },
  );
  return loaded;
}

interface Opened {
  readonly name: string;
  readonly header: Metadata;
  /** Starts a pipeline that gives sRGB, upright. */
  decode(options?: SharpOptions): Sharp;
  readonly depth: 8 | 16;
  /** True where the pixels already are what the embedded profile says. */
  readonly ownProfile: boolean;
}

async function open(source: string | Uint8Array, name?: string): Promise<Opened> {
  const sharp = await loadSharp();
  const label = name ?? (typeof source === 'string' ? source : 'image');
  const fail = (got: string, todo: string) => new FormatError(`${label}: expected an image file, got ${got} – ${todo}`);
  let bytes = source;
  if (typeof bytes === 'string') {
    bytes = await readFile(bytes).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw fail('no such file', 'check the path');
      if (error.code === 'EISDIR') throw fail('a folder', 'name the files in it');
      throw fail(`'${oneLine(error)}'`, 'check the path and its permissions');
    });
  }
  if (bytes.length === 0) throw fail('an empty file', 'get an undamaged copy');
  let header: Metadata;
  try {
    header = await sharp(bytes, { limitInputPixels: false }).metadata();
  } catch (error) {
    const reason = oneLine(error as Error);
    if (reason.includes('unsupported image format')) throw fail('a file of another kind', `give it a ${READABLE}`);
    throw fail(`'${reason}'`, `get an undamaged copy, or convert it to ${READABLE}`);
  }
  const { width, height, space, icc } = header;
  if (width * height > MAX_PIXELS) {
    throw new FormatError(
      `${label}: expected at most ${MAX_PIXELS} pixels, got ${width} x ${height} = ${width * height} – make it smaller first`,
    );
  }
  const depth = header.depth === 'ushort' ? 16 : 8;
  const ownProfile = icc !== undefined && isSrgbProfile(icc);
  const ignoreIcc = ownProfile || space === 'grey16';
  return {
    name: label,
    header,
    depth,
    ownProfile,
    decode(options) {
      const pipeline = sharp(bytes, { ignoreIcc, autoOrient: true, failOn: 'error', ...options });
      // sharp brings 16-bit RGB with a profile to Display P3, and only with an output profile on to sRGB.
      return depth === 16 && icc && !ignoreIcc ? pipeline.withIccProfile('srgb') : pipeline;
    },
  };
}

/** Runs a decoder; damage that libvips can read past becomes a warning, a picture cut short an error. */
async function decodeStrictly<T>(name: string, decode: (options: SharpOptions) => Promise<T>): Promise<[T, string[]]> {
  try {
    return [await decode({ failOn: 'warning' }), []];
  } catch (strict) {
    try {
      return [await decode({ failOn: 'error' }), [`${name}: damaged, read past it: ${oneLine(strict as Error)}`]];
    } catch (error) {
      throw new FormatError(
        `${name}: expected a whole image, got '${oneLine(error as Error)}' – get an undamaged copy`,
        { cause: error },
      );
    }
  }
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
  const [{ data, info }, warnings] = await decodeStrictly(name, (strictness) => {
    const pipeline = decode(strictness).ensureAlpha();
    const raw =
      depth === 16 ? pipeline.toColourspace('rgb16').raw({ depth: 'ushort' }) : pipeline.toColourspace('srgb').raw();
    return raw.toBuffer({ resolveWithObject: true });
  });
  const exif = header.exif && updateExif(header.exif);
  const icc = header.icc && (ownProfile ? header.icc : await srgbProfile());
  // XMP may repeat the orientation that was just applied.
  const xmp = header.xmp?.toString('utf8').replace(/(tiff:Orientation(?:="|>))\d/g, '$11');
  const { buffer, byteOffset, byteLength } = data as Buffer<ArrayBuffer>;
  return {
    data:
      depth === 16
        ? new Uint16Array(byteOffset % 2 ? buffer.slice(byteOffset, byteOffset + byteLength) : buffer, byteOffset % 2 ? 0 : byteOffset, byteLength / 2)
        : new Uint8ClampedArray(buffer, byteOffset, byteLength),
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
 * `shorter` pixels (enlarged where needed). Of a picture longer than 4 : 1 the middle is taken.
 *
 * @param options - `shorter` in pixels; `name`: what messages call bytes
 * @returns RGBA, opaque, rows packed: ready for upload
 * @throws FormatError as `readImage`, and for every damage: such a picture should not be learnt from
 */
export async function decodeForTraining(
  source: string | Uint8Array,
  options: { shorter: number; name?: string },
): Promise<Picture<Uint8Array<ArrayBuffer>>> {
  const { shorter } = options;
  const { name, header, decode } = await open(source, options.name);
  const { width, height } = header.autoOrient;
  const scale = shorter / Math.min(width, height);
  const side = (pixels: number) => Math.min(Math.max(Math.round(pixels * scale), shorter), shorter * 4);
  const pipeline = decode({ failOn: 'warning' })
    .flatten({ background: '#fff' })
    .resize({ width: side(width), height: side(height), fit: 'cover' })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw();
  const { data, info } = await pipeline.toBuffer({ resolveWithObject: true }).catch((error: Error) => {
    throw new FormatError(`${name}: expected a whole image, got '${oneLine(error)}' – get an undamaged copy`);
  });
  const { buffer, byteOffset, byteLength } = data as Buffer<ArrayBuffer>;
  return { data: new Uint8Array(buffer, byteOffset, byteLength), width: info.width, height: info.height };
}

interface Format {
  readonly name: string;
  readonly depth: 8 | 16;
  readonly alpha: boolean;
  readonly exif: boolean;
  encode(image: Sharp, quality: number, density: number): Sharp;
}

// Chroma is all that this program adds, so no format subsamples it.
const FORMATS: Record<string, Format> = {
  jpeg: {
    name: 'JPEG',
    depth: 8,
    alpha: false,
    exif: true,
    encode: (image, quality) => image.jpeg({ quality, chromaSubsampling: '4:4:4' }),
  },
  png: { name: 'PNG', depth: 16, alpha: true, exif: true, encode: (image) => image.png() },
  webp: {
    name: 'WebP',
    depth: 8,
    alpha: true,
    exif: true,
    encode: (image, quality) => image.webp({ quality, smartSubsample: true }),
  },
  tiff: {
    name: 'TIFF',
    depth: 16,
    alpha: true,
    exif: false,
    encode: (image, _quality, density) =>
      image.tiff({ compression: 'lzw', predictor: 'horizontal', xres: density / 25.4, yres: density / 25.4 }),
  },
  avif: {
    name: 'AVIF',
    depth: 8,
    alpha: true,
    exif: true,
    encode: (image, quality) => image.avif({ quality: quality - 20, chromaSubsampling: '4:4:4' }),
  },
  gif: { name: 'GIF', depth: 8, alpha: true, exif: false, encode: (image) => image.gif() },
};
const EXTENSIONS: Record<string, string> = {
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.jpe': 'jpeg',
  '.png': 'png',
  '.webp': 'webp',
  '.tif': 'tiff',
  '.tiff': 'tiff',
  '.avif': 'avif',
  '.gif': 'gif',
};

/** Extensions that `writeImage` writes, lower case, with the dot. */
export const WRITABLE_EXTENSIONS: readonly string[] = Object.keys(EXTENSIONS);
