/** Pictures of prints, drawn from formulas. */
import type { Picture } from '../../src/image/raster/picture.ts';
import { Random } from '../../src/util/random.ts';

/** The grey of each pixel, codes. */
export type Grey = (x: number, y: number) => number;

/** A grey picture, one channel. */
export function draw(width: number, height: number, grey: Grey): Picture<Uint8ClampedArray<ArrayBuffer>> {
  const data = Uint8ClampedArray.from({ length: width * height }, (_, i) => grey(i % width, Math.floor(i / width)));
  return { data, width, height };
}

/** Something with structure everywhere, codes 50..200. */
export const scene: Grey = (x, y) =>
  125 + 40 * Math.sin(x / 9 + 2 * Math.sin(y / 17)) + 35 * Math.sin(y / 7 + 1.5 * Math.sin(x / 23));

/** Grain of that deviation. */
export function grainy(grey: Grey, deviation: number, seed = 1): Grey {
  const random = new Random(seed);
  return (x, y) => grey(x, y) + deviation * Math.sqrt(3) * (2 * random.uniform() - 1);
}
