/** Ovals and round corners of mounts: found to the pixel or so, left alone where there are none, and kept neutral. */
import { expect, test } from 'vitest';
import { applyChroma } from '../../../src/image/color/chroma.ts';
import { type Border, borderOf, within } from '../../../src/image/raster/border.ts';
import { draw, type Grey, grainy, scene } from '../../support/prints.ts';

/** A rectangle with round corners, in pixels. */
interface Opening {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly radii: readonly [number, number];
}

const oval = (left: number, top: number, right: number, bottom: number): Opening => {
  return { left, top, right, bottom, radii: [(right - left) / 2, (bottom - top) / 2] };
};

/** How far outside of an opening a pixel's middle lies, as a share of the corner's radius; 0 and less inside. */
function beyond({ left, top, right, bottom, radii: [rx, ry] }: Opening, x: number, y: number): number {
  const u = Math.max(left + rx - x, x - right + rx, 0) / rx;
  const v = Math.max(top + ry - y, y - bottom + ry, 0) / ry;
  return Math.hypot(u, v) - 1;
}

/** A picture behind paper; its edge is `soft` wide, as a share of the radius. */
const mounted =
  (opening: Opening, paper: Grey, picture: Grey = scene, soft = 0.015): Grey =>
  (x, y) => {
    const share = Math.min(Math.max(beyond(opening, x + 0.5, y + 0.5) / soft + 0.5, 0), 1);
    return picture(x, y) + (paper(x, y) - picture(x, y)) * share;
  };

/** What is found, in pixels. */
function openingOf(border: Border | undefined, width: number, height: number): Opening | undefined {
  if (!border?.[4]) return undefined;
  const [top, right, bottom, left, [rx, ry]] = border;
  return {
    left: left[0] * width,
    top: top[0] * height,
    right: (1 - right[0]) * width,
    bottom: (1 - bottom[0]) * height,
    radii: [rx * width, ry * height],
  };
}

const fading: Grey = (x, y) => 225 + x / 60 - y / 40;
const dark: Grey = (x, y) => (Math.hypot(x - 200, y - 420) < 190 ? 30 : scene(x, y));
test.each<[string, Opening, Grey, Grey?]>([
  ['an oval in the middle of pale paper', oval(60, 40, 340, 260), fading],
  ['one that is off the middle, on dark paper', oval(30, 20, 330, 250), () => 25],
  ['one on grey paper', oval(40, 30, 350, 270), () => 128],
  ['one that reaches the rim', oval(1, 1, 399, 299), fading],
  ['dark clothes on dark paper, which hide a third of the edge', oval(60, 40, 340, 260), () => 30, dark],
  ['round corners', { left: 0, top: 0, right: 400, bottom: 300, radii: [70, 70] }, () => 240],
  ['round corners of a print on a mount', { left: 30, top: 30, right: 370, bottom: 270, radii: [40, 40] }, () => 235],
])('finds %s', (_, opening, paper, picture) => {
  const found = openingOf(borderOf(draw(400, 300, grainy(mounted(opening, paper, picture), 3))), 400, 300)!;
  const wanted = Object.values(opening).flat();
  const off = Object.values(found)
    .flat()
    .map((value, i) => Math.abs(value - wanted[i]!));
  expect(Math.max(...off.slice(0, 4))).toBeLessThan(1.5);
  // The edge in the diagonal is less than half as far off as the radius.
  expect(Math.max(...off.slice(4)) * 0.414).toBeLessThan(1.5);
});

test('finds an oval at any size and depth', () => {
  const { data } = draw(
    1100,
    900,
    grainy(
      mounted(oval(150, 100, 950, 830), () => 232, scene, 0.004),
      4,
    ),
  );
  const picture = { data: Uint16Array.from(data, (code) => code * 257), width: 1100, height: 900 };
  const { left, top, right, bottom } = openingOf(borderOf(picture), 1100, 900)!;
  for (const off of [left - 150, top - 100, right - 950, bottom - 830]) expect(Math.abs(off)).toBeLessThan(2);
});

test.each<[string, Grey]>([
  ['a scene to the rim', scene],
  ['plain paper', () => 240],
  ['a vignette that fades to white', mounted(oval(40, 30, 360, 270), () => 250, scene, 0.35)],
  [
    'a lens that darkens the corners',
    (x, y) => scene(x, y) * Math.max(0, 1 - (Math.hypot(x - 200, y - 150) / 250) ** 2),
  ],
  ['a small round thing on a table', mounted(oval(150, 100, 250, 200), () => 200)],
  [
    'a person on a white ground',
    (x, y) =>
      Math.hypot((x - 200) / 70, (y - 90) / 80) < 1 || (y > 160 && Math.abs(x - 200) < y - 60) ? scene(x, y) : 250,
  ],
  [
    'corners of which one is another',
    (x, y) => (x > 350 && y > 250 ? 90 : mounted(oval(60, 40, 340, 260), () => 235)(x, y)),
  ],
])('takes nothing round from %s', (_, grey) => {
  expect(borderOf(draw(400, 300, grainy(grey, 1)))?.[4]).toBeUndefined();
});

test('paper stays exactly neutral, what lies within is colored as without it, and the network is shown no paper', () => {
  const opening = oval(30, 20, 170, 130);
  const picture = draw(
    200,
    150,
    mounted(opening, () => 240),
  );
  const border: Border = [
    [20 / 150, 20 / 150],
    [30 / 200, 30 / 200],
    [20 / 150, 20 / 150],
    [30 / 200, 30 / 200],
    [70 / 200, 55 / 150],
  ];
  const chroma = { data: Float32Array.of(40, -30), width: 1, height: 1 };
  const full = applyChroma(picture, chroma).data;
  const { data } = applyChroma(picture, { ...chroma, border });
  const counts = { paper: 0, colored: 0 };
  const same = (p: number, r: number, g: number, b: number) =>
    data[4 * p] === r && data[4 * p + 1] === g && data[4 * p + 2] === b;
  for (let p = 0; p < 200 * 150; p++) {
    const [x, y] = [(p % 200) + 0.5, Math.floor(p / 200) + 0.5];
    const off = beyond(opening, x, y);
    const grey = picture.data[p]!;
    if (off > 0) {
      if (!same(p, grey, grey, grey)) expect.fail(`paper at ${x}, ${y} has a color`);
      counts.paper++;
    } else if (off < -0.05) {
      if (!same(p, full[4 * p]!, full[4 * p + 1]!, full[4 * p + 2]!)) expect.fail(`the picture at ${x}, ${y} differs`);
      counts.colored++;
    }
  }
  expect(counts.paper).toBeGreaterThan(15_000);
  expect(counts.colored).toBeGreaterThan(10_000);
  const shown = within(picture, border);
  expect([shown.width, shown.height]).toEqual([140, 110]);
  // The scene's codes end at 200; the paper's is 240. At the edge, two pixels are between both.
  const bright = shown.data.filter((code) => code > 205).length;
  expect(bright).toBeLessThan(0.03 * shown.data.length);
});
