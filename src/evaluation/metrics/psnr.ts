/** Peak signal-to-noise ratio over R, G and B. */
import { type BytePicture, checkPair } from './pair.ts';

/**
 * Returns `10 log10(255² / MSE)` in dB, with the mean squared error of the 8-bit codes of R, G and B together.
 * Infinite for equal pictures.
 *
 * @throws ShapeError unless both are RGBA of one size
 */
export function psnr(one: BytePicture, other: BytePicture): number {
  checkPair('psnr', one, other);
  const [x, y] = [one.data, other.data];
  let sum = 0;
  for (let i = 0; i < x.length; i += 4) {
    for (let c = i; c < i + 3; c++) sum += (x[c]! - y[c]!) ** 2;
  }
  return 10 * Math.log10((255 ** 2 * (x.length / 4) * 3) / sum);
}
