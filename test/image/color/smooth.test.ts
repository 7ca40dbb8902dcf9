/** Chroma planes are smoothed by the grey of their picture, and by nothing else. */
import { expect, test } from 'vitest';
import type { Chroma } from '../../../src/image/color/chroma.ts';
import { smooth } from '../../../src/image/color/smooth.ts';
import { Random } from '../../../src/util/random.ts';

type Pixel = (x: number, y: number) => number;

/** Planes of a* (and minus that as b*), with a guide. */
function planes(width: number, height: number, grey: Pixel, a: Pixel): Chroma {
  const data = new Float32Array(width * height * 2);
  const guide = new Float32Array(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      guide[i] = grey(x, y);
      data[2 * i] = a(x, y);
      data[2 * i + 1] = -data[2 * i]!;
    }
  }
  return { data, guide, width, height };
}

/** The guided filter as it is written in the paper, pixel by pixel. */
function reference({ data, guide, width, height }: Chroma, channel: number, radius: number, amount: number): number[] {
  const around =
    (value: Pixel): Pixel =>
    (x, y) => {
      let [sum, count] = [0, 0];
      for (let v = Math.max(y - radius, 0); v <= Math.min(y + radius, height - 1); v++) {
        for (let u = Math.max(x - radius, 0); u <= Math.min(x + radius, width - 1); u++) {
          sum += value(u, v);
          count++;
        }
      }
      return sum / count;
    };
  const grey: Pixel = (x, y) => guide![y * width + x]!;
  const color: Pixel = (x, y) => data[2 * (y * width + x) + channel]!;
  const [greyMean, colorMean] = [around(grey), around(color)];
  const slope: Pixel = (x, y) => {
    const covariance = around((u, v) => grey(u, v) * color(u, v))(x, y) - greyMean(x, y) * colorMean(x, y);
    return covariance / (around((u, v) => grey(u, v) ** 2)(x, y) - greyMean(x, y) ** 2 + 100);
  };
  const base: Pixel = (x, y) => colorMean(x, y) - slope(x, y) * greyMean(x, y);
  const [slopes, bases] = [around(slope), around(base)];
  const results: number[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const line = slopes(x, y) * grey(x, y) + bases(x, y);
      results.push((1 + 0.25 * amount) * ((1 - amount) * color(x, y) + amount * line));
    }
  }
  return results;
}

test('it is the guided filter, in part, and a little stronger', () => {
  const random = new Random(1);
  const chroma = planes(
    17,
    11,
    () => 255 * random.uniform(),
    () => 60 * random.uniform() - 30,
  );
  for (const amount of [0.3, 1]) {
    const { data } = smooth(chroma, amount);
    for (const channel of [0, 1]) {
      // Three sixteenths of 11.
      const want = reference(chroma, channel, 2, amount);
      for (const [i, value] of want.entries()) expect(data[2 * i + channel]).toBeCloseTo(value, 3);
    }
  }
});

test('patches within one grey are drawn together; what the grey tells apart stays apart', () => {
  const patchy = planes(
    64,
    64,
    (x) => (x < 32 ? 60 : 180),
    (x, y) => (x < 32 ? 30 : -10) + (((x >> 3) + (y >> 3)) % 2) * 8 - 4,
  );
  const { data } = smooth(patchy, 1);
  const half = (low: number) => {
    const values: number[] = [];
    for (let y = 8; y < 56; y++) for (let x = low; x < low + 24; x++) values.push(data[2 * (y * 64 + x)]! / 1.25);
    return values;
  };
  for (const [low, mean] of [
    [4, 30],
    [36, -10],
  ] as const) {
    // They were 4 off, all of them.
    for (const value of half(low)) expect(Math.abs(value - mean)).toBeLessThan(1.5);
  }
});

test('one color stays one color, and grey stays grey', () => {
  const random = new Random(2);
  const one = planes(
    32,
    24,
    () => 255 * random.uniform(),
    () => 20,
  );
  for (const value of smooth(one, 1).data.filter((_, i) => i % 2 === 0)) expect(value).toBeCloseTo(25, 3);
  const none = planes(
    32,
    24,
    () => 255 * random.uniform(),
    () => 0,
  );
  for (const value of smooth(none).data) expect(Math.abs(value)).toBe(0);
});

test('what lies beyond the picture is not read, and stays', () => {
  const inner = planes(
    20,
    16,
    (x, y) => x * 9 + y,
    (x, y) => (x * y) % 13,
  );
  const padded = planes(
    24,
    18,
    (x, y) => (x < 20 && y < 16 ? x * 9 + y : Number.NaN),
    (x, y) => (x < 20 && y < 16 ? (x * y) % 13 : Number.NaN),
  );
  const extent = { width: 19.5, height: 16 };
  const result = smooth({ ...padded, extent });
  const want = smooth({ ...inner, extent });
  for (let y = 0; y < 18; y++) {
    for (let x = 0; x < 24; x++) {
      const got = result.data[2 * (y * 24 + x)]!;
      if (x < 20 && y < 16) expect(got).toBe(want.data[2 * (y * 20 + x)]);
      else expect(got).toBeNaN();
    }
  }
  expect(result.extent).toBe(extent);
});

test('with an amount of 0, without a guide, and where a window is one pixel, nothing is done', () => {
  const chroma = planes(
    16,
    16,
    (x) => x,
    (x) => x,
  );
  expect(smooth(chroma, 0)).toBe(chroma);
  const { guide: _, ...unguided } = chroma;
  expect(smooth(unguided)).toBe(unguided);
  const tiny = planes(
    2,
    40,
    (x) => x,
    (x) => x,
  );
  expect(smooth(tiny)).toBe(tiny);
});
