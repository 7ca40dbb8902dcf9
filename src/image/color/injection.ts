/**
 * Guided detail: how much a* and b* change with the grey around each pixel of a small plane. `upsample.ts` uses it to
 * give colors the
 * edges of the full picture.
 */
import type { Plane } from '../raster/resize.ts';

/**
 * Added to the variance of the guide, in squared 8-bit codes: contrasts well under 10 codes (a standard deviation) say
 * nothing of colors. Of 50, 100 and 200 it made little difference for photographs; see `upsample.ts`.
 */
export const GUIDE_VARIANCE = 100;

/** Weights of the three neighbors along one axis. */
const TENT = [0.25, 0.5, 0.25];

/**
 * Returns for each pixel the slopes of a* and b* over the guide, by regularized least squares in its 3x3 neighborhood
 * (weights 1 2 1 along both axes): `R² cov(guide, ab) / (var(guide) + GUIDE_VARIANCE)`. Without R² it is the linear
 * coefficient of the guided filter (He, Sun and Tang 2010), and the local injection gain of pan-sharpening (Aiazzi et al.
 * 2002). R² is the share of the variance of a* and b* together that a straight line over the guide explains: it takes the
 * slope away where colors change and the grey tells little of it.
 *
 * @param ab - `[h, w, 2]`
 * @param guide - `[h, w]`, 8-bit codes
 * @param columns, rows - what is picture; what lies beyond is not read, neighbors are clamped
 * @returns `[rows, columns, 2]`, units of a* and b* for each code
 */
export function injectionGains(ab: Plane, guide: Float32Array, columns: number, rows: number): Float64Array {
  const gains = new Float64Array(rows * columns * 2);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      let [g, a, b, gg, ga, gb, abab] = [0, 0, 0, 0, 0, 0, 0];
      for (let j = 0; j < 3; j++) {
        const row = Math.min(Math.max(y + j - 1, 0), rows - 1) * ab.width;
        for (let i = 0; i < 3; i++) {
          const at = row + Math.min(Math.max(x + i - 1, 0), columns - 1);
          const weight = TENT[j]! * TENT[i]!;
          const grey = guide[at]!;
          const [itsA, itsB] = [ab.data[2 * at]!, ab.data[2 * at + 1]!];
          g += weight * grey;
          a += weight * itsA;
          b += weight * itsB;
          gg += weight * grey * grey;
          ga += weight * grey * itsA;
          gb += weight * grey * itsB;
          abab += weight * (itsA * itsA + itsB * itsB);
        }
      }
      // The difference of two large sums may fall under 0 by rounding.
      const variance = Math.max(gg - g * g, 0);
      const [withA, withB] = [ga - g * a, gb - g * b];
      const explained = (withA ** 2 + withB ** 2) / ((variance + 1) * (Math.max(abab - a * a - b * b, 0) + 1));
      const factor = explained / (variance + GUIDE_VARIANCE);
      gains[(y * columns + x) * 2] = withA * factor;
      gains[(y * columns + x) * 2 + 1] = withB * factor;
    }
  }
  return gains;
}
