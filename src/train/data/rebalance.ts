/**
 * Weights of colors in the loss, so that rare ones count: the class rebalancing of Zhang, Isola and Efros
 * (2016, section 2.2), applied to regression too.
 */
import { BIN, BINS, BINS_PER_UNIT } from '../../kernels/loss/chroma_bins.ts';
import { ShapeError } from '../../runtime/errors.ts';

export { BINS, BINS_PER_UNIT };

/** exp(−1/2) of Zhang's Gaussian with a deviation of 5, half a bin, at a distance of one bin: exp(−2), normalized. */
const NEIGHBOR = 0.10650697891920073;

/** The bin of a color, as the device finds it. */
export function binOf(a: number, b: number): number {
  const along = (value: number) => Math.max(0, Math.min(BINS - 1, Math.floor(value / BIN + BINS / 2)));
  return along(a) * BINS + along(b);
}

/**
 * The weights [BINS, BINS] of all colors: ∝ 1 / ((1 − λ) p + λ / Q), with p the lightly smoothed share of a bin's
 * pixels and Q the number of bins that occur. Over the pixels counted, the mean weight is 1.
 *
 * @param counts pixels by `binOf`
 * @param lambda above 0, where 1 weighs all alike, and rare colors weigh the more the nearer to 0 it is
 * @throws ShapeError for another number of counts, or none at all
 */
export function colorWeights(counts: ArrayLike<number>, lambda: number): Float32Array<ArrayBuffer> {
  const { shares, occurring } = sharesOf(counts);
  const weights = smoothed(shares).map((share) => 1 / ((1 - lambda) * share + lambda / occurring));
  const mean = weights.reduce((sum, weight, bin) => sum + weight * shares[bin]!, 0);
  return Float32Array.from(weights, (weight) => weight / mean);
}

/** The logits [BINS²] that say how often colors occur, and nothing of a picture: where a classifier begins. */
export function priorLogits(counts: ArrayLike<number>): Float32Array<ArrayBuffer> {
  const { shares } = sharesOf(counts);
  return Float32Array.from(smoothed(shares), (share) => Math.log(share + LEAST_SHARE));
}

/** Of a color that never occurred: such a class is not impossible. */
const LEAST_SHARE = 1e-6;

function sharesOf(counts: ArrayLike<number>): { shares: number[]; occurring: number } {
  const all = Array.from(counts);
  const total = all.reduce((sum, count) => sum + count, 0);
  if (all.length !== BINS ** 2 || !(total > 0)) {
    throw new ShapeError({
      where: 'rebalance',
      expected: `${BINS ** 2} counts above 0 in all`,
      got: `${all.length} and ${total}`,
    });
  }
  return { shares: all.map((count) => count / total), occurring: all.filter((count) => count > 0).length };
}

/** [1 − 2n, n] with its neighbors on either side, along both axes. */
function smoothed(values: readonly number[]): number[] {
  const along = (from: readonly number[], stride: number) =>
    from.map((value, i) => {
      const at = Math.floor(i / stride) % BINS;
      const before = at > 0 ? from[i - stride]! : 0;
      const after = at < BINS - 1 ? from[i + stride]! : 0;
      return (1 - 2 * NEIGHBOR) * value + NEIGHBOR * (before + after);
    });
  return along(along(values, BINS), 1);
}
