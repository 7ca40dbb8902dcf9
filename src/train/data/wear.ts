/**
 * Wear augmentation of a picture: grain, dust, scratches and a border, as old prints and their scans have them. Each is
 * the same in red, green and blue, so that what has a color keeps about that, and the rest is neutral.
 */

import { Random } from '../../util/random.ts';
import type { DecodedPicture } from './batch.ts';

/** Shares of the worn pictures that have it. */
const SHARE = { grain: 0.75, clumped: 0.5, dust: 0.3, scratches: 0.2, border: 0.3 };
/** Standard deviation of the strongest grain, codes; small ones are likelier: a square of a uniform number is drawn. */
const STRONGEST_GRAIN = 45;
/** Pixels of the shorter side for which the sizes below are meant, in pixels. */
const MEANT_FOR = 256;
const MOST_SPECKS = 60;
const LARGEST_SPECK = 2.5;
const MOST_SCRATCHES = 4;
/** Of the shorter side, for each side by itself. */
const WIDEST_BORDER = 0.12;

/** RGBA, [height, width, 4]. */
interface WornPicture extends DecodedPicture {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/**
 * A worn copy.
 *
 * @param picture RGBA, 8 bits
 * @param seed decides all: the same picture with the same seed gives the same bytes
 */
export function worn(picture: DecodedPicture, seed: number): WornPicture {
  const { width, height } = picture;
  const copy = { data: new Uint8ClampedArray(picture.data), width, height };
  const random = new Random(seed);
  const has = (share: number) => random.uniform() < share;
  const unit = Math.min(width, height) / MEANT_FOR;
  if (has(SHARE.dust)) addDust(copy, unit, random);
  if (has(SHARE.scratches)) addScratches(copy, random);
  if (has(SHARE.border)) addBorder(copy, random);
  if (has(SHARE.grain)) addGrain(copy, STRONGEST_GRAIN * random.uniform() ** 2, has(SHARE.clumped), random);
  return copy;
}

/** Adds `by` codes to a pixel. */
function add({ data, width }: WornPicture, x: number, y: number, by: number): void {
  const at = 4 * (y * width + x);
  for (let c = at; c < at + 3; c++) data[c] = data[c]! + by;
}

/** Noise of a deviation of `sigma` codes: white, or each grain spread over 3 x 3 pixels. */
function addGrain(picture: WornPicture, sigma: number, clumped: boolean, random: Random): void {
  const { width, height } = picture;
  // The sum of four uniform numbers, of deviation 1, is near enough to normal.
  const noise = Float32Array.from(
    { length: (width + 2) * (height + 2) },
    () => Math.sqrt(3) * (random.uniform() + random.uniform() + random.uniform() + random.uniform() - 2),
  );
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      if (clumped) {
        // The mean of nine has a third of their deviation.
        for (let j = 0; j < 3; j++) for (let i = 0; i < 3; i++) sum += noise[(y + j) * (width + 2) + x + i]! / 3;
      } else {
        sum = noise[y * (width + 2) + x]!;
      }
      add(picture, x, y, sigma * sum);
    }
  }
}

/** Round specks with soft edges: light, dark, or both. */
function addDust(picture: WornPicture, unit: number, random: Random): void {
  const { width, height } = picture;
  const light = random.uniform();
  for (let left = Math.ceil(MOST_SPECKS * random.uniform() ** 2); left > 0; left--) {
    const [cx, cy] = [random.uniform() * width, random.uniform() * height];
    const radius = unit * (0.5 + (LARGEST_SPECK - 0.5) * random.uniform() ** 2);
    const by = (random.uniform() < light ? 1 : -1) * (60 + 160 * random.uniform());
    const last = (center: number, length: number) => Math.min(Math.ceil(center + radius), length - 1);
    for (let y = Math.max(Math.floor(cy - radius), 0); y <= last(cy, height); y++) {
      for (let x = Math.max(Math.floor(cx - radius), 0); x <= last(cx, width); x++) {
        const inside = Math.min(Math.max(radius + 0.5 - Math.hypot(x - cx, y - cy), 0), 1);
        if (inside > 0) add(picture, x, y, by * inside);
      }
    }
  }
}

/** Thin lines from top to bottom or from side to side, somewhat slanted. */
function addScratches(picture: WornPicture, random: Random): void {
  const { width, height } = picture;
  for (let left = 1 + random.below(MOST_SCRATCHES); left > 0; left--) {
    const upright = random.uniform() < 0.7;
    const [along, across] = upright ? [height, width] : [width, height];
    const slant = 0.2 * (random.uniform() - 0.5);
    const start = random.uniform() * across;
    const by = (random.uniform() < 0.7 ? 1 : -1) * (30 + 120 * random.uniform());
    const from = Math.floor(random.uniform() * along);
    const to = from + Math.ceil(random.uniform() * (along - from));
    for (let t = from; t < to; t++) {
      const place = Math.floor(start + slant * t);
      if (place >= 0 && place < across) add(picture, ...((upright ? [place, t] : [t, place]) as [number, number]), by);
    }
  }
}

/** A neutral border, each side of its own width or absent, over the picture's rim. */
function addBorder({ data, width, height }: WornPicture, random: Random): void {
  const code = random.uniform() < 0.5 ? 50 * random.uniform() : 255 - 80 * random.uniform();
  const side = () =>
    random.uniform() < 0.75 ? Math.round(WIDEST_BORDER * random.uniform() * Math.min(width, height)) : 0;
  const [top, right, bottom, left] = [side(), side(), side(), side()];
  for (let y = 0; y < height; y++) {
    const whole = y < top || y >= height - bottom;
    for (let x = 0; x < width; x++) {
      if (!whole && x >= left && x < width - right) continue;
      data.fill(code, 4 * (y * width + x), 4 * (y * width + x) + 3);
    }
  }
}
