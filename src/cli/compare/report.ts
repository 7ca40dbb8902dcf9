/** Report of a comparison, as one object: what --json prints, and what the text and the page are made from. */
import { Estimates, type EstimatesOf, type MetricName, type PairedComparison } from '../../evaluation/estimates.ts';
import type { ScoresOf } from '../../evaluation/scores.ts';
import type { Color } from '../shared/center_crops.ts';
import type { countsOf, methods } from '../shared/reports/report.ts';
import { type Column, column, othersText, sentence } from '../shared/reports/text.ts';

/** One of those compared. */
export interface Compared {
  readonly label: string;
  readonly kind: 'weights' | 'pictures';
  readonly path: string;
  /** Of the weights' file. */
  readonly sha256?: string;
  /** Pixels of the shorter side in the network. */
  readonly renderSize?: number;
  /** What the weights were trained with; null for none. */
  readonly extractor?: string | null;
}

export interface ComparisonProtocol extends ReturnType<typeof methods> {
  readonly folder: string;
  readonly found: number;
  /** Pictures that were measured. */
  readonly pictures: number;
  readonly pictureSet: string;
  /** Grey pictures, which are shown only. */
  readonly withoutTruth: number;
  readonly leftOut: ReturnType<typeof countsOf>;
  /** Files that are no pictures, by extension. */
  readonly others: Readonly<Record<string, number>>;
  /** Beyond --limit. */
  readonly notNeeded: number;
  /** Pictures that are not in every folder of pictures. */
  readonly missing: number;
  /** Pictures of which somebody's version shows something else: path and reason. */
  readonly disagreeing: readonly string[];
  readonly size: number;
  readonly strength: number;
  /** As `ColorizeOptions.smoothing`. */
  readonly smoothing: number;
  /** Null where nothing had to be colored. */
  readonly device: string | null;
  readonly meanColor: Color;
}

/** `0`, `1` … for those compared, in order; beside them the trivial answers. */
export type Name = `${number}` | 'grey' | 'meanColor';

export interface CompareReport {
  readonly protocol: ComparisonProtocol;
  readonly compared: readonly Compared[];
  /** By place in `compared`; null where no picture has a truth. */
  readonly metrics: Readonly<Record<MetricName, EstimatesOf<Name>>> | null;
  /** All but the first, each beside the first. */
  readonly besideFirst: readonly PairedComparison[];
  /** In the order of their SHA-256. */
  readonly pictures: readonly ({ readonly path: string; readonly sha256: string } & ScoresOf<Name>)[];
}

/** Sums up. */
export function reportOf(
  protocol: ComparisonProtocol,
  compared: readonly Compared[],
  pictures: CompareReport['pictures'],
): CompareReport {
  const names = compared.map((_, i): Name => `${i}`);
  const estimates = pictures.length ? new Estimates(pictures, [...names, 'grey', 'meanColor'] as Name[]) : undefined;
  return {
    protocol,
    compared,
    metrics: estimates?.metrics() ?? null,
    besideFirst: estimates ? names.slice(1).map((name) => estimates.beside(name, '0')) : [],
    pictures,
  };
}

/** The table's columns: those compared, the trivial answers, the truth. */
export function columnsOf({ compared, metrics }: CompareReport): Column[] {
  if (!metrics) return [];
  return [
    ...compared.map(({ label }, i) => column(metrics, `${i}` as Name, label)),
    column(metrics, 'grey', 'grey'),
    column(metrics, 'meanColor', 'mean color'),
    column(metrics, 'truth', 'truth'),
  ];
}

/** Each beside the first, in words. */
export function besideLines({ compared, besideFirst }: CompareReport): string[] {
  return besideFirst.map((one, i) => `${compared[i + 1]!.label} beside ${compared[0]!.label}: ${sentence(one)}`);
}

/** What was done, as rows of a label and what it is. */
export function protocolRows({ protocol, compared }: CompareReport): [label: string, value: string][] {
  const { pictures, found, folder, missing, disagreeing, withoutTruth, leftOut, others, meanColor } = protocol;
  const beyond = protocol.notNeeded ? `, the first by SHA-256; ${protocol.notNeeded} not needed` : '';
  const left = `${leftOut.unreadable} unreadable, ${leftOut.repeated} repeated, ${missing} not in every folder, ${disagreeing.length} where somebody's picture shows something else`;
  return [
    [
      'pictures',
      `${pictures} of ${found} in ${folder}, and ${withoutTruth} grey ones${beyond}; left out: ${left}${othersText(others)}`,
    ],
    ['picture set', protocol.pictureSet],
    ...compared.map(({ label, path, sha256, renderSize, extractor }): [string, string] => [
      label,
      sha256
        ? `${path}, SHA-256 ${sha256}, render size ${renderSize}, strength ${protocol.strength}, smoothing ${protocol.smoothing}, extractor ${extractor ?? 'none'}`
        : `the pictures in ${path}, as they are; their center squares`,
    ]),
    ['squares', protocol.squares],
    ['seen', protocol.seen],
    ['device', protocol.device ?? 'none'],
    ['metrics', protocol.metrics],
    ['mean color', `a* ${meanColor.a.toFixed(3)}, b* ${meanColor.b.toFixed(3)}: the mean of the true colors`],
    ['intervals', protocol.intervals],
  ];
}
