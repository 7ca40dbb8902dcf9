/**
 * Recipes by name; whatever is said beside `--preset` goes before it. Batch and size are the paper's in both.
 *
 * `paper` is the training of Deep Koalarization but for the squares, which are crops without bars, seen as the
 * grey-scaled picture; `--pad white --lightness lab` makes them the paper's too.
 */
export const PRESETS = {
  default: {
    lr: 1e-3,
    lrDecay: 'cosine',
    warmup: 100, // but at most a twentieth of the run
    rebalance: 0,
    targetChroma: 1,
    ema: 0.998,
    clipNorm: 1, // outliers alone: from 5e-3 to 0.13 is usual, 0.5 has been seen (64 px, batch 16)
  },
  paper: {
    lr: 1e-3,
    lrDecay: 'constant',
    warmup: 0,
    rebalance: 0,
    targetChroma: 1,
    ema: 0,
    clipNorm: 0,
  },
} as const;

export type Preset = keyof typeof PRESETS;

/** The share of a run that a preset's warm-up may take. */
export const MOST_WARMUP = 0.05;
