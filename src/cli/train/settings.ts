/** Settings of a run: how long, what decides its weights, and what may change from one call to the next. */

import type { Lightness } from '../../graph/ops/color/image.ts';
import type { Encoder } from '../../model/network.ts';
import type { Precision } from '../../runtime/adapter.ts';
import type { PadMode } from '../../train/data/batch.ts';
import type { Decay } from '../../train/optimizer/schedule.ts';
import { MOST_WARMUP, PRESETS, type Preset } from './presets.ts';

/** How long to train; at least one is there. */
export interface Budget {
  readonly epochs?: number;
  readonly steps?: number;
  readonly minutes?: number;
}

/** What decides the weights, and must not change within a run. */
export interface Settings {
  readonly preset: Preset;
  readonly size: number;
  readonly batch: number;
  readonly microBatch: number;
  readonly lr: number;
  readonly lrDecay: Decay;
  /** Steps in which the learning rate rises. */
  readonly warmup: number;
  /** The λ of `colorWeights`; 0: all colors weigh alike. */
  readonly rebalance: number;
  /** Of the annealed mean over classes of color; 0: regression. */
  readonly temperature: number;
  /** What the true chroma is multiplied by. */
  readonly targetChroma: number;
  /** The decay of the weights' average; 0: there is none. */
  readonly ema: number;
  /** The gradients' largest norm; 0: any. */
  readonly clipNorm: number;
  readonly pad: PadMode;
  readonly lightness: Lightness;
  /** The share of pictures that are seen as by film that sees no red, more or less. */
  readonly film: number;
  /** The share of pictures that are seen with another tone curve. */
  readonly tone: number;
  /** The share of views that have the wear of an old print. */
  readonly wear: number;
  /** Of each picture, where there are feature maps: the first as it is, the others enlarged and with looks. */
  readonly views: number;
  readonly seed: number;
  readonly widthDivisor: number;
  readonly encoder: Encoder;
  readonly precision: Precision;
}

/** What may change from one call to the next. */
export interface RuntimeOptions {
  readonly checkpointEvery: number;
  readonly valEvery: number;
  readonly valCount: number;
  readonly adapter: string;
  readonly tune?: boolean;
  /** MB */
  readonly cache: number;
  /** The folder for embeddings; default one in the run's. */
  readonly embeddingCache?: string;
}

export const DEFAULTS = {
  budget: { epochs: 40 },
  settings: {
    preset: 'default',
    size: 224,
    batch: 100,
    pad: 'none',
    lightness: 'luma',
    film: 0,
    tone: 0,
    wear: 0,
    views: 1,
    temperature: 0,
    seed: 1,
    widthDivisor: 1,
    encoder: 'paper',
    precision: 'f32',
  },
  runtime: { checkpointEvery: 10, valCount: 200, adapter: 'auto' },
} as const;

/** What runs were trained with that began before there was a choice, and so don't say. */
export const LEGACY_DEFAULTS = { ...DEFAULTS.settings, ...PRESETS.paper, preset: 'paper' } as const;

/** Fills in what was not given: from the preset, then from the defaults. */
export function settingsOf(given: Partial<Settings>): Omit<Settings, 'microBatch'> {
  return { ...DEFAULTS.settings, ...PRESETS[given.preset ?? DEFAULTS.settings.preset], ...given };
}

/** Shortens a preset's warm-up where the run is short; one that was given stays. `steps` may be infinite. */
export function withShortWarmup(settings: Settings, given: Partial<Settings>, steps: number): Settings {
  if (given.warmup !== undefined) return settings;
  return { ...settings, warmup: Math.min(settings.warmup, Math.floor(steps * MOST_WARMUP)) };
}

/** The steps of a run in all; infinite where minutes alone end it. */
export function stepsOf({ steps, epochs }: Budget, pictures: number, batch: number): number {
  return steps ?? (epochs ? Math.ceil((epochs * pictures) / batch) : Number.POSITIVE_INFINITY);
}

/** The recipe in one line. */
export function recipeOf(settings: Settings): string {
  const {
    preset,
    lr,
    lrDecay,
    warmup,
    ema,
    clipNorm,
    rebalance,
    temperature,
    targetChroma,
    pad,
    lightness,
    film,
    tone,
    wear,
    views,
  } = settings;
  const parts = [
    `rate ${lr} ${lrDecay}${warmup ? ` after ${warmup} steps of warm-up` : ''}`,
    ema ? `weights averaged ${ema}` : 'last weights',
    clipNorm ? `gradients clipped at ${clipNorm}` : 'gradients as they are',
    ...(temperature ? [`classes of color, annealed at ${temperature}`] : []),
    ...(rebalance ? [`colors rebalanced ${rebalance}`] : []),
    ...(targetChroma === 1 ? [] : [`target chroma x ${targetChroma}`]),
    ...(pad === 'white' ? ['whole pictures between white bars'] : []),
    ...(film ? [`early film ${film}`] : []),
    ...(tone ? [`other tones ${tone}`] : []),
    ...(wear ? [`worn ${wear}`] : []),
    ...(views > 1 ? [`${views} views of each picture`] : []),
    ...(lightness === 'lab' ? ['L* of the colors'] : []),
  ];
  return `${preset}: ${parts.join('; ')}`;
}
