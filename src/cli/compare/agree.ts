/** Agreement of two pictures, whatever their colors: files of one name need not be. */
import type { BytePicture } from '../../evaluation/metrics/pair.ts';

/**
 * Least correlation of lightness. Programs that color keep lightness, so that theirs is above 0.98 even after resizing
 * and JPEG; other pictures, and other parts of the same one, are far below.
 */
export const LEAST_CORRELATION = 0.9;

/** Pearson's correlation of two grey pictures of one size; 1 where both are of one grey, 0 where only one is. */
export function correlation({ data: one }: BytePicture, { data: other }: BytePicture): number {
  const count = one.length / 4;
  const sums = { x: 0, y: 0, xx: 0, yy: 0, xy: 0 };
  for (let i = 0; i < one.length; i += 4) {
    const [x, y] = [one[i]!, other[i]!];
    sums.x += x;
    sums.y += y;
    sums.xx += x * x;
    sums.yy += y * y;
    sums.xy += x * y;
  }
  // Whole numbers: exact up to 2^53.
  const spreads = [count * sums.xx - sums.x ** 2, count * sums.yy - sums.y ** 2] as const;
  if (spreads[0] === 0 || spreads[1] === 0) return spreads[0] === spreads[1] ? 1 : 0;
  return (count * sums.xy - sums.x * sums.y) / Math.sqrt(spreads[0] * spreads[1]);
}
