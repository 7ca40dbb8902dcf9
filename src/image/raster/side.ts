/**
 * One side of a picture, read from the rim inward.
 *
 * The side is cut into bins along its length. For each bin and depth the median of a few pixels stands, so that grain and
 * dust don't count.
 */
import { LUMA } from '../color/lab.ts';
import { channelsOf, maxCode, type Picture } from './picture.ts';

/** In the order of all that names four sides. */
export const SIDES = ['top', 'right', 'bottom', 'left'] as const;

/** Parts of a side's length. */
export const BINS = 96;
/** Pixels of a bin that are read in a line, and lines that are read in a step of depth. */
const SAMPLES = 9;
const LINES = 3;
/** Steps of depth in a picture's whole height or width, at most; a step is at least one pixel. */
const STEPS = 512;
/** Most of the picture's height or width that is border. */
export const MOST = 0.25;
/** Values up to which they are sorted by insertion. */
const FEW = 16;
/** Grey codes 0..255, transparent pixels over white, at a place along a side and a depth from it, in pixels. */
type Reader = (along: number, depth: number) => number;

export interface Side {
  readonly read: Reader;
  /** Pixels along the side, and across the picture from it. */
  readonly length: number;
  readonly across: number;
  /** Pixels of a step of depth. */
  readonly step: number;
  readonly steps: number;
  /** Codes at that step of depth, `[BINS]`, grain and dust calmed. */
  readonly row: (d: number) => Float32Array;
}

/** Reads a side. */
export function sideOf(picture: Picture, side: (typeof SIDES)[number]): Side {
  const { width, height } = picture;
  const horizontal = side === 'top' || side === 'bottom';
  const [length, across] = horizontal ? [width, height] : [height, width];
  // Where pixels lie in the picture's data: the side's first one, the next along it, the next away from it.
  const [first, along, away] = {
    top: [0, 1, width],
    right: [width - 1, width, -1],
    bottom: [(height - 1) * width, 1, -width],
    left: [0, width, 1],
  }[side] as [number, number, number];
  const grey = greyReader(picture);
  const read: Reader = (x, depth) => grey(first + x * along + depth * away);
  const step = Math.max(1, Math.round(across / STEPS));
  // Some beyond the most, to see the edge.
  const steps = Math.min(Math.floor((across * MOST) / step) + 8, Math.floor(across / step));
  const seen = lazily(steps, (d) => {
    const row = new Float32Array(BINS);
    for (let bin = 0; bin < BINS; bin++) row[bin] = sample(read, length, bin, d * step, step);
    return row;
  });
  const row = lazily(steps, (d) => calmed(seen(Math.max(d - 1, 0)), seen(d), seen(Math.min(d + 1, steps - 1))));
  return { read, length, across, step, steps, row };
}

/** Makes each row when it is first asked for: most pictures have no border, which a few rows tell. */
function lazily(steps: number, make: (d: number) => Float32Array): (d: number) => Float32Array {
  const rows: Float32Array[] = new Array(steps);
  return (d) => (rows[d] ??= make(d));
}

/** Each value's median with its eight neighbors: straight edges stay where they are, grain and texture go. */
function calmed(above: Float32Array, row: Float32Array, below: Float32Array): Float32Array {
  const lowest = row.map((code, bin) => Math.min(above[bin]!, code, below[bin]!));
  const middle = row.map((code, bin) => median3(above[bin]!, code, below[bin]!));
  const highest = row.map((code, bin) => Math.max(above[bin]!, code, below[bin]!));
  return row.map((_, bin) => {
    const [before, after] = [Math.max(bin - 1, 0), Math.min(bin + 1, BINS - 1)];
    return median3(
      Math.max(lowest[before]!, lowest[bin]!, lowest[after]!),
      median3(middle[before]!, middle[bin]!, middle[after]!),
      Math.min(highest[before]!, highest[bin]!, highest[after]!),
    );
  });
}

function median3(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

export function greyReader(picture: Picture): (pixel: number) => number {
  const { data } = picture;
  const channels = channelsOf('colorize', picture);
  const scale = 255 / maxCode(picture);
  const [r, g, b] = LUMA;
  return (pixel) => {
    const i = pixel * channels;
    const grey = channels < 3 ? data[i]! : r * data[i]! + g * data[i + 1]! + b * data[i + 2]!;
    if (channels % 2) return grey * scale;
    return 255 + (grey * scale - 255) * data[i + channels - 1]! * (scale / 255);
  };
}

/** Where samples are put, by their number: there are too many to make an array for each. */
const SAMPLED = Array.from({ length: SAMPLES + 1 }, (_, count) => new Float32Array(count));

/** The median of some of a bin's pixels, each the mean of a few lines from `depth` on. */
export function sample(read: Reader, length: number, bin: number, depth: number, lines: number): number {
  const start = Math.floor((bin * length) / BINS);
  const width = Math.max(Math.floor(((bin + 1) * length) / BINS) - start, 1);
  const count = Math.min(width, SAMPLES);
  const some = Math.min(lines, LINES);
  const values = SAMPLED[count]!;
  for (let i = 0; i < count; i++) {
    const along = start + Math.floor(((i + 0.5) * width) / count);
    values[i] = 0;
    for (let k = 0; k < some; k++) values[i]! += read(along, depth + Math.floor(((k + 0.5) * lines) / some)) / some;
  }
  return median(values);
}

/** The median; sorts `values`. */
export function median(values: Float32Array | Float64Array): number {
  if (values.length > FEW) values.sort();
  else insertionSort(values);
  const half = values.length >> 1;
  return values.length % 2 ? values[half]! : (values[half - 1]! + values[half]!) / 2;
}

/** In place. `sort` takes twenty times as long for nine values, of which there are a hundred thousand. */
function insertionSort(values: Float32Array | Float64Array): void {
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    let at = i;
    for (; at > 0 && values[at - 1]! > value; at--) values[at] = values[at - 1]!;
    values[at] = value;
  }
}
