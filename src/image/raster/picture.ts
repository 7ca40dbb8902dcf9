/**
 * Pixels in memory, and what can be asked of them without a color space. Files are `node.ts`.
 *
 * H height, W width; pixels are gamma-coded sRGB, interleaved, rows from the top, no padding between rows.
 */
import { expectObject, isKind, kindOf } from '../../runtime/arguments.ts';
import { ArgumentError, ShapeError } from '../../runtime/errors.ts';
import { LUMA } from '../color/lab.ts';

/** The components of a picture: 8 bits each, or 16. */
export type Pixels = Uint8Array | Uint8ClampedArray | Uint16Array;

/**
 * A picture: `[H, W, 4]` RGBA, alpha not premultiplied. `Uint16Array` means 16 bits a component (0..65535), else 8.
 * Where it is said, 1 (grey), 2 (grey, alpha) or 3 (RGB) channels are read too; the length of `data` tells them apart.
 */
export interface Picture<T extends Pixels = Pixels> {
  readonly data: T;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Where its colors come from, if they are not its own: files that are made of it say so. */
  readonly origin?: Origin;
}

/** Where the colors of a picture come from. */
export interface Origin {
  /** `koalarize 0.1.0`. */
  readonly program: string;
  /** SHA-256 of the weights' file, hexadecimal. */
  readonly weights: string;
}

/** A mean spread (max - min of R, G, B, in 8-bit codes) below this is called grey. */
export const GREY_THRESHOLD = 6;

/** Returns the largest code of a picture: 255 or 65535. */
export function maxCode(picture: Picture): 255 | 65535 {
  return isDeep(picture.data) ? 65535 : 255;
}

/** Whether pixels have 16 bits a component; right for arrays of other windows too. */
export function isDeep(data: Pixels): data is Uint16Array {
  return isKind(data, 'Uint16Array');
}

/**
 * Checks what a picture is, its size against its data, and returns the number of channels.
 *
 * @param where - the caller's name, which starts the message
 * @param only - the one channel count that is allowed; default any of 1..4
 * @throws ShapeError when the size is not a positive whole number or `data` has another length; ArgumentError for what is no
 *   picture, or one of other elements: floats are not read as bytes
 */
export function channelsOf(where: string, picture: Picture, only?: number): number {
  expectObject(where, 'a picture { data, width, height }', picture);
  const { data, width, height } = picture;
  if (!isKind(data, 'Uint8ClampedArray', 'Uint8Array', 'Uint16Array')) {
    throw new ArgumentError({
      where,
      expected: 'pixels as a Uint8ClampedArray, Uint8Array or Uint16Array',
      got: kindOf(data),
      hint: 'scale them to 0..255 or 0..65535',
    });
  }
  const got = `${width} x ${height}`;
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new ShapeError({
      where,
      expected: 'a width and height of whole pixels above 0',
      got,
      hint: 'check the picture',
    });
  }
  const channels = data.length / (width * height);
  const allowed = only ? [only] : [1, 2, 3, 4];
  if (!allowed.includes(channels)) {
    const lengths = allowed.map((c) => c * width * height).join(', ');
    throw new ShapeError({
      where,
      expected: `${lengths} elements of data for ${got}`,
      got: data.length,
      hint: only === 4 ? 'pass RGBA pixels' : 'pass 1 to 4 channels',
    });
  }
  return channels;
}

/**
 * Writes one row's BT.601 luma, rounded to the picture's own depth: the row of the same picture saved as greyscale.
 *
 * @param out - `[W]`, codes 0..255 or 0..65535
 */
export function lumaRow(data: Pixels, channels: number, width: number, y: number, out: Uint16Array): void {
  let i = y * width * channels;
  if (channels < 3) {
    for (let x = 0; x < width; x++, i += channels) out[x] = data[i]!;
    return;
  }
  const [wr, wg, wb] = LUMA;
  for (let x = 0; x < width; x++, i += channels) {
    const r = data[i]!;
    const g = data[i + 1]!;
    const b = data[i + 2]!;
    // Equal components skip the sum, which could land just under a half.
    out[x] = r === g && g === b ? r : wr * r + wg * g + wb * b + 0.5;
  }
}

/**
 * Says whether a picture is in effect grey: the mean of max - min over R, G, B is under `GREY_THRESHOLD`.
 * A toned print (sepia) is not grey by this measure.
 *
 * @param picture - RGBA
 * @throws ShapeError when the data do not fit the size
 */
export function isGrey(picture: Picture): boolean {
  channelsOf('isGrey', picture, 4);
  const { data } = picture;
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) {
    const r = data[i]!;
    const g = data[i + 1]!;
    const b = data[i + 2]!;
    sum += Math.max(r, g, b) - Math.min(r, g, b);
  }
  return sum / (data.length / 4) < (GREY_THRESHOLD * maxCode(picture)) / 255;
}

/** Says whether no pixel of an RGBA picture is transparent, even in part. */
export function isOpaque(picture: Picture): boolean {
  const { data } = picture;
  const max = maxCode(picture);
  for (let i = 3; i < data.length; i += 4) if (data[i]! < max) return false;
  return true;
}

/** Returns the RGBA picture laid over white, opaque, at the same depth. */
export function flattenOverWhite<T extends Pixels>(picture: Picture<T>): Picture<T> {
  const max = maxCode(picture);
  const data = picture.data.slice() as T;
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3]! / max;
    for (let c = i; c < i + 3; c++) data[c] = Math.round(data[c]! * alpha + max * (1 - alpha));
    data[i + 3] = max;
  }
  return { ...picture, data };
}

/** Returns the picture with 8 bits a component, rounded to the nearest. An 8-bit picture is returned as it is. */
export function to8Bit(picture: Picture): Picture<Uint8Array | Uint8ClampedArray> {
  const { data, width, height } = picture;
  if (!isDeep(data)) return { data, width, height };
  const rounded = new Uint8ClampedArray(data.length);
  // Uint8ClampedArray rounds to the nearest by itself.
  for (let i = 0; i < data.length; i++) rounded[i] = data[i]! / 257;
  return { data: rounded, width, height };
}
