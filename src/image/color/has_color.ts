/**
 * Detection of pictures that have colors already: hues of its own, and not the one tone of a print that aged or was
 * toned.
 */

import { channelsOf, maxCode, type Picture } from '../raster/picture.ts';
import { rgbToLab } from './lab.ts';

/** Cells along the longer side: enough to find a dress, few enough that grain and JPEG's noise are averaged out. */
const CELLS = 64;
/** Distance in a*, b* from what a tone can explain that is seen as a color. */
const NOTABLE = 9;
/** Chroma of a tone: sepia reaches 35, cyanotypes 45. */
const STRONGEST_TONE = 50;
/** Range of lightness, L*, in which a picture is one flat color: a toned photograph has lights and shadows. */
const FLAT = 3;
/** Width of a band of lightness, L*. */
const LEVEL = 10;
/** Distance in a*, b* from what is usual at a cell's own lightness: shadows may be toned otherwise than lights. */
const UNUSUAL = 6;
/** Share of the cells that must have a color. */
const SHARE = 0.03;

type Lab = [lightness: number, a: number, b: number];

/**
 * Says whether a picture has colors. A tone is one hue, more or less of it at each lightness: what lies beside the line
 * from grey along the picture's median tint, or far along it, is a color, and so is a tint of one lightness all over. Sepia,
 * cyanotypes and a cast of the scanner are tones; faded color prints and hand-colored ones have colors.
 *
 * @param picture - RGBA, RGB, grey or grey and alpha
 * @throws ShapeError when the data do not fit the size
 */
export function hasColor(picture: Picture): boolean {
  return colorShare(picture) > SHARE;
}

/** Measures the share (0..1) of a picture's cells that no single tone explains. See `hasColor`. */
export function colorShare(picture: Picture): number {
  const channels = channelsOf('hasColor', picture);
  const cells = channels < 3 ? [] : cellColors(picture, channels);
  if (cells.length === 0) return 0;
  const [, a, b] = medianOf(cells);
  const strength = Math.hypot(a, b);
  if (strength > STRONGEST_TONE || (strength > NOTABLE && isFlat(cells))) return 1;
  // Where there is next to no tint, its direction says nothing, and any chroma is a color.
  const [u, v] = strength < 3 ? [0, 0] : [a / strength, b / strength];
  const usual = Array.from({ length: 100 / LEVEL }, (_, i) => {
    const near = cells.filter(([lightness]) => Math.abs(lightness - (i + 0.5) * LEVEL) < LEVEL);
    return near.length ? medianOf(near) : undefined;
  });
  const colored = cells.filter(([lightness, x, y]) => {
    const along = x * u + y * v;
    const beside = Math.hypot(x - along * u, y - along * v);
    if (beside < NOTABLE && along > -NOTABLE && along < STRONGEST_TONE) return false;
    const [, usualA, usualB] = usual[Math.min(Math.floor(lightness / LEVEL), usual.length - 1)]!;
    return Math.hypot(x - usualA, y - usualB) > UNUSUAL;
  });
  return colored.length / cells.length;
}

/** Returns an RGB or RGBA picture's copy as RGBA, at its own depth; opaque where there was no alpha. */
export function asRgba(picture: Picture): Picture<Uint8ClampedArray<ArrayBuffer> | Uint16Array<ArrayBuffer>> {
  const channels = channelsOf('asRgba', picture);
  const { data: from, width, height } = picture;
  const size = width * height * 4;
  const data = from instanceof Uint16Array ? new Uint16Array(size) : new Uint8ClampedArray(size);
  if (channels === 4) data.set(from);
  else {
    data.fill(maxCode(picture));
    for (let i = 0, to = 0; i < from.length; i += channels, to += 4) data.set(from.subarray(i, i + channels), to);
  }
  return { data, width, height };
}

/** L*, a* and b* of each cell's mean color; cells that are mostly transparent are left out. */
function cellColors(picture: Picture, channels: number): Lab[] {
  const { data, width, height } = picture;
  const max = maxCode(picture);
  const side = Math.max(1, Math.max(width, height) / CELLS);
  const cells: Lab[] = [];
  for (let top = 0; top < height; top += side) {
    const bottom = Math.min(Math.max(Math.floor(top + side), Math.floor(top) + 1), height);
    for (let left = 0; left < width; left += side) {
      const right = Math.min(Math.max(Math.floor(left + side), Math.floor(left) + 1), width);
      let [r, g, b, weight] = [0, 0, 0, 0];
      for (let y = Math.floor(top); y < bottom; y++) {
        for (let x = Math.floor(left), i = channels * (y * width + x); x < right; x++, i += channels) {
          const alpha = channels === 4 ? data[i + 3]! / max : 1;
          r += data[i]! * alpha;
          g += data[i + 1]! * alpha;
          b += data[i + 2]! * alpha;
          weight += alpha;
        }
      }
      if (weight < ((bottom - Math.floor(top)) * (right - Math.floor(left))) / 2) continue;
      const sum = max * weight;
      cells.push(rgbToLab(r / sum, g / sum, b / sum));
    }
  }
  return cells;
}

/** Whether nine of ten cells have one lightness. */
function isFlat(cells: readonly Lab[]): boolean {
  const sorted = cells.map(([lightness]) => lightness).sort((x, y) => x - y);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!;
  return at(0.95) - at(0.05) < FLAT;
}

/** Component by component. */
function medianOf(cells: readonly Lab[]): Lab {
  return [0, 1, 2].map((c) => cells.map((cell) => cell[c]!).sort((x, y) => x - y)[cells.length >> 1]!) as Lab;
}
