/** The wear of old prints on a picture. */
import { expect, test } from 'vitest';
import { worn } from '../../../src/train/data/wear.ts';

const [WIDTH, HEIGHT] = [96, 64];
const SEEDS = Array.from({ length: 60 }, (_, i) => 7919 * i + 1);

function plain(...color: [number, number, number]) {
  const data = new Uint8Array(WIDTH * HEIGHT * 4);
  for (let i = 0; i < data.length; i += 4) data.set([...color, 255], i);
  return { data, width: WIDTH, height: HEIGHT };
}

/** Codes of red, as a plane. */
const reds = ({ data }: { data: Uint8Array | Uint8ClampedArray }) =>
  Array.from({ length: WIDTH * HEIGHT }, (_, i) => data[4 * i]!);

/** A border reaches no further than so many pixels: an eighth of the shorter side. */
const RIM = HEIGHT / 8;

/** Mean and deviation inside of any border, with the strongest tenths put aside on both sides: specks and scratches. */
function inner(plane: number[]) {
  const values = plane.filter((_, i) => {
    const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
    return x >= RIM && x < WIDTH - RIM && y >= RIM && y < HEIGHT - RIM;
  });
  const sorted = values.toSorted((a, b) => a - b).slice(values.length * 0.1, values.length * 0.9);
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  return { mean, deviation: Math.sqrt(sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length) };
}

test('the same seed gives the same bytes, another one others, and the picture itself stays', () => {
  const picture = plain(120, 90, 60);
  const before = Uint8Array.from(picture.data);
  expect(worn(picture, 5)).toEqual(worn(picture, 5));
  expect(new Set(SEEDS.map((seed) => worn(picture, seed).data.join())).size).toBeGreaterThan(45);
  expect(picture.data).toEqual(before);
});

test('all three channels change alike: grey stays grey, a color its own where nothing is cut off; alpha stays', () => {
  for (const seed of SEEDS) {
    const grey = worn(plain(128, 128, 128), seed).data;
    for (let i = 0; i < grey.length; i += 4) {
      if (grey[i] !== grey[i + 1] || grey[i] !== grey[i + 2] || grey[i + 3] !== 255) {
        expect.fail(`seed ${seed}: ${grey.subarray(i, i + 4)} at ${i / 4}`);
      }
    }
  }
  // Half of the pictures at least have no border and hardly a speck: there the differences of the channels are those from before.
  const kept = SEEDS.filter((seed) => {
    const { data } = worn(plain(140, 120, 110), seed);
    let same = 0;
    for (let i = 0; i < data.length; i += 4) {
      if (Math.abs(data[i]! - data[i + 1]! - 20) <= 1 && Math.abs(data[i]! - data[i + 2]! - 30) <= 1) same++;
    }
    return same > 0.95 * WIDTH * HEIGHT;
  });
  expect(kept.length).toBeGreaterThan(SEEDS.length / 2);
});

test('there is grain of all strengths, white and clumped, around the same mean', () => {
  const planes = SEEDS.map((seed) => reds(worn(plain(128, 128, 128), seed)));
  const grains = planes.map((plane) => inner(plane));
  expect(grains.filter(({ deviation }) => deviation > 1).length).toBeGreaterThan(SEEDS.length * 0.4);
  expect(Math.max(...grains.map(({ deviation }) => deviation))).toBeGreaterThan(20);
  expect(grains.filter(({ deviation }) => deviation === 0).length).toBeGreaterThan(SEEDS.length / 8);
  // The mean of 3,800 pixels of deviation 45, nine of which share grains: it deviates by 2.2.
  for (const { mean } of grains) expect(Math.abs(mean - 128)).toBeLessThan(6);
  const likeness = planes.flatMap((plane, i) => {
    if (grains[i]!.deviation < 3) return [];
    let [product, square] = [0, 0];
    for (let y = 20; y < 44; y++) {
      for (let x = 20; x < 75; x++) {
        const [here, right] = [plane[y * WIDTH + x]! - 128, plane[y * WIDTH + x + 1]! - 128];
        product += here * right;
        square += here * here;
      }
    }
    return [product / square];
  });
  // Of neighbors: none in white grain, 2/3 where each is spread over three.
  expect(likeness.filter((value) => value < 0.3).length).toBeGreaterThan(3);
  expect(likeness.filter((value) => value > 0.4).length).toBeGreaterThan(3);
});

test('some have a border, dark or light, of at most an eighth of the shorter side, and some have specks', () => {
  const withoutGrain = SEEDS.map((seed) => worn(plain(128, 90, 60), seed)).filter(
    (picture) => inner(reds(picture)).deviation < 0.5,
  );
  const at = ({ data }: { data: Uint8ClampedArray }, x: number, y: number) => [
    ...data.subarray(4 * (y * WIDTH + x), 4 * (y * WIDTH + x) + 3),
  ];
  const rim = withoutGrain.flatMap((picture) =>
    [at(picture, WIDTH >> 1, 0), at(picture, WIDTH >> 1, HEIGHT - 1), at(picture, 0, HEIGHT >> 1)].filter(
      ([r, , b]) => r === b,
    ),
  );
  expect(rim.some(([code]) => code! < 51)).toBe(true);
  expect(rim.some(([code]) => code! > 174)).toBe(true);
  const speckled = withoutGrain.filter((picture) => {
    const plane = reds(picture);
    let specks = 0;
    for (let y = RIM; y < HEIGHT - RIM; y++) {
      for (let x = RIM; x < WIDTH - RIM; x++) if (plane[y * WIDTH + x] !== 128) specks++;
    }
    expect(specks).toBeLessThan((WIDTH * HEIGHT) / 4);
    return specks > 0;
  });
  expect(speckled.length).toBeGreaterThan(0);
  expect(speckled.length).toBeLessThan(withoutGrain.length);
});
