/** Report of an evaluation, as one object: what --json prints, and what the text and the page are made from. */
import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { RESAMPLES, SEED } from '../../../evaluation/bootstrap.ts';
import { Estimates, type EstimatesOf, type MetricName, type PairedComparison } from '../../../evaluation/estimates.ts';
import { type Baseline, METHODS, PSNR_LIMIT, type Scores } from '../../../evaluation/scores.ts';
import type { Quality } from '../../../image/raster/views.ts';
import type { Color } from '../center_crops.ts';
import type { LeftOut, Selection } from '../select.ts';

/** How the figures came about. */
export interface EvaluationProtocol {
  readonly folder: string;
  /** Which share of the pictures, as it was given; missing for all of them. */
  readonly shard?: string;
  /** Pictures evaluated. */
  readonly pictures: number;
  /** Over their files' SHA-256, ascending: equal where the pictures are. */
  readonly pictureSet: string;
  readonly found: number;
  readonly leftOut: Readonly<Record<LeftOut['kind'], number>>;
  /** Files that are no pictures, by extension. */
  readonly others: Readonly<Record<string, number>>;
  /** Beyond --limit. */
  readonly notNeeded: number;
  /** Pixels a side of the squares that are compared. */
  readonly size: number;
  /** Pixels of the shorter side in the network. */
  readonly renderSize: number;
  readonly quality: Quality;
  /** As `ColorizeOptions.smoothing`. */
  readonly smoothing: number;
  readonly strength: number;
  readonly weights: { readonly path: string; readonly sha256: string };
  /** What the weights were trained with; null for none. */
  readonly extractor: string | null;
  readonly device: string;
  readonly squares: string;
  readonly seen: string;
  readonly metrics: string;
  readonly intervals: string;
  readonly meanColor: Color;
}

export type MetricEstimates = EstimatesOf<Baseline>;

export interface PictureReport extends Scores {
  /** Inside the folder. */
  readonly path: string;
  readonly sha256: string;
}

export interface Report {
  readonly protocol: EvaluationProtocol;
  readonly metrics: Readonly<Record<MetricName, MetricEstimates>>;
  readonly beside: Readonly<Record<Exclude<Baseline, 'ours'>, PairedComparison>>;
  readonly leftOut: readonly LeftOut[];
  /** In the order of their SHA-256. */
  readonly pictures: readonly PictureReport[];
}

/** What is known before the first picture is colored. */
export type Settings = Pick<
  EvaluationProtocol,
  'folder' | 'shard' | 'size' | 'renderSize' | 'quality' | 'smoothing' | 'strength' | 'weights' | 'extractor' | 'device'
>;

/** The SHA-256 over the files' SHA-256: equal where the pictures are. */
export function setHash(pictures: Selection['pictures']): string {
  const set = createHash('sha256');
  for (const { hash } of pictures) set.update(hash);
  return set.digest('hex');
}

/** How squares of `size` pixels are taken, seen and measured, in words. */
export function methods(size: number) {
  return {
    squares: `shorter side ${size} (Lanczos; smaller pictures are enlarged), center ${size} x ${size}, 8-bit sRGB: the size at which papers compare on ImageNet; nothing is squeezed`,
    seen: 'the BT.601 luma of the square, rounded to 8 bits, as of a picture saved as greyscale; all answers keep the lightness of it',
    metrics: `of each square as it is seen, 8-bit sRGB after the gamut clip, then means over pictures. PSNR over R, G, B, at most ${PSNR_LIMIT} dB; SSIM mean of R, G, B, Gaussian 11 x 11, sigma 1.5; CIEDE2000 with D65; ratios are mean over mean of the truth`,
    intervals: `95 %, bootstrap over pictures: percentiles of ${RESAMPLES} resamples, seed ${SEED}`,
  };
}

/** Describes how it is done, in full. */
export function protocolOf(
  settings: Settings,
  { pictures, leftOut, found, others, meanColor }: Selection,
): EvaluationProtocol {
  return {
    ...settings,
    pictures: pictures.length,
    pictureSet: setHash(pictures),
    found,
    leftOut: countsOf(leftOut),
    others,
    notNeeded: found - pictures.length - leftOut.length,
    ...methods(settings.size),
    meanColor,
  };
}

/** How many were left out for which reason. */
export function countsOf(leftOut: readonly LeftOut[]): Record<LeftOut['kind'], number> {
  const count = (kind: LeftOut['kind']) => leftOut.filter((one) => one.kind === kind).length;
  return { unreadable: count('unreadable'), grey: count('grey'), repeated: count('repeated') };
}

/** Sums up the pictures' scores; `scores` are in the order of `selection.pictures`. */
export function reportOf(protocol: EvaluationProtocol, selection: Selection, scores: readonly Scores[]): Report {
  const estimates = new Estimates(scores, METHODS);
  return {
    protocol,
    metrics: estimates.metrics(),
    beside: {
      grey: estimates.beside('ours', 'grey'),
      meanColor: estimates.beside('ours', 'meanColor'),
    },
    leftOut: selection.leftOut,
    pictures: selection.pictures.map(({ path, hash }, i) => ({
      path: relative(protocol.folder, path),
      sha256: hash,
      ...scores[i]!,
    })),
  };
}
