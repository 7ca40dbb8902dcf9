/** The tables: as aligned text, or as Markdown. Rows are printed as soon as they are known. */
import { geometricMean, type Outcome, type Timing } from './measure.ts';
import type { PeakMemory } from './memory.ts';
import type { RivalName } from './workload.ts';

type Print = (line: string) => void;

/** Names and widths of the columns. */
function columnsFor(rivals: readonly RivalName[]): (readonly [name: string, width: number])[] {
  const each = (name: string, width: number) => rivals.map((rival) => [`${rival}${name}`, width] as const);
  return [
    ['workload', 36],
    ['koalarize ms (IQR)', 20],
    ...rivals.flatMap((rival) => [[`${rival} ms (IQR)`, 22] as const, ['times faster', 12] as const]),
    ['GFLOP/s', 7],
    ...each('', 11),
    ['first call s', 12],
    ...each('', 11),
    ['error / tolerance', 17],
  ];
}

export class Report {
  readonly #print: Print;
  readonly #markdown: boolean;
  readonly #rivals: readonly RivalName[];
  readonly #columns: ReturnType<typeof columnsFor>;

  constructor(print: Print, markdown: boolean, rivals: readonly RivalName[]) {
    this.#print = print;
    this.#markdown = markdown;
    this.#rivals = rivals;
    this.#columns = columnsFor(rivals);
  }

  /** Prints facts, one a line. */
  facts(facts: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(facts)) {
      this.#print(this.#markdown ? `- ${name}: ${value}` : `${`${name}:`.padEnd(10)} ${value}`);
    }
  }

  heading(title: string): void {
    this.#print(this.#markdown ? `\n### ${title}\n` : `\n${title}`);
    this.#row(this.#columns.map(([name]) => name));
    if (this.#markdown) this.#print(`|${this.#columns.map((_, i) => (i ? '--:' : '---')).join('|')}|`);
  }

  outcome({ workload, flops, ours, rivals, error, failed }: Outcome): void {
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
      first(ours),
      ...this.#rivals.map((name) => first(rivals?.[name])),
      error === undefined ? 'not checked' : error.toFixed(3),
    ]);
  }

  /** Prints the geometric mean of the ratios, where there are several. */
  mean(outcomes: readonly Outcome[]): void {
    if (outcomes.length < 2) return;
    const means = this.#rivals.flatMap((name) => {
      const ratios = outcomes.flatMap(({ ours, rivals }) => ratio(ours, rivals?.[name]) ?? []);
      return ['', ratios.length > 1 ? geometricMean(ratios).toFixed(2) : ''];
    });
    this.#row([`geometric mean of ${outcomes.length}`, '', ...means]);
  }

  memory(peaks: readonly PeakMemory[]): void {
    this.#print(
      this.#markdown ? '\n### Peak memory of a process of its own\n' : '\nPeak memory of a process of its own',
    );
    for (const { workload, arm, residentBytes, deviceBytes } of peaks) {
      const onDevice = deviceBytes === undefined ? '' : `, ${mebibytes(deviceBytes)} in WebGPU buffers`;
      const line = `${workload}, ${arm}: ${mebibytes(residentBytes)} resident${onDevice}`;
      this.#print(this.#markdown ? `- ${line}` : line);
    }
  }

  #row(cells: readonly string[]): void {
    if (this.#markdown) this.#print(`| ${this.#columns.map((_, i) => cells[i] ?? '').join(' | ')} |`);
    else {
      const padded = cells.map((cell, i) =>
        i ? cell.padStart(this.#columns[i]![1]) : cell.padEnd(this.#columns[0]![1]),
      );
      this.#print(padded.join('  ').trimEnd());
    }
  }
}

/** How many times faster ours is. */
function ratio(ours?: Timing, rival?: Timing): number | undefined {
  return ours && rival ? rival.medianMs / ours.medianMs : undefined;
}

function spread(timing?: Timing): string {
  if (!timing) return '';
  const [low, high] = timing.quartilesMs;
  return `${digits(timing.medianMs)} (${digits(low)}–${digits(high)})`;
}

/** Three significant digits, without an exponent. */
function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
