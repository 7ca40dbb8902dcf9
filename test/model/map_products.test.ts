/** Scale of feature maps: the same answers whatever they are divided by. */
import { expect, test } from 'vitest';
import type { MapsInfo } from '../../src/model/embedding.ts';
import { rescaleMaps, withoutScale } from '../../src/model/map_products.ts';

const info = (...deviations: number[]): MapsInfo => ({
  kind: 'maps',
  maps: deviations.map((deviation, i) => ({ output: `m${i}`, channels: 2, stride: 8 << i, deviation })),
  sha256: 'ab'.repeat(32),
  scale: 2,
  range: [-1, 1],
});
const tensors = new Map(
  ['dec2.map0', 'fusion.map1', 'fusion.weight'].map((name, i) => [
    name,
    { shape: [1, 1, 2, 1], data: Float32Array.of(1 + i, -2) },
  ]),
);
const data = (name: string, of: ReadonlyMap<string, { data: Float32Array }>) => [...of.get(name)!.data];

test('a product with a map is multiplied by what the map is divided by from now on, and nothing else is', () => {
  const got = rescaleMaps(tensors, info(2, 4), info(3, 1));
  expect(data('dec2.map0', got)).toEqual([1.5, -3]); // 1 / 2 = 1.5 / 3
  expect(data('fusion.map1', got)).toEqual([0.5, -0.5]);
  expect(data('fusion.weight', got)).toEqual([3, -2]);
});

test('weights without maps stay as they are', () => {
  expect(rescaleMaps(tensors, undefined, info(3, 1))).toBe(tensors);
  expect(rescaleMaps(tensors, info(2, 4), undefined)).toBe(tensors);
});

test('extractors are alike whose maps are divided by other numbers', () => {
  expect(withoutScale(info(2, 4))).toEqual(withoutScale(info(3, 1)));
  expect(withoutScale(info(2, 4))).not.toEqual(withoutScale(info(2)));
  expect(withoutScale(undefined)).toBeUndefined();
});
