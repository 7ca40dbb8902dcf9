/** The scores of one picture: of what the colorizer says, beside what two trivial answers get. */
import { rgbaToLab } from '../image/color/lab.ts';
import { chromaError, meanChroma } from './metrics/chroma.ts';
import { colorfulness } from './metrics/colorfulness.ts';
import { meanDeltaE2000 } from './metrics/delta_e.ts';
import type { BytePicture } from './metrics/pair.ts';
import { psnr } from './metrics/psnr.ts';
import { ssim } from './metrics/ssim.ts';

/** Who answers: the colorizer; no color at all; the mean color of the true pictures, everywhere. */
export const METHODS = ['ours', 'grey', 'meanColor'] as const;
export type Baseline = (typeof METHODS)[number];

/** What two equal pictures score, in dB; their true ratio is infinite, and would make every mean so. */
export const PSNR_LIMIT = 100;

/** How much color there is. */
export interface Colors {
  /** Hasler and Süsstrunk's. */
  readonly colorfulness: number;
  /** Mean of sqrt(a*² + b*²). */
  readonly chroma: number;
}

/** An answer beside the truth. */
export interface Score extends Colors {
  /** Mean squared error of (a*, b*) / 127. */
  readonly mseAb: number;
  /** Over R, G and B; dB. */
  readonly psnr: number;
  /** Mean of R, G and B. */
  readonly ssim: number;
  /** Mean CIEDE2000 difference. */
  readonly deltaE00: number;
}

export type Scores = ScoresOf<Baseline>;
/** The scores of some answers to one picture. */
export type ScoresOf<Name extends string> = Readonly<Record<Name, Score>> & { readonly truth: Colors };

/** Scores the answers to one picture, all RGBA of one size. Each is taken as it is seen: 8-bit sRGB. */
export function scoreAll<Name extends string>(
  truth: BytePicture,
  answers: Readonly<Record<Name, BytePicture>>,
): ScoresOf<Name> {
  const lab = rgbaToLab(truth.data);
  const scoreOf = (answer: BytePicture): Score => {
    const its = rgbaToLab(answer.data);
    return {
      mseAb: chromaError(its, lab),
      psnr: Math.min(psnr(answer, truth), PSNR_LIMIT),
      ssim: ssim(answer, truth),
      deltaE00: meanDeltaE2000(its, lab),
      colorfulness: colorfulness(answer),
      chroma: meanChroma(its),
    };
  };
  const scores = Object.entries<BytePicture>(answers).map(([name, answer]) => [name, scoreOf(answer)]);
  const colors: Colors = { colorfulness: colorfulness(truth), chroma: meanChroma(lab) };
  return { ...Object.fromEntries(scores), truth: colors } as ScoresOf<Name>;
}
