/**
 * Border of one side of a picture: how far a uniform border reaches in from it.
 *
 * From the outermost lines inward, each of the side's bins ends where it leaves the border's level; the ends of most bins
 * must lie on one straight line. What follows may be a further layer (paper inside a film's edge). The innermost edge is
 * then measured again at full size.
 */
import { BINS, MOST, median, type Side, sample } from './side.ts';

/** The share of a side's bins that must show its edge, by the number of other sides that have a border: dark parts hide it. */
const SEEN = [0.8, 0.65, 0.5, 0.4] as const;
/** Layers inside each other. */
const LAYERS = 4;
/** Slope of the steepest edge: 2 degrees. */
const STEEPEST = 0.035;
/** A layer's steps of depth, at least. */
const THINNEST = 2;
/** Bins whose end lies on the line, in steps of depth. */
const STRAIGHT = 1.5;
/** Most deviation of a border's codes along its side. */
const ROUGHEST = 5;

/** A straight edge: its depth in steps at bin 0 and its change from bin to bin. */
interface Line {
  readonly at: number;
  readonly slope: number;
}

interface Layer extends Line {
  readonly level: number;
}

/** What is known when a side is looked at. */
interface Known {
  /** Which part of the side's length is looked at, as shares of it. */
  readonly first: number;
  readonly last: number;
  /** How many other sides have a border. */
  readonly others: number;
}

/**
 * Finds how far the border of a side reaches.
 *
 * @returns depth at both ends as a share of the picture's height or width; undefined without a border
 */
export function borderOfSide(
  side: Side,
  { first, last, others }: Known,
): readonly [from: number, to: number] | undefined {
  const bins = Array.from({ length: BINS }, (_, bin) => bin).filter(
    (bin) => bin / BINS >= first && (bin + 1) / BINS <= last,
  );
  if (bins.length < BINS / 4) return undefined;
  let innermost: Layer | undefined;
  for (let layer = 0; layer < LAYERS; layer++) {
    const outer: Line = innermost ?? { at: 0, slope: 0 };
    let next: Layer | undefined;
    // Between layers lies an edge, blurred, or a line or shadow too thin to be one.
    for (const gap of innermost ? [1, 2, 3, 4, 5] : [0]) {
      next ??= layerOf(side, bins, { ...outer, at: outer.at + gap }, others);
    }
    if (!next) break;
    innermost = next;
  }
  return innermost && refined(side, bins, innermost);
}

const depthOf = ({ at, slope }: Line, bin: number) => at + slope * bin;

/** The layer that begins at a line, where there is one. `share`: of the bins, which must end on its edge. */
function layerOf({ row, steps, step, length, across }: Side, bins: readonly number[], start: Line, others: number) {
  const share = SEEN[others]!;
  const value = (bin: number, d: number) => row(Math.min(d, steps - 1))[bin]!;
  const begin = (bin: number) => Math.max(0, Math.round(depthOf(start, bin)));
  const outermost = Float64Array.from(bins.flatMap((bin) => [0, 1, 2].map((d) => value(bin, begin(bin) + d))));
  const level = median(outermost);
  const noise = 1.4826 * median(outermost.map((code) => Math.abs(code - level)));
  if (noise > ROUGHEST) return undefined;
  const tolerance = Math.min(Math.max(3 * noise + 4, 6), 16);
  const differs = (bin: number, d: number) => Math.abs(value(bin, d) - level) > tolerance;
  /** Where a bin leaves the level, before that depth; else `steps`. */
  const end = (bin: number, before: number) => {
    for (let d = begin(bin); d < before; d++) if (differs(bin, d) && differs(bin, d + 1)) return d;
    return steps;
  };
  const long = bins.filter((bin) => end(bin, Math.min(begin(bin) + THINNEST, steps - 1)) === steps).length;
  if (long < share * bins.length) return undefined;
  const ends = bins.map((bin) => end(bin, steps - 1));
  const edge = straightest(bins, ends, (STEEPEST * length) / BINS / step);
  if (!edge) return undefined;
  const on = bins.filter((bin, i) => Math.abs(ends[i]! - depthOf(edge, bin)) <= STRAIGHT);
  const short = bins.filter((bin, i) => ends[i]! < depthOf(edge, bin) - STRAIGHT);
  const sharp = on.filter((bin) => {
    const d = Math.round(depthOf(edge, bin));
    return Math.abs(value(bin, d + 2) - value(bin, Math.max(d - 2, 0))) > Math.max(1.5 * tolerance, 14);
  });
  const thick = Math.min(...[bins[0]!, bins.at(-1)!].map((bin) => depthOf(edge, bin) - depthOf(start, bin)));
  const deepest = Math.max(depthOf(edge, 0), depthOf(edge, BINS)) * step;
  const is =
    sharp.length >= share * bins.length &&
    short.length <= 0.08 * bins.length &&
    thick >= THINNEST &&
    deepest <= MOST * across;
  return is ? { ...edge, level } : undefined;
}

/** The line on which the most ends lie: tried are those through one in its first and one in its second half. */
function straightest(bins: readonly number[], ends: readonly number[], steepest: number): Line | undefined {
  let best: Line | undefined;
  let most = 0;
  const half = bins.length >> 1;
  for (let i = 0; i < half; i += 2) {
    for (let j = half + ((i % 4) >> 1); j < bins.length; j += 2) {
      const slope = (ends[j]! - ends[i]!) / (bins[j]! - bins[i]!);
      if (Math.abs(slope) > steepest) continue;
      const at = ends[i]! - slope * bins[i]!;
      // The nearer the better, so that of two lines with as many the one in the middle wins.
      let score = 0;
      for (let k = 0; k < bins.length; k++) {
        const off = Math.abs(ends[k]! - at - slope * bins[k]!);
        if (off <= STRAIGHT) score += 1 - off / 4;
      }
      if (score > most) [best, most] = [{ at, slope }, score];
    }
  }
  return best;
}

/** Measures an edge at full size: in each bin, where it is half over; the straightest line through these. */
function refined({ read, length, across, step, steps }: Side, bins: readonly number[], edge: Layer) {
  const places: number[] = [];
  const used = bins.filter((bin) => {
    const start = Math.max(0, Math.floor((depthOf(edge, bin) - 2) * step));
    const end = Math.min(Math.ceil((depthOf(edge, bin) + 3) * step), across - 1, steps * step);
    const inside = sample(read, length, bin, end, 1);
    const half = (edge.level + inside) / 2;
    if (Math.abs(inside - edge.level) < 12) return false;
    for (let d = start; d <= end; d++) {
      if (sample(read, length, bin, d, 1) > half !== edge.level > half) {
        places.push(d);
        return true;
      }
    }
    return false;
  });
  const { at, slope } = straightest(used, places, (STEEPEST * length) / BINS) ?? {
    at: edge.at * step,
    slope: edge.slope * step,
  };
  return [at / across, (at + slope * BINS) / across] as const;
}
