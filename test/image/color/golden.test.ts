/** L*, a*, b* against values computed in Python with constants of its own. See test/golden/make_golden.py. */
import { expect, test } from 'vitest';
import { rgbToLab } from '../../../src/image/color/lab.ts';
import { loadGoldenLab } from '../../golden/random.ts';

test('forty colors', () => {
  const { rgb, lab } = loadGoldenLab();
  expect(rgb).toHaveLength(40);
  rgb.forEach(([r, g, b], i) => {
    // The two derive D65's white from rounded chromaticities in different ways.
    rgbToLab(r / 255, g / 255, b / 255).forEach((value, k) => {
      expect(Math.abs(value - lab[i]![k]!)).toBeLessThan(0.02);
    });
  });
});
