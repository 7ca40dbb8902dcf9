/**
 * Metadata of a run: what its settings mean for the trainer and the network, and what they say in every file of
 * weights.
 */
import { type ExtractorInfo, featuresOf } from '../../model/embedding.ts';
import { featureShapes, sizeMultiple } from '../../model/network.ts';
import { trainingHead } from '../../model/training_head.ts';
import { weightsMetadata } from '../../model/weights.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import { colorWeights } from '../../train/data/rebalance.ts';
import { Trainer, type TrainerConfig } from '../../train/trainer.ts';
import type { RunConfig } from './run_folder.ts';

export function extractorOf(embedding: RunConfig['embedding']): ExtractorInfo | undefined {
  return embedding.kind === 'none' ? undefined : embedding;
}

export function networkOf({ settings, embedding }: RunConfig) {
  const { widthDivisor, encoder, temperature } = settings;
  return {
    widthDivisor,
    ...(encoder === 'short' && { encoder }),
    ...featuresOf(extractorOf(embedding)),
    ...(temperature && { temperature }),
  };
}

/** @param colors how often each occurs; there for a run that rebalances, or learns classes */
export function trainerConfig(config: RunConfig, colors?: readonly number[]): TrainerConfig {
  const { settings, embedding } = config;
  const network = networkOf(config);
  const { batch, microBatch, size, lightness, targetChroma, pad, rebalance, temperature, ema, clipNorm } = settings;
  return {
    batch,
    microBatch,
    size,
    lightness,
    chromaScale: targetChroma,
    masked: pad === 'white',
    classes: temperature > 0,
    ...(colors && rebalance && { colorWeights: colorWeights(colors, rebalance) }),
    features: featureShapes(network, [1, size, size]).map(([, ...shape]) => shape),
    ...(embedding.kind === 'maps' && { cell: sizeMultiple(network) }),
    adam: { ...(clipNorm && { clipNorm }) },
    ...(ema && { averageDecay: ema }),
  };
}

/** Compiles the training step of a run. @param colors as for `trainerConfig` */
export function makeTrainer(gpu: Gpu, config: RunConfig, colors?: readonly number[]): Promise<Trainer> {
  const network = networkOf(config);
  return Trainer.create(gpu, trainerConfig(config, colors), (...inputs) => trainingHead(network, ...inputs));
}

/** What every file of weights says of itself. Nothing of time or place: equal runs give equal files. */
export function metadataOf(config: RunConfig): Record<string, string> {
  const { settings, embedding, init, rounds, train } = config;
  const { pad, precision } = settings;
  return {
    ...weightsMetadata({
      network: networkOf(config),
      lightness: settings.lightness,
      embedding: extractorOf(embedding),
    }),
    crop: pad === 'white' ? 'none' : 'random',
    pad,
    size: String(settings.size),
    batch: String(settings.batch),
    micro_batch: String(settings.microBatch),
    preset: settings.preset,
    learning_rate: String(settings.lr),
    lr_decay: settings.lrDecay,
    warmup: String(settings.warmup),
    rebalance: String(settings.rebalance),
    target_chroma: String(settings.targetChroma),
    ema: String(settings.ema),
    film: String(settings.film),
    tone: String(settings.tone),
    ...(settings.wear && { wear: String(settings.wear) }),
    ...(settings.views > 1 && { views: String(settings.views) }),
    clip_norm: String(settings.clipNorm),
    seed: String(settings.seed),
    ...(rounds && {
      shares: String(rounds.shares),
      local_steps: String(rounds.localSteps),
      outer: `${rounds.outer.rate},${rounds.outer.momentum}`,
    }),
    ...(precision === 'f16' && { precision }),
    initial_weights: init?.sha256 ?? 'glorot uniform',
    pictures: String(train.count),
  };
}
