/** The mean of views of a picture: upright, at the largest one's resolution, without padding. */
import { expect, test } from 'vitest';
import { meanOfViews, type ViewedChroma } from '../../../src/image/raster/views.ts';
import { expectClose } from '../../reference/close.ts';

/** What a network would say that answers a = x, b = y, from 0 to 1 over the picture; padding is 9. */
function ramp(width: number, height: number, extent: { width: number; height: number }, mirror: boolean): ViewedChroma {
  const data = new Float32Array(width * height * 2).fill(9);
  const guide = new Float32Array(width * height).fill(9);
  for (let y = 0; y < Math.ceil(extent.height); y++) {
    for (let x = 0; x < Math.ceil(extent.width); x++) {
      const across = (x + 0.5) / extent.width;
      data.set([mirror ? 1 - across : across, (y + 0.5) / extent.height], (y * width + x) * 2);
      guide[y * width + x] = 100 * (mirror ? 1 - across : across);
    }
  }
  return { data, guide, width, height, extent, mirror };
}

test('one view that is not mirrored is returned as it is', () => {
  const view = ramp(8, 8, { width: 7.5, height: 8 }, false);
  expect(meanOfViews([view])).toBe(view);
});

test.each([
  ['a mirrored view', [ramp(16, 8, { width: 12, height: 8 }, true)]],
  [
    'views of two sizes, mirrored and not',
    [
      ramp(8, 8, { width: 6, height: 4 }, false),
      ramp(8, 8, { width: 6, height: 4 }, true),
      ramp(16, 8, { width: 12, height: 8 }, false),
      ramp(16, 8, { width: 12, height: 8 }, true),
    ],
  ],
])('%s: the colors lie where they lie in the picture', (_, views) => {
  const mean = meanOfViews(views);
  expect([mean.width, mean.height]).toEqual([12, 8]);
  const inside = (i: number) => i % 12 > 0 && i % 12 < 11 && i >= 12 && i < 84;
  for (let i = 0; i < 96; i++) {
    if (!inside(i)) continue; // At the borders a small view has nothing to go between.
    const [x, y] = [((i % 12) + 0.5) / 12, (Math.floor(i / 12) + 0.5) / 8];
    expectClose([mean.data[2 * i]!, mean.data[2 * i + 1]!, mean.guide![i]! / 100], [x, y, x], { absolute: 1e-6 });
  }
});

test('views that differ are averaged alike', () => {
  const flat = (a: number): ViewedChroma => ({ data: Float32Array.of(a, -a), width: 1, height: 1, mirror: false });
  expect([...meanOfViews([flat(1), flat(2), flat(6)]).data]).toEqual([3, -3].map(Math.fround));
});
