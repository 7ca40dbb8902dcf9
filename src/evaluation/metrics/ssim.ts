/**
 * Structural similarity: Wang, Bovik, Sheikh and Simoncelli 2004, with their constants. Gaussian window of 11 x 11,
 * sigma 1.5, weights that sum to 1; K1 = 0.01, K2 = 0.03, dynamic range 255; only where the window lies inside the
 * picture. Of R, G and B each, then the mean of the three: luma alone would say that any coloring is nearly perfect.
 */
import { ShapeError } from '../../runtime/errors.ts';
import { type BytePicture, checkPair } from './pair.ts';

const TAPS = 11;
const SIGMA = 1.5;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;
/** Means of x, y, x², y² and xy. */
const MOMENTS = 5;

const WINDOW = (() => {
  const weights = Float64Array.from({ length: TAPS }, (_, i) =>
    Math.exp(-((i - (TAPS - 1) / 2) ** 2) / (2 * SIGMA ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight);
  return weights.map((weight) => weight / sum);
})();

/**
 * Returns the mean structural similarity of R, G and B: 1 for equal pictures.
 *
 * @throws ShapeError unless both are RGBA of one size, of at least 11 x 11 pixels
 */
export function ssim(one: BytePicture, other: BytePicture): number {
  checkPair('ssim', one, other);
  if (Math.min(one.width, one.height) < TAPS) {
    throw new ShapeError({
      where: 'ssim',
      expected: `at least ${TAPS} x ${TAPS} pixels`,
      got: `${one.width} x ${one.height}`,
    });
  }
  return [0, 1, 2].reduce((sum, channel) => sum + ssimOfChannel(one, other, channel) / 3, 0);
}

function ssimOfChannel({ data: x, width, height }: BytePicture, { data: y }: BytePicture, channel: number): number {
  const columns = width - TAPS + 1;
  const rows = height - TAPS + 1;
  // The window is a product: along the rows first, then down the columns.
  const across = new Float64Array(height * columns * MOMENTS);
  let to = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < columns; column++) {
      let [x1, y1, xx, yy, xy] = [0, 0, 0, 0, 0];
      for (let tap = 0; tap < TAPS; tap++) {
        const from = (row * width + column + tap) * 4 + channel;
        const p = x[from]!;
        const q = y[from]!;
        const weight = WINDOW[tap]!;
        x1 += weight * p;
        y1 += weight * q;
        xx += weight * p * p;
        yy += weight * q * q;
        xy += weight * p * q;
      }
      across[to++] = x1;
      across[to++] = y1;
      across[to++] = xx;
      across[to++] = yy;
      across[to++] = xy;
    }
  }
  let sum = 0;
  const line = columns * MOMENTS;
  for (let at = 0; at < rows * line; at += MOMENTS) {
    let [x1, y1, xx, yy, xy] = [0, 0, 0, 0, 0];
    for (let tap = 0; tap < TAPS; tap++) {
      const from = at + tap * line;
      const weight = WINDOW[tap]!;
      x1 += weight * across[from]!;
      y1 += weight * across[from + 1]!;
      xx += weight * across[from + 2]!;
      yy += weight * across[from + 3]!;
      xy += weight * across[from + 4]!;
    }
    const variances = xx - x1 * x1 + yy - y1 * y1;
    const covariance = xy - x1 * y1;
    sum += ((2 * x1 * y1 + C1) * (2 * covariance + C2)) / ((x1 * x1 + y1 * y1 + C1) * (variances + C2));
  }
  return sum / (rows * columns);
}
