/** An evaluation in words and columns: what the command prints, and what the page repeats. */

import type { Estimate } from '../../../evaluation/bootstrap.ts';
import type { EstimatesOf, MetricName, PairedComparison } from '../../../evaluation/estimates.ts';
import { table } from '../../../util/table.ts';
import { leftOutText } from '../../paths/walk.ts';
import type { EvaluationProtocol, Report } from './report.ts';

const HEADINGS = { ours: 'ours', grey: 'grey', meanColor: 'mean color', truth: 'truth' } as const;

/** A column of the table of metrics. */
export interface Column {
  readonly heading: string;
  /** Undefined where the metric means nothing for it. */
  readonly estimate: (metric: MetricName) => Estimate | undefined;
}

/** The columns of an evaluation, in order. */
export function columnsOf({ metrics }: Report): Column[] {
  return (['ours', 'grey', 'meanColor', 'truth'] as const).map((name) => column(metrics, name, HEADINGS[name]));
}

/** The column of one answer, or of the truth. */
export function column<Name extends string>(
  metrics: Readonly<Record<MetricName, EstimatesOf<Name>>>,
  name: Name | 'truth',
  heading: string,
): Column {
  return { heading, estimate: (metric) => metrics[metric][name] };
}

/** How each metric is called, and how many digits of it mean something. */
export const METRICS: Readonly<Record<MetricName, { readonly label: string; readonly digits: number }>> = {
  mseAb: { label: 'MSE of (a*, b*)/127', digits: 5 },
  psnr: { label: 'PSNR, dB', digits: 2 },
  ssim: { label: 'SSIM', digits: 4 },
  deltaE00: { label: 'mean ΔE00', digits: 2 },
  colorfulness: { label: 'colorfulness', digits: 1 },
  colorfulnessRatio: { label: "  over the truth's", digits: 3 },
  chroma: { label: 'mean chroma', digits: 2 },
  chromaRatio: { label: "  over the truth's", digits: 3 },
};

/** Of the label and of each column, so that several tables look alike. */
const WIDTHS = { label: 20, column: 15 };

/** A number, and its interval; a dash where there is none, such as nothing over nothing. */
export function format({ value, low, high }: Estimate, digits: number): { value: string; interval: string } {
  const text = (number: number) => (Number.isFinite(number) ? number.toFixed(digits) : '–');
  return { value: text(value), interval: `${text(low)}…${text(high)}` };
}

/** The table of all metrics, each with its interval below. */
export function tableOf(columns: readonly Column[]): string {
  const rows = Object.entries(METRICS).flatMap(([name, { label, digits }]) => {
    const cells = columns.map(({ estimate }) => {
      const found = estimate(name as MetricName);
      return found ? format(found, digits) : { value: '', interval: '' };
    });
    return [
      [label, ...cells.map(({ value }) => value)],
      ['', ...cells.map(({ interval }) => interval)],
    ];
  });
  const widths = [{ width: WIDTHS.label }, ...columns.map(() => ({ width: WIDTHS.column }))];
  return table([['', ...columns.map(({ heading }) => heading)], ...rows], widths);
}

/** The colorizer beside the trivial answers: a sentence for each. */
export function besideOf({ beside }: Report): string[] {
  return (['grey', 'meanColor'] as const).map((other) => `beside ${HEADINGS[other]}: ${sentence(beside[other])}`);
}

/** A comparison in words. */
export function sentence({ mseAb, psnr, deltaE00, closer }: PairedComparison): string {
  const percent = ({ value, low, high }: Estimate) => {
    const { value: middle, interval } = format({ value: 100 * value, low: 100 * low, high: 100 * high }, 1);
    return `${middle} % (${interval})`;
  };
  const gain = format(psnr, 2);
  return `MSE ${percent(mseAb)} of it, ΔE00 ${percent(deltaE00)}, PSNR ${psnr.value < 0 ? '' : '+'}${gain.value} dB (${gain.interval}), closer in ${percent(closer)} of the pictures`;
}

/** `; no pictures: 3 .txt`; empty where there are only pictures. */
export function othersText(others: EvaluationProtocol['others']): string {
  const text = leftOutText(new Map(Object.entries(others)));
  return text && `; no pictures: ${text}`;
}

/** What was done, as rows of a label and what it is. */
export function protocolRows(protocol: EvaluationProtocol): [label: string, value: string][] {
  const { pictures, found, leftOut, others, notNeeded, folder, shard, weights, meanColor } = protocol;
  const beyond = notNeeded ? `, the first by SHA-256; ${notNeeded} not needed` : '';
  const { unreadable, grey, repeated } = leftOut;
  return [
    [
      'pictures',
      `${pictures} of ${found} in ${shard ? `shard ${shard} of ` : ''}${folder}${beyond}; left out: ${unreadable} unreadable, ${grey} grey, ${repeated} repeated${othersText(others)}`,
    ],
    ['picture set', protocol.pictureSet],
    ['squares', protocol.squares],
    ['seen', protocol.seen],
    [
      'network',
      `render size ${protocol.renderSize}, quality ${protocol.quality}, smoothing ${protocol.smoothing}, strength ${protocol.strength}`,
    ],
    ['weights', `${weights.path}, SHA-256 ${weights.sha256}`],
    ['extractor', protocol.extractor ?? 'none'],
    ['device', protocol.device],
    ['metrics', protocol.metrics],
    [
      'mean color',
      `a* ${meanColor.a.toFixed(3)}, b* ${meanColor.b.toFixed(3)}: the mean of these squares' true colors, the best constant; each pixel keeps its own lightness`,
    ],
    ['intervals', protocol.intervals],
  ];
}
