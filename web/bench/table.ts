/** The table of results: a body for each section, rows that wait until they are measured, geometric means at its end. */

import type { Ceilings } from '../../bench/ceilings.ts';
import { geometricMean } from '../../bench/measure.ts';
import { digits, percent, ratio, shareOfFma } from '../../bench/report.ts';
import type { Row } from './messages.ts';

export class ResultTable {
  readonly #table: HTMLTableElement;
  readonly #columns: number;
  #body: HTMLTableSectionElement | undefined;
  #waiting: HTMLTableRowElement[] = [];
  #rows: Row[] = [];

  constructor(table: HTMLTableElement) {
    this.#table = table;
    this.#columns = table.tHead!.rows[0]!.cells.length;
  }

  /** Removes all rows. */
  clear(): void {
    for (const body of [...this.#table.tBodies]) body.remove();
    this.#table.hidden = true;
    this.#waiting = [];
  }

  /** Adds a section, whose first row is being measured. */
  section(title: string, workloads: readonly string[]): void {
    this.#table.hidden = false;
    this.#body = this.#table.createTBody();
    this.#rows = [];
    const heading = this.#addRow(title, 'title').cells[0]!;
    heading.colSpan = this.#columns;
    heading.scope = 'rowgroup';
    this.#waiting = workloads.map((name) => this.#addRow(name, 'waiting', ...Array(this.#columns - 1).fill('·')));
    this.#waiting[0]?.classList.replace('waiting', 'running');
  }

  /** Fills the row that was being measured. */
  fill(row: Row, ceilings: Ceilings): void {
    const { workload, flops, ours, rivals, error, failed, refused } = row;
    this.#rows.push(row);
    const place = this.#waiting.shift()!;
    const times = ratio(ours, rivals?.tfjs);
    const filled =
      failed === undefined
        ? this.#addRow(
            workload,
            '',
            ours ? digits(ours.medianMs) : '',
            rivals?.tfjs ? digits(rivals.tfjs.medianMs) : refused?.tfjs ? 'refused' : '',
            times?.toFixed(2) ?? '',
            ours ? (flops / ours.medianMs / 1e6).toFixed(1) : '',
            percent(shareOfFma(row, ceilings)),
            error === undefined ? 'not checked' : error.toFixed(3),
          )
        : this.#addRow(workload, '', failed);
    if (failed !== undefined) {
      const cell = filled.cells[1]!;
      cell.colSpan = this.#columns - 1;
      cell.className = 'failed';
    } else {
      filled.cells[3]!.className = 'times';
      if (refused?.tfjs) filled.cells[2]!.title = refused.tfjs;
    }
    place.replaceWith(filled);
    this.#waiting[0]?.classList.replace('waiting', 'running');
    if (this.#waiting.length === 0) this.#means(ceilings);
  }

  /** Leaves the rows that still wait as they are. */
  stop(): void {
    for (const { classList } of this.#waiting) classList.replace('running', 'waiting');
  }

  #means(ceilings: Ceilings): void {
    const times = this.#rows.flatMap(({ ours, rivals }) => ratio(ours, rivals?.tfjs) ?? []);
    const shares = this.#rows.flatMap((row) => shareOfFma(row, ceilings) ?? []);
    if (shares.length < 2) return;
    const mean = times.length > 1 ? geometricMean(times).toFixed(2) : '';
    this.#addRow(`geometric mean of ${shares.length}`, 'mean', '', '', mean, '', percent(geometricMean(shares)), '');
  }

  #addRow(name: string, className: string, ...cells: string[]): HTMLTableRowElement {
    const row = this.#body!.insertRow();
    row.className = className;
    const heading = document.createElement('th');
    heading.scope = 'row';
    heading.textContent = name;
    row.append(heading);
    for (const text of cells) row.insertCell().textContent = text;
    return row;
  }
}
