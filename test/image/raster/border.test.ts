/** Borders of scanned prints: found, left alone where there are none, and kept neutral. */
import { expect, test } from 'vitest';
import { applyChroma } from '../../../src/image/color/chroma.ts';
import { type Border, borderOf, borderPixels, crop, innerOf } from '../../../src/image/raster/border.ts';
import type { Picture } from '../../../src/image/raster/picture.ts';
import { ShapeError } from '../../../src/runtime/errors.ts';
import { Random } from '../../../src/util/random.ts';
import { draw, type Grey, grainy, scene } from '../../support/prints.ts';

/** A print in frames: `[width, code]` from the inside outward, turned about the middle by `degrees`. */
function framed(width: number, height: number, layers: readonly (readonly [number, number])[], degrees = 0): Grey {
  const all = layers.reduce((sum, [layer]) => sum + layer, 0);
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  return (x, y) => {
    const [dx, dy] = [x + 0.5 - width / 2, y + 0.5 - height / 2];
    const out = Math.max(
      Math.abs(cos * dx + sin * dy) - (width / 2 - all),
      Math.abs(cos * dy - sin * dx) - (height / 2 - all),
    );
    if (out <= 0) return scene(x, y);
    let reach = 0;
    for (const [layer, code] of layers) {
      reach += layer;
      if (out <= reach) return code;
    }
    return layers.at(-1)![1];
  };
}

/** Pixels from each side that are border: top, right, bottom, left. */
function pixels(picture: Picture): number[] | undefined {
  const border = borderOf(picture);
  return border && borderPixels(border, picture);
}

test.each([
  ['a black film edge', [[15, 6]], 2],
  ['a white margin', [[20, 245]], 2],
  ['a grey mount of a fifth', [[60, 130]], 4],
  [
    'paper inside a film edge',
    [
      [12, 240],
      [8, 10],
    ],
    3,
  ],
  [
    'paper on a mount, with a thin line between',
    [
      [14, 238],
      [1, 20],
      [30, 120],
    ],
    3,
  ],
] as const)('finds %s', (_, layers, noise) => {
  const whole = layers.reduce((sum, [layer]) => sum + layer, 0);
  expect(pixels(draw(400, 300, grainy(framed(400, 300, layers), noise)))).toEqual([whole, whole, whole, whole]);
});

test('finds an edge in the pixel, however large the picture is, at 16 bits too', () => {
  const { data, width, height } = draw(1100, 800, grainy(framed(1100, 800, [[83, 12]]), 4));
  expect(pixels({ data, width, height })).toEqual([83, 83, 83, 83]);
  expect(pixels({ data: Uint16Array.from(data, (code) => code * 257), width, height })).toEqual([83, 83, 83, 83]);
});

test('finds a print that lay askew, and how', () => {
  const picture = draw(480, 360, grainy(framed(480, 360, [[40, 235]], 1), 3));
  const [top, right, bottom, left] = borderOf(picture)! as Border;
  // Half a side times the tangent of one degree, to both sides of the middle.
  const [across, down] = [240 * 0.01746, 180 * 0.01746];
  for (const [[from, to], middle, off, whole] of [
    [top, 40, -across, 360],
    [right, 40, -down, 480],
    [bottom, 40, across, 360],
    [left, 40, down, 480],
  ] as const) {
    expect(Math.abs(from * whole - (middle + off))).toBeLessThan(1.2);
    expect(Math.abs(to * whole - (middle - off))).toBeLessThan(1.2);
  }
});

test('dust, a piece of tape, and two sides only are no hindrance', () => {
  const random = new Random(3);
  const specks = Array.from({ length: 60 }, () => [random.uniform() * 400, random.uniform() * 300] as const);
  const dusty: Grey = (x, y) => {
    if (specks.some(([u, v]) => Math.abs(x - u) < 1.6 && Math.abs(y - v) < 1.6)) return 250;
    if (x > 150 && x < 176 && y < 24) return 190;
    return x >= 380 || y >= 285 ? 9 : scene(x, y);
  };
  expect(pixels(draw(400, 300, dusty))).toEqual([0, 20, 15, 0]);
  const taped: Grey = (x, y) => (x > 150 && x < 176 && y < 24 ? 190 : framed(400, 300, [[22, 8]])(x, y));
  expect(pixels(draw(400, 300, taped))).toEqual([22, 22, 22, 22]);
});

test.each<[string, Grey]>([
  ['plain paper', () => 240],
  ['a scene to the rim', scene],
  ['a sky above hills', (x, y) => (y < 70 + 12 * Math.sin(x / 40) ? 230 : scene(x, y))],
  ['a bright sky above the sea', (x, y) => (y < 60 ? 245 : 90 + 10 * Math.sin(x / 3 + y))],
  ['a night with lamps', (x, y) => (Math.hypot(x - 200, y - 150) < 60 ? 220 : 8)],
  ['a vignette', (x, y) => scene(x, y) * Math.max(0, 1 - (Math.hypot(x - 200, y - 150) / 250) ** 2)],
  ['a thing on a white ground', (x, y) => (Math.abs(x - 200) < 90 && Math.abs(y - 150) < 120 ? scene(x, y) : 252)],
  ['a dark wall beside', (x, y) => (x < 60 ? 12 : scene(x, y))],
  ['a frame wider than a quarter', framed(400, 300, [[110, 8]])],
])('takes no border from %s', (_, grey) => {
  expect(pixels(draw(400, 300, grainy(grey, 1)))).toBeUndefined();
});

test('a width can be given, in pixels or percent of the shorter side, or none', () => {
  const picture = draw(200, 100, framed(200, 100, [[20, 5]]));
  const inner = (option: Parameters<typeof borderOf>[1]) => {
    const border = borderOf(picture, option);
    return border && innerOf(border, picture);
  };
  expect(inner('none')).toBeUndefined();
  expect(inner(0)).toBeUndefined();
  expect(inner(7)).toEqual({ left: 7, top: 7, width: 186, height: 86 });
  expect(inner('12.5%')).toEqual({ left: 13, top: 13, width: 174, height: 74 });
  expect(crop(picture, inner(20)!).data).toEqual(draw(160, 60, (x, y) => scene(x + 20, y + 20)).data);
  for (const wrong of [50, -1, Number.NaN, '60%', 'all', '5']) {
    expect(() => borderOf(picture, wrong as 'auto')).toThrow(ShapeError);
  }
  expect(() => borderOf(picture, '60%')).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: colorize: expected a border 'auto', 'none', or of a width below half of the shorter side (100 pixels) such as 12 or '5%', got '60%' – choose another]`,
  );
});

test('colors go on to the rim where a side has no border', () => {
  const picture = draw(200, 150, scene);
  const chroma = { data: Float32Array.of(40, -30), width: 1, height: 1 };
  const border: Border = [
    [0.1, 0.1],
    [0, 0],
    [0, 0],
    [0, 0],
  ];
  const full = applyChroma(picture, chroma).data;
  const { data } = applyChroma(picture, { ...chroma, border });
  const from = 4 * 200 * 17;
  expect(data.subarray(from).every((code, i) => code === full[from + i])).toBe(true);
});

test('the border stays exactly neutral, colors fade in over two pixels, and the rest is as without it', () => {
  const picture = draw(200, 150, scene);
  const chroma = { data: Float32Array.of(40, -30), width: 1, height: 1 };
  const border = borderOf(picture, 10)!;
  const plain = applyChroma(picture, chroma).data;
  for (const strength of [1, 1.6]) {
    const { data } = applyChroma(picture, { ...chroma, border }, { strength });
    const full = applyChroma(picture, chroma, { strength }).data;
    const wrong = Array.from(picture.data, (grey, p) => {
      const [x, y] = [p % 200, Math.floor(p / 200)];
      const within = Math.min(x, y, 199 - x, 149 - y) - 10;
      const wanted = within < 0 ? [grey, grey, grey] : within < 2 ? undefined : [...full.subarray(4 * p, 4 * p + 3)];
      return wanted?.some((code, c) => code !== data[4 * p + c]) ? `${x}, ${y}` : '';
    });
    expect(wrong.filter((place) => place)).toEqual([]);
  }
  const spread = (x: number) => {
    const i = (75 * 200 + x) * 4;
    const { data } = applyChroma(picture, { ...chroma, border });
    return (data[i]! - data[i + 1]!) / (plain[i]! - plain[i + 1]!);
  };
  expect(spread(10)).toBeCloseTo(0.25, 1);
  expect(spread(11)).toBeCloseTo(0.75, 1);
});
