/** Estimates over pictures: means of their scores, with intervals, for as many answers as there are. */
import { Bootstrap, type Estimate } from './bootstrap.ts';
import type { Score, ScoresOf } from './scores.ts';

export type MetricName = keyof Score | 'colorfulnessRatio' | 'chromaRatio';
/** The truth has an estimate only where it has a figure of its own. */
export type EstimatesOf<Name extends string> = Readonly<Record<Name, Estimate>> & { readonly truth?: Estimate };

/** One answer beside another, picture by picture. */
export interface PairedComparison {
  /** Our mean over theirs: below 1 is better. */
  readonly mseAb: Estimate;
  /** Ours less theirs, in dB. */
  readonly psnr: Estimate;
  /** Our mean over theirs: below 1 is better. */
  readonly deltaE00: Estimate;
  /** The share of the pictures whose ΔE00 is below theirs. */
  readonly closer: Estimate;
}

/** What the scores of the same pictures say of several answers. All are drawn together, so that they can be compared. */
export class Estimates<Name extends string> {
  readonly #all: Bootstrap<string>;
  readonly #names: readonly Name[];

  /** @param scores one for each picture; none of the answers is called `truth` */
  constructor(scores: readonly ScoresOf<Name>[], names: readonly Name[]) {
    const series: Record<string, number[]> = {};
    for (const who of [...names, 'truth'] as const) {
      for (const metric of Object.keys(scores[0]![who])) {
        series[`${who}.${metric}`] = scores.map((one) => (one[who] as Score)[metric as keyof Score]);
      }
    }
    for (const name of names) {
      for (const other of names) {
        if (name === other) continue;
        series[`${name} closer than ${other}`] = scores.map((one) => Number(one[name].deltaE00 < one[other].deltaE00));
      }
    }
    this.#all = new Bootstrap(series);
    this.#names = names;
  }

  /** Estimates every metric of every answer. */
  metrics(): Record<MetricName, EstimatesOf<Name>> {
    const each = (estimate: (name: Name) => Estimate) =>
      Object.fromEntries(this.#names.map((name) => [name, estimate(name)])) as Record<Name, Estimate>;
    const metric = (of: keyof Score) => each((name) => this.#all.mean(`${name}.${of}`));
    const ratio = (of: 'colorfulness' | 'chroma') =>
      each((name) => this.#all.estimate((mean) => mean(`${name}.${of}`) / mean(`truth.${of}`)));
    return {
      mseAb: metric('mseAb'),
      psnr: metric('psnr'),
      ssim: metric('ssim'),
      deltaE00: metric('deltaE00'),
      colorfulness: { ...metric('colorfulness'), truth: this.#all.mean('truth.colorfulness') },
      colorfulnessRatio: ratio('colorfulness'),
      chroma: { ...metric('chroma'), truth: this.#all.mean('truth.chroma') },
      chromaRatio: ratio('chroma'),
    };
  }

  /** Compares an answer with another one. */
  beside(name: Name, other: Name): PairedComparison {
    const ratio = (of: keyof Score) => this.#all.estimate((mean) => mean(`${name}.${of}`) / mean(`${other}.${of}`));
    return {
      mseAb: ratio('mseAb'),
      psnr: this.#all.estimate((mean) => mean(`${name}.psnr`) - mean(`${other}.psnr`)),
      deltaE00: ratio('deltaE00'),
      closer: this.#all.mean(`${name} closer than ${other}`),
    };
  }
}
