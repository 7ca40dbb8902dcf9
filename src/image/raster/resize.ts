/**
 * Resizing and padding of interleaved planes, for the network's input and for small pictures.
 * One filter: a triangle, as wide as one output pixel's share of the input when shrinking (antialiased) and one input
 * pixel wide when enlarging (bilinear); half-pixel centers, weights renormalized at the edges. It is the filter of
 * Pillow's `BILINEAR` and of PyTorch's `antialias=True`. Values are taken as they are: gamma-coded greys are averaged as codes.
 *
 * H height, W width, C channels; `[H, W, C]`.
 */
import { ShapeError } from '../../runtime/errors.ts';
import { LUMA } from '../color/lab.ts';
import { channelsOf, maxCode, type Picture } from './picture.ts';

/** An interleaved plane of floats, `[height, width, C]`. */
export interface Plane {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Which input pixels make each output pixel, and with which weights. */
interface Filter {
  readonly first: Uint32Array;
  readonly count: Uint32Array;
  /** `[to, stride]`; each row sums to 1. */
  readonly weights: Float64Array;
  readonly stride: number;
}

function triangle(from: number, to: number): Filter {
  const scale = from / to;
  const radius = Math.max(scale, 1);
  const stride = Math.ceil(radius) * 2 + 1;
  const first = new Uint32Array(to);
  const count = new Uint32Array(to);
  const weights = new Float64Array(to * stride);
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale - 0.5;
    const start = Math.max(Math.floor(center - radius) + 1, 0);
    const end = Math.min(Math.ceil(center + radius) - 1, from - 1);
    let sum = 0;
    for (let j = start; j <= end; j++) sum += 1 - Math.abs(j - center) / radius;
    for (let j = start; j <= end; j++) weights[i * stride + j - start] = (1 - Math.abs(j - center) / radius) / sum;
    first[i] = start;
    count[i] = end - start + 1;
  }
  return { first, count, weights, stride };
}

/** The filter as a matrix: [from, to], each column sums to 1. */
export function resizeMatrix(from: number, to: number): Float32Array {
  const { first, count, weights, stride } = triangle(from, to);
  const matrix = new Float32Array(from * to);
  for (let i = 0; i < to; i++) {
    for (let k = 0; k < count[i]!; k++) matrix[(first[i]! + k) * to + i] = weights[i * stride + k]!;
  }
  return matrix;
}

/**
 * Resizes rows as they come: one input row in memory at a time, whatever the size of the picture.
 *
 * @param readRow - writes input row `y`, `[from.width, channels]`
 * @returns `[to.height, to.width, channels]`
 */
function resample(
  readRow: (y: number, row: Float64Array) => void,
  from: Size,
  to: Size,
  channels: number,
): Float32Array<ArrayBuffer> {
  const across = triangle(from.width, to.width);
  const down = triangle(from.height, to.height);
  const row = new Float64Array(from.width * channels);
  const narrow = new Float64Array(to.width * channels);
  const out = new Float32Array(to.width * to.height * channels);
  let oldest = 0;
  for (let y = 0; y < from.height; y++) {
    readRow(y, row);
    for (let x = 0; x < to.width; x++) {
      const start = across.first[x]! * channels;
      const taps = across.count[x]!;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < taps; k++) sum += across.weights[x * across.stride + k]! * row[start + k * channels + c]!;
        narrow[x * channels + c] = sum;
      }
    }
    while (down.first[oldest]! + down.count[oldest]! <= y) oldest++;
    for (let j = oldest; j < to.height && down.first[j]! <= y; j++) {
      const weight = down.weights[j * down.stride + y - down.first[j]!]!;
      const target = j * narrow.length;
      for (let i = 0; i < narrow.length; i++) out[target + i] = out[target + i]! + weight * narrow[i]!;
    }
  }
  return out;
}

/**
 * Resizes a plane of floats.
 *
 * @param channels - C; default what `plane.data` holds
 * @throws ShapeError when a size is not a positive whole number
 */
export function resizePlane(
  plane: Plane,
  to: Size,
  channels = plane.data.length / (plane.width * plane.height),
): Plane {
  checkSize('resizePlane', to);
  const length = plane.width * channels;
  const read = (y: number, row: Float64Array) => row.set(plane.data.subarray(y * length, (y + 1) * length));
  return { data: resample(read, plane, to, channels), width: to.width, height: to.height };
}

/**
 * Resizes a picture and makes it grey on the way: BT.601 luma of the gamma-coded components.
 * Transparent pixels count as laid over white, as they do in training.
 *
 * @param picture - RGBA, RGB, grey or grey and alpha; 8 or 16 bits
 * @returns `[to.height, to.width, 1]`, codes 0..255 with fractions, also of a 16-bit picture
 * @throws ShapeError when data and size disagree
 */
export function resizeGrey(picture: Picture, to: Size): Plane {
  checkSize('resizeGrey', to);
  const channels = channelsOf('resizeGrey', picture);
  const { data, width } = picture;
  const max = maxCode(picture);
  const hasAlpha = channels === 2 || channels === 4;
  const [wr, wg, wb] = LUMA.map((weight) => (weight * 255) / max) as [number, number, number];
  const read = (y: number, row: Float64Array) => {
    let i = y * width * channels;
    for (let x = 0; x < width; x++, i += channels) {
      const grey = channels < 3 ? (data[i]! * 255) / max : wr * data[i]! + wg * data[i + 1]! + wb * data[i + 2]!;
      const alpha = hasAlpha ? data[i + channels - 1]! : max;
      row[x] = alpha === max ? grey : 255 + (grey - 255) * (alpha / max);
    }
  };
  return { data: resample(read, picture, to, 1), width: to.width, height: to.height };
}

/**
 * Resizes an RGBA picture to 8 bits a component, laid over white.
 *
 * @throws ShapeError when data and size disagree
 */
export function resizePicture(picture: Picture, to: Size): Picture<Uint8ClampedArray<ArrayBuffer>> {
  checkSize('resizePicture', to);
  channelsOf('resizePicture', picture, 4);
  const { data, width } = picture;
  const max = maxCode(picture);
  const read = (y: number, row: Float64Array) => {
    let i = y * width * 4;
    for (let k = 0; k < row.length; k += 4, i += 4) {
      const alpha = data[i + 3]! / max;
      for (let c = 0; c < 3; c++) row[k + c] = 255 + ((data[i + c]! * 255) / max - 255) * alpha;
      row[k + 3] = 255;
    }
  };
  // Uint8ClampedArray rounds to the nearest.
  return { data: new Uint8ClampedArray(resample(read, picture, to, 4)), width: to.width, height: to.height };
}

/**
 * Pads a plane at its right and bottom to a multiple, by repeating the last column and row.
 *
 * @param channels - C; default what `plane.data` holds
 */
export function padToMultiple(
  plane: Plane,
  multiple = 8,
  channels = plane.data.length / (plane.width * plane.height),
): Plane {
  const width = Math.ceil(plane.width / multiple) * multiple;
  const height = Math.ceil(plane.height / multiple) * multiple;
  if (width === plane.width && height === plane.height) return plane;
  const data = new Float32Array(width * height * channels);
  const length = plane.width * channels;
  for (let y = 0; y < height; y++) {
    const source = Math.min(y, plane.height - 1) * length;
    const target = y * width * channels;
    data.set(plane.data.subarray(source, source + length), target);
    const edge = plane.data.subarray(source + length - channels, source + length);
    for (let x = plane.width; x < width; x++) data.set(edge, target + x * channels);
  }
  return { data, width, height };
}

function checkSize(where: string, { width, height }: Size): void {
  if (Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0) return;
  throw new ShapeError({
    where,
    expected: 'a size of whole pixels above 0',
    got: `${width} x ${height}`,
    hint: 'round it',
  });
}
