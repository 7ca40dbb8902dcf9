/**
 * Image files in Node: reading and writing paths. The only module here that touches the disk; what the bytes of a file
 * mean is `decode.ts` and `encode.ts`.
 */
import { readFile } from 'node:fs/promises';
import { expectNoPointer } from '../runtime/file_errors.ts';
import { writeWhole } from '../runtime/node/whole_file.ts';
import { decodeImage, decodeResized, type ImageFile, type TrainingSize } from './codec/decode.ts';
import { encodeImage, type WriteOptions } from './codec/encode.ts';
import { pagesOf } from './codec/open.ts';
import * as reasons from './codec/reasons.ts';
import type { Picture } from './raster/picture.ts';

export type { ImageFile } from './codec/decode.ts';
export { encodeImage, type WriteOptions } from './codec/encode.ts';

/**
 * Reads an image file: one page or frame, turned upright by its EXIF orientation, converted to sRGB. Greyscale becomes
 * RGB, CMYK is converted, missing alpha is opaque. 16-bit files give 16 bits.
 *
 * @param source - a path, or a file's bytes
 * @param options - `name`: what messages call bytes; default `image`. `page`: which page or frame, from 0; where none is
 * named, the first is taken, and a warning says how many there are; `mostPixels`: what is allowed, at most 268 million
 * (default); the header tells, before anything is decoded
 * @throws FormatError when there is no such file, it is no image, damaged, or has too many pixels
 */
export async function readImage(
  source: string | Uint8Array,
  options: { name?: string; page?: number; mostPixels?: number } = {},
): Promise<ImageFile> {
  const name = nameOf(source, options.name);
  return decodeImage(await bytesOf(source, name), name, options.page, options.mostPixels);
}

/**
 * Counts the pages or frames of an image file that are pictures, without decoding them.
 *
 * @throws FormatError when there is no such file or it is no image
 */
export async function countPages(path: string): Promise<number> {
  return pagesOf(await bytesOf(path, path), path);
}

/**
 * Decodes an image for training: sRGB, upright, 8 bits, laid over white, resized so that its shorter side has exactly
 * `shorter` pixels, or its longer one `longer` (enlarged where needed). With `shorter`, of a picture longer than 4 : 1
 * the middle is taken.
 *
 * @param options - `shorter` or `longer` in pixels; `name`: what messages call bytes
 * @returns RGBA, opaque, rows packed: ready for upload
 * @throws FormatError as `readImage`, and for every damage: such a picture should not be learned from
 */
export async function decodeForTraining(
  source: string | Uint8Array,
  options: TrainingSize & { name?: string },
): Promise<Picture<Uint8Array<ArrayBuffer>>> {
  const name = nameOf(source, options.name);
  return decodeResized(await bytesOf(source, name), name, options);
}

function nameOf(source: string | Uint8Array, name?: string): string {
  return name ?? (typeof source === 'string' ? source : 'image');
}

async function bytesOf(source: string | Uint8Array, name: string): Promise<Uint8Array> {
  const bytes =
    typeof source === 'string'
      ? await readFile(source).catch((cause: Error) => {
          throw reasons.readError(name, cause);
        })
      : source;
  expectNoPointer(name, bytes);
  return bytes;
}

/**
 * Writes a picture in the format of the path's extension. The file is written under a temporary name beside it and then
 * renamed, so that no half-written file ever stands under `path`; a file already there is replaced.
 *
 * @param picture - RGBA, sRGB
 * @returns what the format could not hold, one line each
 * @throws FormatError when the extension is unknown, EnvironmentError when the file cannot be written, ShapeError when data and size disagree
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
