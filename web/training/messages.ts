/** Messages between the page and the worker that trains. */
import type { Score } from '../../src/train/validator.ts';
import type { Pixels } from '../worker/messages.ts';

/** Addresses of what comes with the page. */
export interface OwnFiles {
  readonly weights: string;
  /** The classifier that they were trained with. */
  readonly extractor: string;
}

export interface TrainingSetup {
  readonly files: readonly File[];
  /** To go on from the page's weights; or from nothing: random ones, and a narrow network that hears of the same maps. */
  readonly from: 'page' | 'nothing';
  readonly own: OwnFiles;
  /** Pixels a side of the squares it learns from. */
  readonly size: number;
  readonly steps: number;
}

export type TrainingRequest = { readonly kind: 'start'; readonly setup: TrainingSetup } | { readonly kind: 'stop' };

export type TrainingMessage =
  | { readonly kind: 'doing'; readonly what: string }
  /** A file that it doesn't learn from, and why. */
  | { readonly kind: 'left out'; readonly message: string }
  | { readonly kind: 'begin'; readonly what: string }
  | { readonly kind: 'step'; readonly step: number; readonly loss: number; readonly imagesPerSecond: number }
  /** `held` when the pictures are not among those it learns from. */
  | {
      readonly kind: 'sheet';
      readonly step: number;
      readonly score: Score;
      readonly held: boolean;
      readonly sheet: Pixels;
    }
  | { readonly kind: 'done'; readonly step: number; readonly weights: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'failed'; readonly message: string };
