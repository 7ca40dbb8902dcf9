/**
 * Windows bitmaps (BITMAPCOREHEADER to BITMAPV5HEADER): 1, 4, 8, 16, 24 and 32 bits, uncompressed, run-length encoded or
 * with bit masks. Written for files that nobody vouches for: what reaches outside the file or the picture is an error.
 */
import { FormatError } from '../../runtime/errors.ts';
import { sizeError } from './size_error.ts';

export interface Bitmap {
  /** RGB or RGBA, rows from the top. */
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Pixels a meter; 0 where it is not said. */
  readonly resolution: readonly [x: number, y: number];
}

/** Says whether a file begins as a bitmap does. */
export function isBmp(file: Uint8Array): boolean {
  return file[0] === 0x42 && file[1] === 0x4d && file.length > 26 && [12, 40, 52, 56, 64, 108, 124].includes(file[14]!);
}

/**
 * Decodes a bitmap.
 *
 * @param name - starts the message
 * @param mostPixels - what is allowed
 * @throws FormatError for a kind that is not read, for damage and for too many pixels
 */
export function decodeBmp(name: string, file: Uint8Array, mostPixels: number): Bitmap {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  try {
    return decode(name, file, view, mostPixels);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw refusal(name, 'a BMP that is cut short', 'get an undamaged copy', cause);
  }
}

function refusal(name: string, got: string, todo: string, cause?: unknown): FormatError {
  return new FormatError({ where: name, expected: 'a whole image', got, hint: todo }, { cause });
}

function decode(name: string, file: Uint8Array, view: DataView, mostPixels: number): Bitmap {
  const start = view.getUint32(10, true);
  const header = view.getUint32(14, true);
  const core = header === 12;
  const width = core ? view.getUint16(18, true) : view.getInt32(18, true);
  const signed = core ? view.getUint16(20, true) : view.getInt32(22, true);
  const height = Math.abs(signed);
  const bits = view.getUint16(core ? 24 : 28, true);
  const method = core ? 0 : view.getUint32(30, true);
  if (width < 1 || height < 1) throw refusal(name, `a BMP of ${width} x ${height}`, 'get an undamaged copy');
  if (width * height > mostPixels) throw sizeError(name, width, height, mostPixels);
  // 0 none; 1 and 2 runs of 8 and of 4 bits; 3 and 6 bit masks, without and with alpha.
  const masked = method === 3 || method === 6;
  const known = [0, 1, 2, 3, 6].includes(method) && [1, 4, 8, 16, 24, 32].includes(bits);
  const fits =
    method === 0 || (method === 1 && bits === 8) || (method === 2 && bits === 4) || (masked && bits % 16 === 0);
  if (!known || !fits) {
    throw refusal(name, `a BMP of ${bits} bits, compression ${method}`, 'convert it to PNG');
  }
  const resolution = core ? ([0, 0] as const) : ([view.getInt32(38, true), view.getInt32(42, true)] as const);
  const row = (y: number) => (signed < 0 ? y : height - 1 - y);
  if (bits > 8) {
    const masks = masksOf(view, bits, masked);
    const data = fromMasks(view, start, width, height, bits, masks, row);
    return { data, width, height, resolution };
  }
  const indices = method ? runs(file, start, width, height, bits) : packed(file, start, width, height, bits);
  const palette = paletteOf(view, start, 2 ** bits);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = row(y) * width;
    for (let x = 0; x < width; x++) {
      const color = 3 * indices[from + x]!;
      const to = 3 * (y * width + x);
      data[to] = palette[color]!;
      data[to + 1] = palette[color + 1]!;
      data[to + 2] = palette[color + 2]!;
    }
  }
  return { data, width, height, resolution };
}

/** Red, green and blue of 256 indices; black where the file has no entry. */
function paletteOf(view: DataView, start: number, most: number): Uint8Array {
  const header = view.getUint32(14, true);
  const [size, used] = header === 12 ? [3, 0] : [4, view.getUint32(46, true)];
  // Some files say less than they have, and old ones nothing: the palette ends where the pixels begin.
  const count = Math.min(used || most, most, Math.floor((start - 14 - header) / size));
  const palette = new Uint8Array(256 * 3);
  for (let i = 0, at = 14 + header; i < count; i++, at += size) {
    palette.set([view.getUint8(at + 2), view.getUint8(at + 1), view.getUint8(at)], 3 * i);
  }
  return palette;
}

/** Red, green, blue and alpha; a mask of 0 means there is none. */
function masksOf(view: DataView, bits: number, masked: boolean): readonly number[] {
  if (!masked) return bits === 16 ? [0x7c00, 0x3e0, 0x1f, 0] : [0xff0000, 0xff00, 0xff, 0];
  const header = view.getUint32(14, true);
  const alpha = header >= 56 || view.getUint32(30, true) === 6 ? view.getUint32(66, true) : 0;
  return [view.getUint32(54, true), view.getUint32(58, true), view.getUint32(62, true), alpha];
}

function fromMasks(
  view: DataView,
  start: number,
  width: number,
  height: number,
  bits: number,
  masks: readonly number[],
  row: (y: number) => number,
): Uint8Array {
  const channels = masks[3] ? 4 : 3;
  const bytes = bits / 8;
  const stride = Math.ceil((width * bytes) / 4) * 4;
  expectBytes(view, start, stride * (height - 1) + width * bytes);
  const data = new Uint8Array(width * height * channels);
  const parts = masks.slice(0, channels).map((mask) => {
    const low = mask ? 31 - Math.clz32(mask & -mask) : 0;
    return { mask, low, most: Math.max(mask >>> low, 1) };
  });
  for (let y = 0, to = 0; y < height; y++) {
    let at = start + row(y) * stride;
    for (let x = 0; x < width; x++, at += bytes) {
      const low = view.getUint16(at, true);
      const pixel =
        bits === 16 ? low : low | ((bits === 24 ? view.getUint8(at + 2) : view.getUint16(at + 2, true)) << 16);
      for (const { mask, low: shift, most } of parts)
        data[to++] = Math.round((255 * ((pixel & mask) >>> shift)) / most);
    }
  }
  return data;
}

/** Indices of rows that are not compressed, in the file's order of rows. */
function packed(file: Uint8Array, start: number, width: number, height: number, bits: number): Uint8Array {
  const stride = Math.ceil((width * bits) / 32) * 4;
  expectBytes(new DataView(file.buffer, file.byteOffset, file.byteLength), start, stride * height - 3);
  const indices = new Uint8Array(width * height);
  const most = 2 ** bits - 1;
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * bits;
      indices[to++] = (file[start + y * stride + (bit >> 3)]! >> (8 - bits - (bit & 7))) & most;
    }
  }
  return indices;
}

/** Indices of run-length encoded rows: RLE8 and RLE4. What the runs skip is index 0. */
function runs(file: Uint8Array, start: number, width: number, height: number, bits: number): Uint8Array {
  const indices = new Uint8Array(width * height);
  let at = start;
  const next = () => {
    if (at >= file.length) throw new RangeError('cut short');
    return file[at++]!;
  };
  let [x, y] = [0, 0];
  const put = (index: number) => {
    if (x < width && y < height) indices[y * width + x] = index;
    x++;
  };
  const nibble = (byte: number, i: number) => (bits === 8 ? byte : i % 2 ? byte & 15 : byte >> 4);
  while (y < height) {
    const count = next();
    const value = next();
    if (count) for (let i = 0; i < count; i++) put(nibble(value, i));
    else if (value === 0) [x, y] = [0, y + 1];
    else if (value === 1) break;
    else if (value === 2) [x, y] = [x + next(), y + next()];
    else {
      const length = bits === 8 ? value : Math.ceil(value / 2);
      let byte = 0;
      for (let i = 0; i < value; i++) {
        if (bits === 8 || i % 2 === 0) byte = next();
        put(nibble(byte, i));
      }
      // Runs begin at even places.
      if (length % 2) at++;
    }
  }
  return indices;
}

function expectBytes(view: DataView, start: number, length: number): void {
  if (start + length > view.byteLength) throw new RangeError('cut short');
}
