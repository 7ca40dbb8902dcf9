/** The tables: as aligned text, or as Markdown. Rows are printed as soon as they are known. */
import { type Column, tableLine } from '../src/util/table.ts';
import type { Ceilings } from './ceilings.ts';
import { geometricMean, type Measurement, type Timing } from './measure.ts';
import type { PeakMemory } from './memory.ts';
import type { RivalName } from './workload.ts';

type Print = (line: string) => void;

/** Names and widths of the columns. */
function columnsFor(
  rivals: readonly RivalName[],
  ceilings: Ceilings | undefined,
): (readonly [name: string, width: number])[] {
  const each = (name: string, width: number) => rivals.map((rival) => [`${rival}${name}`, width] as const);
  return [
    ['workload', 36],
    ['koalarize ms (IQR)', 20],
    ...rivals.flatMap((rival) => [[`${rival} ms (IQR)`, 22] as const, ['times faster', 12] as const]),
    ['GFLOP/s', 7],
    ...each('', 11),
    ...(ceilings ? [['% of FMA', 8] as const, ['% of copy', 9] as const] : []),
    ['first call s', 12],
    ...each('', 11),
    ['error / tolerance', 17],
  ];
}

export class Report {
  readonly #print: Print;
  readonly #markdown: boolean;
  readonly #rivals: readonly RivalName[];
  readonly #ceilings: Ceilings | undefined;
  readonly #columns: ReturnType<typeof columnsFor>;
  #inTable = false;

  /** @param ceilings what our times are shares of; without, there are no such columns */
  constructor(print: Print, markdown: boolean, rivals: readonly RivalName[], ceilings?: Ceilings) {
    this.#print = print;
    this.#markdown = markdown;
    this.#rivals = rivals;
    this.#ceilings = ceilings;
    this.#columns = columnsFor(rivals, ceilings);
  }

  /** Prints facts, one a line. */
  facts(facts: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(facts)) {
      this.#print(this.#markdown ? `- ${name}: ${value}` : tableLine([`${name}:`, value], [{ width: 10 }]));
    }
  }

  heading(title: string): void {
    this.#print(this.#markdown ? `\n### ${title}\n` : `\n${title}`);
    this.#row(this.#columns.map(([name]) => name));
    if (this.#markdown) this.#print(`|${this.#columns.map((_, i) => (i ? '--:' : '---')).join('|')}|`);
  }

  outcome(outcome: Measurement): void {
    const { workload, flops, ours, rivals, error, failed } = outcome;
    if (failed !== undefined) {
      this.#row([workload, `FAILED: ${failed}`]);
      return;
    }
    const gflops = (timing?: Timing) => (timing ? (flops / timing.medianMs / 1e6).toFixed(1) : '');
    const first = (timing?: Timing) => (timing ? (timing.firstMs / 1e3).toFixed(2) : '');
    this.#row([
      workload,
      spread(ours),
      ...this.#rivals.flatMap((name) => [spread(rivals?.[name]), ratio(ours, rivals?.[name])?.toFixed(2) ?? '']),
      gflops(ours),
      ...this.#rivals.map((name) => gflops(rivals?.[name])),
      ...(this.#ceilings ? shares(outcome, this.#ceilings) : []),
      first(ours),
      ...this.#rivals.map((name) => first(rivals?.[name])),
      error === undefined ? 'not checked' : error.toFixed(3),
    ]);
  }

  /** Ends a table: geometric means where there are several rows, then what is said about single rows. */
  end(outcomes: readonly Measurement[]): void {
    if (outcomes.length > 1) this.#means(outcomes);
    for (const { workload, cpu, refused } of outcomes) {
      if (cpu) this.#note(`for information: ${workload}, ONNX Runtime's CPU provider: ${spread(cpu)} ms`);
      for (const [rival, message] of Object.entries(refused ?? {})) this.#note(`${workload}, ${rival}: ${message}`);
    }
  }

  #means(outcomes: readonly Measurement[]): void {
    const mean = (values: readonly number[]) => (values.length > 1 ? geometricMean(values) : undefined);
    const means = this.#rivals.flatMap((name) => {
      const ratios = outcomes.flatMap(({ ours, rivals }) => ratio(ours, rivals?.[name]) ?? []);
      return ['', mean(ratios)?.toFixed(2) ?? ''];
    });
    const ceilings = this.#ceilings;
    const share = ceilings && mean(outcomes.flatMap((outcome) => shareOfFma(outcome, ceilings) ?? []));
    const before = this.#rivals.map(() => '');
    this.#row([`geometric mean of ${outcomes.length}`, '', ...means, '', ...before, percent(share)]);
  }

  memory(peaks: readonly PeakMemory[]): void {
    const title = 'Peak memory of a process of its own';
    this.#print(this.#markdown ? `\n### ${title}\n` : `\n${title}`);
    this.#inTable = false;
    for (const { workload, arm, residentBytes, deviceBytes } of peaks) {
      const onDevice = deviceBytes === undefined ? '' : `, ${mebibytes(deviceBytes)} in WebGPU buffers`;
      this.#note(`${workload}, ${arm}: ${mebibytes(residentBytes)} resident${onDevice}`);
    }
  }

  #note(line: string): void {
    // A list right under a table would be one more row of it.
    if (this.#markdown && this.#inTable) this.#print('');
    this.#inTable = false;
    this.#print(this.#markdown ? `- ${line}` : line);
  }

  #row(cells: readonly string[]): void {
    this.#inTable = true;
    if (this.#markdown) this.#print(`| ${this.#columns.map((_, i) => cells[i] ?? '').join(' | ')} |`);
    else {
      const columns = this.#columns.map(([, width], i): Column => ({ width, align: i ? 'right' : 'left' }));
      this.#print(tableLine(cells, columns));
    }
  }
}

/** How many times faster ours is. */
export function ratio(ours?: Timing, rival?: Timing): number | undefined {
  return ours && rival ? rival.medianMs / ours.medianMs : undefined;
}

/** Our rates as shares of the device's: of multiply-adds by the direct algorithm, and of copied bytes. */
function shares(outcome: Measurement, ceilings: Ceilings): string[] {
  const { bytes, ours } = outcome;
  const copied = bytes === undefined || !ours ? undefined : bytes / ours.medianMs / 1e6 / ceilings.copyGBs;
  return [percent(shareOfFma(outcome, ceilings)), percent(copied)];
}

/** Our rate as a share of the device's multiply-adds. */
export function shareOfFma({ flops, ours }: Measurement, { fmaGflops }: Ceilings): number | undefined {
  return ours && flops / ours.medianMs / 1e6 / fmaGflops;
}

/** A share in per cent, or nothing. */
export function percent(share: number | undefined): string {
  return share === undefined ? '' : (100 * share).toFixed(1);
}

function spread(timing?: Timing): string {
  if (!timing) return '';
  const [low, high] = timing.quartilesMs;
  return `${digits(timing.medianMs)} (${digits(low)}–${digits(high)})`;
}

/** Three significant digits, without an exponent. */
export function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
