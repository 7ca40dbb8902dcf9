/** The contrast stretch: what is faded comes back, what is not stays, and grain does not become a picture. */
import { expect, test } from 'vitest';
import { stretched } from '../../../src/image/raster/stretch.ts';
import { expectClose } from '../../reference/close.ts';
import { random } from '../../support/random.ts';

const ramp = Float32Array.from({ length: 1001 }, (_, i) => (255 * i) / 1000);

test('a hundredth at either end becomes black and white', () => {
  const codes = stretched(ramp);
  expect([...codes.subarray(0, 11)]).toEqual(new Array(11).fill(0));
  expect([...codes.subarray(990)]).toEqual(new Array(11).fill(255));
  expect(codes[500]).toBeCloseTo(127.5, 3);
});

test('the ends are those of the sorted codes, to the bit', () => {
  for (const [count, seed] of [
    [1, 3],
    [99, 4],
    [5000, 5],
  ] as const) {
    const codes = random(count, seed).map((v) => 127.5 + 127.5 * v);
    const sorted = codes.toSorted();
    const at = Math.floor(count / 100);
    const [low, high] = [sorted[at]!, sorted[count - 1 - at]!];
    const gain = 255 / Math.max(high - low, 64);
    expect(stretched(codes)).toEqual(codes.map((code) => Math.min(Math.max((code - low) * gain, 0), 255)));
  }
});

test('a faded picture becomes what the picture becomes', () => {
  const codes = random(5000, 1).map((v) => 127.5 + 127 * v);
  expectClose(stretched(codes.map((code) => 70 + (110 * code) / 255)), stretched(codes), { absolute: 1e-3 });
});

test('what has next to no contrast is stretched fourfold at most; one grey stays one', () => {
  const codes = random(5000, 2).map((v) => 100 + v);
  const spread = (values: Float32Array) => Math.max(...values) - Math.min(...values);
  expect(spread(stretched(codes))).toBeLessThan((255 / 64) * spread(codes) * 1.001);
  expect(new Set(stretched(new Float32Array(9).fill(80)))).toEqual(new Set([0]));
});
