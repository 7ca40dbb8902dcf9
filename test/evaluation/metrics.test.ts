/** The picture metrics against published values, and against scikit-image (test/golden/make_metrics.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { chromaError, meanChroma, meanColor } from '../../src/evaluation/metrics/chroma.ts';
import { colorfulness } from '../../src/evaluation/metrics/colorfulness.ts';
import { deltaE2000, meanDeltaE2000 } from '../../src/evaluation/metrics/delta_e.ts';
import type { BytePicture } from '../../src/evaluation/metrics/pair.ts';
import { psnr } from '../../src/evaluation/metrics/psnr.ts';
import { ssim } from '../../src/evaluation/metrics/ssim.ts';
import { rgbaToLab } from '../../src/image/color/lab.ts';
import { noise } from '../support/fixtures.ts';
import { refusal } from '../support/refusal.ts';

interface GoldenPair {
  readonly width: number;
  readonly height: number;
  readonly sum: number;
  readonly psnr: number;
  readonly ssim: number;
  readonly deltaE00: number;
  readonly chroma: number;
  readonly chromaError: number;
  readonly meanColor: readonly [number, number];
  readonly colorfulness: number;
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../golden/metrics.json'), 'utf8')) as {
  readonly pictures: readonly GoldenPair[];
  readonly colors: readonly (readonly [number, number, number, number, number, number, number])[];
};

/** RGBA; `value` gives R, G and B. Alpha differs between any two, as no metric may look at it. */
function paint(width: number, height: number, value: (x: number, y: number, c: number) => number): BytePicture {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < data.length; i++) {
    const pixel = i >> 2;
    const [x, y, c] = [pixel % width, Math.floor(pixel / width), i % 4];
    data[i] = c === 3 ? value(x, y, 0) : value(x, y, c);
  }
  return { data, width, height };
}

/** The pictures of make_metrics.py. */
function goldenPictures({ width, height }: GoldenPair): [BytePicture, BytePicture] {
  const one = (x: number, y: number, c: number) =>
    (x * (5 + 2 * c) + y * (3 + c) + ((31 * x * x + 17 * y * y + (7 + c) * x * y) % 41)) % 256;
  const other = (x: number, y: number, c: number) => one(x, y, c) + ((3 * x + 5 * y + 11 * c) % 29) - 14;
  return [paint(width, height, one), paint(width, height, other)];
}

describe.each(golden.pictures)('$width x $height as scikit-image has it', (expected) => {
  const [one, other] = goldenPictures(expected);
  const [lab, lab2] = [rgbaToLab(one.data), rgbaToLab(other.data)];

  test('the pictures are the same', () => {
    const components = Array.from(one.data).filter((_, i) => i % 4 !== 3);
    expect(components.reduce((sum, value) => sum + value)).toBe(expected.sum);
  });
  test('PSNR', () => expect(psnr(one, other)).toBeCloseTo(expected.psnr, 10));
  test('SSIM', () => expect(ssim(one, other)).toBeCloseTo(expected.ssim, 10));
  test('colorfulness', () => expect(colorfulness(one)).toBeCloseTo(expected.colorfulness, 9));
  // Its matrix from RGB to XYZ has six digits.
  test('mean ΔE00', () => expect(meanDeltaE2000(lab, lab2)).toBeCloseTo(expected.deltaE00, 2));
  test('means of a* and b*', () => {
    expect(meanChroma(lab)).toBeCloseTo(expected.chroma, 1);
    expect(meanColor(lab).a).toBeCloseTo(expected.meanColor[0], 1);
    expect(meanColor(lab).b).toBeCloseTo(expected.meanColor[1], 1);
    expect(chromaError(lab, lab2) / expected.chromaError).toBeCloseTo(1, 3);
  });
});

describe('ΔE00', () => {
  /** Table 1 of Sharma, Wu and Dalal 2005: two colors, and their difference to four digits. */
  // biome-ignore format: a table
  const SHARMA = [
    [50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425],
    [50, 3.1571, -77.2803, 50, 0, -82.7485, 2.8615],
    [50, 2.8361, -74.02, 50, 0, -82.7485, 3.4412],
    [50, -1.3802, -84.2814, 50, 0, -82.7485, 1],
    [50, -1.1848, -84.8006, 50, 0, -82.7485, 1],
    [50, -0.9009, -85.5211, 50, 0, -82.7485, 1],
    [50, 0, 0, 50, -1, 2, 2.3669],
    [50, -1, 2, 50, 0, 0, 2.3669],
    [50, 2.49, -0.001, 50, -2.49, 0.0009, 7.1792],
    [50, 2.49, -0.001, 50, -2.49, 0.001, 7.1792],
    [50, 2.49, -0.001, 50, -2.49, 0.0011, 7.2195],
    [50, 2.49, -0.001, 50, -2.49, 0.0012, 7.2195],
    [50, -0.001, 2.49, 50, 0.0009, -2.49, 4.8045],
    [50, -0.001, 2.49, 50, 0.001, -2.49, 4.8045],
    [50, -0.001, 2.49, 50, 0.0011, -2.49, 4.7461],
    [50, 2.5, 0, 50, 0, -2.5, 4.3065],
    [50, 2.5, 0, 73, 25, -18, 27.1492],
    [50, 2.5, 0, 61, -5, 29, 22.8977],
    [50, 2.5, 0, 56, -27, -3, 31.903],
    [50, 2.5, 0, 58, 24, 15, 19.4535],
    [50, 2.5, 0, 50, 3.1736, 0.5854, 1],
    [50, 2.5, 0, 50, 3.2972, 0, 1],
    [50, 2.5, 0, 50, 1.8634, 0.5757, 1],
    [50, 2.5, 0, 50, 3.2592, 0.335, 1],
    [60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644],
    [63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.263],
    [61.2901, 3.7196, -5.3901, 61.4292, 2.248, -4.962, 1.8731],
    [35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645],
    [22.7233, 20.0904, -46.694, 23.0331, 14.973, -42.5619, 2.0373],
    [36.4612, 47.858, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146],
    [90.8027, -2.0831, 1.441, 91.1528, -1.6435, 0.0447, 1.4441],
    [90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381],
    [6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377],
    [2.0776, 0.0795, -1.135, 0.9033, -0.0636, -0.5514, 0.9082],
  ] as const;

  test.each(SHARMA)('(%d, %d, %d) and (%d, %d, %d): %d, both ways', (l1, a1, b1, l2, a2, b2, expected) => {
    expect(Math.abs(deltaE2000([l1, a1, b1], [l2, a2, b2]) - expected)).toBeLessThan(0.51e-4);
    expect(Math.abs(deltaE2000([l2, a2, b2], [l1, a1, b1]) - expected)).toBeLessThan(0.51e-4);
  });

  test('200 pairs as scikit-image has them, near and far', () => {
    for (const [l1, a1, b1, l2, a2, b2, expected] of golden.colors) {
      expect(deltaE2000([l1, a1, b1], [l2, a2, b2]), `${[l1, a1, b1, l2, a2, b2]}`).toBeCloseTo(expected, 9);
    }
  });

  test('the mean is over pixels', () => {
    const one = Float32Array.of(50, 2.5, 0, 50, 2.5, 0);
    const other = Float32Array.of(73, 25, -18, 50, 2.5, 0);
    expect(meanDeltaE2000(one, other)).toBeCloseTo(27.1492 / 2, 4);
  });
});

test('colorfulness by hand: two pixels', () => {
  // rg: 100 and 0; yb: 150 - 40 = 110 and 10 - 40 = -30. Deviations 50 and 70, means 50 and 40.
  const pixels = Uint8Array.of(200, 100, 40, 255, 10, 10, 40, 255);
  const expected = Math.sqrt(50 ** 2 + 70 ** 2) + 0.3 * Math.sqrt(50 ** 2 + 40 ** 2);
  expect(colorfulness({ data: pixels, width: 2, height: 1 })).toBeCloseTo(expected, 12);
  expect(colorfulness(noise(9, 7, { grey: true }))).toBe(0);
  // One color everywhere has no deviation.
  expect(colorfulness(paint(5, 3, (_x, _y, c) => [200, 100, 40][c]!))).toBeCloseTo(0.3 * Math.hypot(100, 110), 12);
});

test('PSNR by hand: one component off by one', () => {
  const one = noise(4, 5);
  const data = one.data.slice();
  data[6] = data[6]! < 255 ? data[6]! + 1 : 254;
  expect(psnr(one, { ...one, data })).toBeCloseTo(10 * Math.log10(255 * 255 * 60), 10);
});

test('equal pictures', () => {
  const one = noise(16, 13);
  const lab = rgbaToLab(one.data);
  expect(psnr(one, one)).toBe(Number.POSITIVE_INFINITY);
  expect(ssim(one, one)).toBeCloseTo(1, 12);
  expect(meanDeltaE2000(lab, lab)).toBe(0);
  expect(chromaError(lab, lab)).toBe(0);
});

test('pictures that cannot be compared', () => {
  expect(() => psnr(noise(4, 5), noise(5, 4))).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: psnr: expected two pictures of one size, got 4 x 5 and 5 x 4 – resize one]`,
  );
  expect(() => ssim(noise(10, 30), noise(10, 30))).toThrow(
    refusal('ShapeError', 'ssim', '10 x 30', 'at least 11 x 11 pixels'),
  );
  expect(() => ssim({ data: new Uint8Array(5), width: 1, height: 1 }, noise(1, 1))).toThrow(
    refusal('ShapeError', 'ssim', '5', '4 elements of data for 1 x 1'),
  );
});
