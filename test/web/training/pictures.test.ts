/** Photographs and their feature maps as the page trains on them. */
import { expect, test } from 'vitest';
import type { MapExtractor } from '../../../src/model/maps.ts';
import { assembleBatch } from '../../../src/train/data/batch.ts';
import { centered } from '../../../src/train/data/sampler.ts';
import { toHalf } from '../../../src/util/float16.ts';
import { datasetOf, holdOut } from '../../../web/training/pictures.ts';

const SIZE = 32;
/** Of the extractor's input, which is twice as large as the network's: cells of 8 and 16 pixels. */
const STRIDES = [16, 32];
const maps = STRIDES.map((stride) => ({ output: `stride${stride}`, channels: 1, stride, deviation: 3 }));
const extractor = {
  description: { kind: 'maps', maps, scale: 2, range: [0, 1], sha256: '' },
} as unknown as MapExtractor;

/** A picture whose red tells the pixel's column / 16, and whose maps tell the column in pixels, as it is shown. */
function picture(width: number, height: number) {
  const data = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => (i % 4 ? 0 : ((i / 4) % width) >> 4));
  const stored = STRIDES.map((stride) => {
    const cell = stride / 2;
    const [rows, columns] = [height / cell, width / cell];
    const halves = Uint16Array.from({ length: 2 * rows * columns }, (_, i) => {
      const x = (i % columns) * cell;
      return toHalf(i < rows * columns ? x : width - cell - x);
    });
    return { height: rows, width: columns, channels: 1, halves };
  });
  return { picture: { data, width, height }, maps: stored };
}

test.each([false, true])('squares lie on cells, and their maps where they lie, mirrored: %s', async (mirror) => {
  const dataset = datasetOf([picture(96, 48)], extractor);
  expect(dataset.cell).toBe(16);
  const seen = new Set<number>();
  for (const left of [0, 0.3, 0.5, 0.7, 0.99]) {
    const sample = { ...centered(0), top: 0.99, left, mirror };
    const { pixels, features } = await assembleBatch(dataset, [sample], SIZE);
    expect(pixels).toHaveLength(SIZE ** 2);
    expect(features.map(({ length }) => length)).toEqual([16, 4]);
    // Of the square as it lies in the picture, whose maps are mirrored where it will be.
    const first = 16 * (pixels[0]! & 255);
    const expected = [0, 8, 16, 24].map((x) => first + x);
    expect([...features[0]!.slice(0, 4)]).toEqual(mirror ? expected.reverse() : expected);
    expect([...features[1]!.slice(0, 2)]).toEqual(mirror ? [first + 16, first] : [first, first + 16]);
    seen.add(first);
  }
  expect(seen.size).toBe(5);
});

test('every sixth photograph is kept to judge by, of six or more', () => {
  expect(holdOut([1, 2, 3])).toEqual({ learn: [1, 2, 3], judge: [1, 2, 3], held: false });
  expect(holdOut([1, 2, 3, 4, 5, 6, 7])).toEqual({ learn: [1, 2, 3, 4, 5, 7], judge: [6], held: true });
});
