/** Ceiling of chroma: how far a strength above 1 may take a color. */

/**
 * Chroma that amplification approaches and does not reach, unless the picture has more by itself: nine in ten
 * photographs have 99 % of their pixels below it (90th percentile over 164 of them, at 32 pixels: 69; median: 36).
 * The picture's own 99th percentile alone would not do: a network trained on squared errors says about half of the true
 * chroma, which is what strength is for.
 */
export const CHROMA_CEILING = 70;

/**
 * Returns what is left of a gain below a ceiling: the increase `e = (gain - 1) * chroma` becomes `e r / (e + r)`, where
 * `r` is the room below the ceiling. Small increases stay as they are; none passes the ceiling; grows with both
 * arguments, so that no two colors change places.
 *
 * @param gain - 1 or more
 * @param chroma - sqrt(a*² + b*²) before
 * @returns the gain to use, 1..`gain`; 1 for a chroma at the ceiling or above
 */
export function ceilingGain(gain: number, chroma: number, ceiling: number): number {
  const room = ceiling - chroma;
  if (room <= 0) return 1;
  const more = gain - 1;
  return 1 + (more * room) / (more * chroma + room);
}
