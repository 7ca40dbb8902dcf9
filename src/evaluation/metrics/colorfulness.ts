/** Colorfulness: Hasler and Süsstrunk, "Measuring colorfulness in natural images", 2003, equation for M^(3). */
import { channelsOf } from '../../image/raster/picture.ts';
import type { BytePicture } from './pair.ts';

/**
 * Returns `sqrt(var(rg) + var(yb)) + 0.3 sqrt(mean(rg)² + mean(yb)²)`, where rg = R − G and yb = (R + G) / 2 − B in 8-bit
 * codes; variances over all pixels. 0 for grey; photographs have about 40.
 *
 * @throws ShapeError unless the picture is RGBA
 */
export function colorfulness(picture: BytePicture): number {
  channelsOf('colorfulness', picture, 4);
  const { data } = picture;
  const pixels = data.length / 4;
  const sums = { rg: 0, yb: 0, rgSquare: 0, ybSquare: 0 };
  for (let i = 0; i < data.length; i += 4) {
    const [r, g, b] = [data[i]!, data[i + 1]!, data[i + 2]!];
    const rg = r - g;
    const yb = (r + g) / 2 - b;
    sums.rg += rg;
    sums.yb += yb;
    sums.rgSquare += rg * rg;
    sums.ybSquare += yb * yb;
  }
  const [rg, yb] = [sums.rg / pixels, sums.yb / pixels];
  // The sums are exact, but their quotients are rounded.
  const variance = Math.max(sums.rgSquare / pixels - rg * rg + sums.ybSquare / pixels - yb * yb, 0);
  return Math.sqrt(variance) + 0.3 * Math.hypot(rg, yb);
}
