/** The picture of a run's losses. */
import { expect, test } from 'vitest';
import { lossSvg } from '../../../src/cli/train/loss_svg.ts';

const steps = Array.from({ length: 1000 }, (_, i) => ({ step: i + 1, loss: 0.02 - i * 1e-5 }));
const coordinates = (svg: string, kind: string) =>
  [...new RegExp(`class="${kind}" d="M([^"]+)"`).exec(svg)![1]!.matchAll(/([\d.]+),([\d.]+)/g)].map(([, x, y]) => [
    Number(x),
    Number(y),
  ]);

test('falls where the loss falls, and marks validations beside their baselines', () => {
  const svg = lossSvg([...steps, { step: 1000, val: 0.012, grey: 0.02, meanColor: 0.017 }]);
  const means = coordinates(svg, 'mean');
  expect(means.length).toBeGreaterThan(400);
  // Downwards is larger.
  expect(means.every(([x, y], i) => i === 0 || (x! > means[i - 1]![0]! && y! >= means[i - 1]![1]!))).toBe(true);
  expect(svg).toContain('validation 0.0120');
  expect(svg).toContain('all grey 0.0200');
  const dot = Number(/<circle cx="[\d.]+" cy="([\d.]+)"/.exec(svg)![1]);
  const lines = [...svg.matchAll(/y1="([\d.]+)"/g)].map(([, y]) => Number(y));
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(dot).toBeGreaterThan(line);
});

test('a batch far out stays within the drawing; a run without validations, or without anything, has a picture too', () => {
  const svg = lossSvg([...steps, { step: 1001, loss: 99 }, { step: 1002, loss: 0.01 }]);
  for (const [x, y] of [...coordinates(svg, 'batch'), ...coordinates(svg, 'mean')]) {
    expect(x! >= 0 && x! <= 720 && y! >= 0 && y! <= 320).toBe(true);
  }
  expect(lossSvg(steps.slice(0, 1))).not.toMatch(/NaN|Infinity/);
  expect(lossSvg([])).not.toMatch(/NaN|Infinity|undefined/);
});

test('a cross-entropy has an axis of its own, and leaves the scores theirs', () => {
  const large = steps.map(({ step, loss }) => ({ step, loss: 200 * loss }));
  const scores = [
    { step: 500, val: 0.016, grey: 0.02, meanColor: 0.017 },
    { step: 1000, val: 0.012, grey: 0.02, meanColor: 0.017 },
  ];
  const svg = lossSvg([...large, ...scores], 'cross-entropy');
  expect(svg).toContain('Cross-entropy of 1000 steps');
  const heights = (pattern: RegExp) => [...svg.matchAll(pattern)].map(([, y]) => Number(y));
  const dots = heights(/<circle cx="[\d.]+" cy="([\d.]+)"/g);
  const [grey] = heights(/y1="([\d.]+)"/g);
  // Drawn beside a loss of 4, all of them would lie on one line.
  expect(dots[1]! - dots[0]!).toBeGreaterThan(50);
  expect(dots[0]! - grey!).toBeGreaterThan(50);
  const means = coordinates(svg, 'mean');
  expect(means.at(-1)![1]! - means[0]![1]!).toBeGreaterThan(100);
});
