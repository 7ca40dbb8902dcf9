/** All that an evaluation finds, as one object: what --json prints, and what the text and the page are made from. */
import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { Bootstrap, type Estimate, RESAMPLES, SEED } from './bootstrap.ts';
import { ANSWERS, type Answer, PSNR_LIMIT, type Score, type Scores } from './scores.ts';
import type { LeftOut, Selection } from './select.ts';
import type { Colour } from './squares.ts';

/** How the figures came about. */
export interface Protocol {
  readonly folder: string;
  /** Pictures evaluated. */
  readonly pictures: number;
  /** Over their files' SHA-256, ascending: equal where the pictures are. */
  readonly pictureSet: string;
  readonly found: number;
  readonly leftOut: Readonly<Record<LeftOut['kind'], number>>;
  /** Beyond --limit. */
  readonly notNeeded: number;
  /** Pixels a side of the squares that are compared. */
  readonly size: number;
  /** Pixels of the shorter side in the network. */
  readonly renderSize: number;
  readonly strength: number;
  readonly weights: { readonly path: string; readonly sha256: string };
  /** What the weights were trained with; null for none. */
  readonly extractor: string | null;
  readonly device: string;
  readonly squares: string;
  readonly seen: string;
  readonly metrics: string;
  readonly intervals: string;
  readonly meanColour: Colour;
}

export type MetricName = keyof Score | 'colourfulnessRatio' | 'chromaRatio';
/** The truth has an estimate only where it has a figure of its own. */
export type MetricEstimates = Readonly<Record<Answer, Estimate>> & { readonly truth?: Estimate };

/** The colorizer beside a trivial answer, picture by picture. */
export interface Comparison {
  /** Our mean over theirs: below 1 is better. */
  readonly mseAb: Estimate;
  /** Ours less theirs, in dB. */
  readonly psnr: Estimate;
  /** Our mean over theirs: below 1 is better. */
  readonly deltaE00: Estimate;
  /** The share of the pictures whose ΔE00 is below theirs. */
  readonly closer: Estimate;
}

export interface PictureReport extends Scores {
  /** Inside the folder. */
  readonly path: string;
  readonly sha256: string;
}

export interface Report {
  readonly protocol: Protocol;
  readonly metrics: Readonly<Record<MetricName, MetricEstimates>>;
  readonly beside: Readonly<Record<Exclude<Answer, 'ours'>, Comparison>>;
  readonly leftOut: readonly LeftOut[];
  /** In the order of their SHA-256. */
  readonly pictures: readonly PictureReport[];
}

/** What is known before the first picture is coloured. */
export type Settings = Pick<
  Protocol,
  'folder' | 'size' | 'renderSize' | 'strength' | 'weights' | 'extractor' | 'device'
>;

/** Describes how it is done, in full. */
export function protocolOf(settings: Settings, { pictures, leftOut, found, meanColour }: Selection): Protocol {
  const count = (kind: LeftOut['kind']) => leftOut.filter((one) => one.kind === kind).length;
  const set = createHash('sha256');
  for (const { hash } of pictures) set.update(hash);
  const { size } = settings;
  return {
    ...settings,
    pictures: pictures.length,
    pictureSet: set.digest('hex'),
    found,
    leftOut: { unreadable: count('unreadable'), grey: count('grey'), repeated: count('repeated') },
    notNeeded: found - pictures.length - leftOut.length,
    squares: `shorter side ${size} (Lanczos; smaller pictures are enlarged), centre ${size} x ${size}, 8-bit sRGB: the size at which papers compare on ImageNet; nothing is squeezed`,
    seen: 'the BT.601 luma of the square, rounded to 8 bits, as of a picture saved as greyscale; all answers keep the lightness of it',
    metrics: `of each square as it is seen, 8-bit sRGB after the gamut clip, then means over pictures. PSNR over R, G, B, at most ${PSNR_LIMIT} dB; SSIM mean of R, G, B, Gaussian 11 x 11, sigma 1.5; CIEDE2000 with D65; ratios are mean over mean of the truth`,
    intervals: `95 %, bootstrap over pictures: percentiles of ${RESAMPLES} resamples, seed ${SEED}`,
    meanColour,
  };
}

/** Sums up the pictures' scores; `scores` are in the order of `selection.pictures`. */
export function reportOf(protocol: Protocol, selection: Selection, scores: readonly Scores[]): Report {
  const all = new Bootstrap(seriesOf(scores));
  const metric = (name: keyof Score) => perAnswer((answer) => all.mean(`${answer}.${name}`));
  const ratio = (name: 'colourfulness' | 'chroma') =>
    perAnswer((answer) => all.estimate((mean) => mean(`${answer}.${name}`) / mean(`truth.${name}`)));
  const beside = (other: Exclude<Answer, 'ours'>): Comparison => ({
    mseAb: all.estimate((mean) => mean('ours.mseAb') / mean(`${other}.mseAb`)),
    psnr: all.estimate((mean) => mean('ours.psnr') - mean(`${other}.psnr`)),
    deltaE00: all.estimate((mean) => mean('ours.deltaE00') / mean(`${other}.deltaE00`)),
    closer: all.mean(`closer.${other}`),
  });
  return {
    protocol,
    metrics: {
      mseAb: metric('mseAb'),
      psnr: metric('psnr'),
      ssim: metric('ssim'),
      deltaE00: metric('deltaE00'),
      colourfulness: { ...metric('colourfulness'), truth: all.mean('truth.colourfulness') },
      colourfulnessRatio: ratio('colourfulness'),
      chroma: { ...metric('chroma'), truth: all.mean('truth.chroma') },
      chromaRatio: ratio('chroma'),
    },
    beside: { grey: beside('grey'), meanColour: beside('meanColour') },
    leftOut: selection.leftOut,
    pictures: selection.pictures.map(({ path, hash }, i) => ({
      path: relative(protocol.folder, path),
      sha256: hash,
      ...scores[i]!,
    })),
  };
}

type Series = `${Answer}.${keyof Score}` | 'truth.colourfulness' | 'truth.chroma' | `closer.${Exclude<Answer, 'ours'>}`;

function seriesOf(scores: readonly Scores[]): Record<Series, number[]> {
  const series: Record<string, number[]> = {};
  const closer = (other: Answer) => scores.map(({ ours, [other]: { deltaE00 } }) => (ours.deltaE00 < deltaE00 ? 1 : 0));
  for (const who of [...ANSWERS, 'truth'] as const) {
    for (const name of Object.keys(scores[0]![who])) {
      series[`${who}.${name}`] = scores.map((one) => (one[who] as Score)[name as keyof Score]);
    }
  }
  return { ...series, 'closer.grey': closer('grey'), 'closer.meanColour': closer('meanColour') } as Record<
    Series,
    number[]
  >;
}

function perAnswer(estimate: (answer: Answer) => Estimate): Record<Answer, Estimate> {
  return { ours: estimate('ours'), grey: estimate('grey'), meanColour: estimate('meanColour') };
}
