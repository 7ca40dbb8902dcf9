/** The squares that are compared: the truth, what the colorizer is given of it, and what is answered. */

import type { BytePicture } from '../../evaluation/metrics/pair.ts';
import { applyChroma } from '../../image/color/chroma.ts';
import { decodeForTraining } from '../../image/node.ts';
import { lumaRow } from '../../image/raster/picture.ts';
import { readUnchanged } from './read_unchanged.ts';
import type { PictureFile } from './scan.ts';

/** Means of a* and b*. */
export interface Color {
  readonly a: number;
  readonly b: number;
}

/** Reads a picture's center square: the shorter side brought to `size` pixels. @returns RGBA. @throws FormatError */
export async function readSquare({ path, hash }: PictureFile, size: number): Promise<BytePicture> {
  return squareOf(await readUnchanged(path, hash), path, size);
}

/** Decodes a picture's center square. `name` is for messages. @returns RGBA. @throws FormatError */
export async function squareOf(source: string | Uint8Array, name: string, size: number): Promise<BytePicture> {
  const { data, width, height } = await decodeForTraining(source, { shorter: size, name });
  const [left, top] = [(width - size) >> 1, (height - size) >> 1];
  const square = new Uint8Array(size * size * 4);
  for (let y = 0; y < size; y++) {
    const from = ((top + y) * width + left) * 4;
    square.set(data.subarray(from, from + size * 4), y * size * 4);
  }
  return { data: square, width: size, height: size };
}

/** Returns the picture as it would be when saved as greyscale: BT.601 luma in R, G and B. */
export function greyOf({ data, width, height }: BytePicture): BytePicture {
  const grey = new Uint8Array(data.length).fill(255);
  const row = new Uint16Array(width);
  for (let y = 0; y < height; y++) {
    lumaRow(data, 4, width, y, row);
    for (let x = 0; x < width; x++) grey.fill(row[x]!, (y * width + x) * 4, (y * width + x) * 4 + 3);
  }
  return { data: grey, width, height };
}

/** Returns a grey picture in one color: every pixel keeps its own lightness, and loses chroma where sRGB has less. */
export function tinted(grey: BytePicture, { a, b }: Color): BytePicture {
  return applyChroma(grey, { data: Float32Array.of(a, b), width: 1, height: 1 });
}
