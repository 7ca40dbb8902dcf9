/** The tables: as aligned text, or as Markdown. Rows are printed as soon as they are known. */
import { geometricMean, type Outcome, type Timing } from './measure.ts';
import type { PeakMemory } from './memory.ts';

type Print = (line: string) => void;

const COLUMNS = [
  ['workload', 36],
  ['koalarize ms (IQR)', 20],
  ['tfjs ms (IQR)', 20],
  ['times faster', 12],
  ['GFLOP/s', 7],
  ['tfjs', 6],
  ['first call s', 12],
  ['tfjs', 6],
  ['error / tolerance', 17],
] as const;

export class Report {
  readonly #print: Print;
  readonly #markdown: boolean;

  constructor(print: Print, markdown: boolean) {
    this.#print = print;
    this.#markdown = markdown;
  }

  /** Prints facts, one a line. */
  facts(facts: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(facts)) {
      this.#print(this.#markdown ? `- ${name}: ${value}` : `${`${name}:`.padEnd(10)} ${value}`);
    }
  }

  heading(title: string): void {
    this.#print(this.#markdown ? `\n### ${title}\n` : `\n${title}`);
    this.#row(COLUMNS.map(([name]) => name));
    if (this.#markdown) this.#print(`|${COLUMNS.map((_, i) => (i ? '--:' : '---')).join('|')}|`);
  }

  outcome({ workload, flops, ours, rival, error, failed }: Outcome): void {
    if (failed !== undefined) {
      this.#row([workload, `FAILED: ${failed}`]);
      return;
    }
    const gflops = (timing?: Timing) => (timing ? (flops / timing.medianMs / 1e6).toFixed(1) : '');
    const first = (timing?: Timing) => (timing ? (timing.firstMs / 1e3).toFixed(2) : '');
    this.#row([
      workload,
      spread(ours),
      spread(rival),
      ours && rival ? (rival.medianMs / ours.medianMs).toFixed(2) : '',
      gflops(ours),
      gflops(rival),
      first(ours),
      first(rival),
      error === undefined ? 'not checked' : error.toFixed(3),
    ]);
  }

  /** Prints the geometric mean of the ratios, where there are several. */
  mean(outcomes: readonly Outcome[]): void {
    const ratios = outcomes.flatMap(({ ours, rival }) => (ours && rival ? [rival.medianMs / ours.medianMs] : []));
    if (ratios.length < 2) return;
    this.#row([`geometric mean of ${ratios.length}`, '', '', geometricMean(ratios).toFixed(2)]);
  }

  memory(peaks: readonly PeakMemory[]): void {
    this.#print(
      this.#markdown ? '\n### Peak memory of a process of its own\n' : '\nPeak memory of a process of its own',
    );
    for (const { workload, arm, residentBytes, deviceBytes } of peaks) {
      const line = `${workload}, ${arm}: ${mebibytes(residentBytes)} resident, ${mebibytes(deviceBytes)} in WebGPU buffers`;
      this.#print(this.#markdown ? `- ${line}` : line);
    }
  }

  #row(cells: readonly string[]): void {
    if (this.#markdown) this.#print(`| ${COLUMNS.map((_, i) => cells[i] ?? '').join(' | ')} |`);
    else {
      const padded = cells.map((cell, i) => (i ? cell.padStart(COLUMNS[i]![1]) : cell.padEnd(COLUMNS[0][1])));
      this.#print(padded.join('  ').trimEnd());
    }
  }
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
