/**
 * Structural similarity: Wang, Bovik, Sheikh and Simoncelli 2004, with their constants. Gaussian window of 11 x 11,
 * sigma 1.5, weights that sum to 1; K1 = 0.01, K2 = 0.03, dynamic range 255; only where the window lies inside the
 * picture. Of R, G and B each, then the mean of the three: luma alone would say that any colouring is nearly perfect.
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
    throw new ShapeError(`ssim: expected at least ${TAPS} x ${TAPS} pixels, got ${one.width} x ${one.height}`);
  }
  return [0, 1, 2].reduce((sum, channel) => sum + ssimOfChannel(one, other, channel) / 3, 0);
}

function ssimOfChannel({ data: x, width, height }: BytePicture, { data: y }: BytePicture, channel: number): number {
  const columns = width - TAPS + 1;
  const rows = height - TAPS + 1;
  // The window is a product: along the rows first, then down the columns.
  const across = new Float64Array(height * columns * MOMENTS);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < columns; column++) {
      const to = (row * columns + column) * MOMENTS;
      for (let tap = 0; tap < TAPS; tap++) {
        const from = (row * width + column + tap) * 4 + channel;
        const [p, q, weight] = [x[from]!, y[from]!, WINDOW[tap]!];
        across[to]! += weight * p;
        across[to + 1]! += weight * q;
        across[to + 2]! += weight * p * p;
        across[to + 3]! += weight * q * q;
        across[to + 4]! += weight * p * q;
      }
    }
  }
  let sum = 0;
  const moments = new Float64Array(MOMENTS);
  const line = columns * MOMENTS;
  for (let at = 0; at < rows * line; at += MOMENTS) {
    moments.fill(0);
    for (let tap = 0; tap < TAPS; tap++) {
      for (let m = 0; m < MOMENTS; m++) moments[m]! += WINDOW[tap]! * across[at + tap * line + m]!;
    }
    sum += similarity(moments);
  }
  return sum / (rows * columns);
}

function similarity(moments: Float64Array): number {
  const [x, y, xx, yy, xy] = moments as unknown as [number, number, number, number, number];
  const [varianceX, varianceY, covariance] = [xx - x * x, yy - y * y, xy - x * y];
  return ((2 * x * y + C1) * (2 * covariance + C2)) / ((x * x + y * y + C1) * (varianceX + varianceY + C2));
}
