/** Progress of an evaluation, on standard error: one line that is written over on a terminal. */

import { duration } from '../train/progress.ts';
import { printable } from './messages.ts';

const LINE_EVERY_MS = 10_000;
const REDRAW_EVERY_MS = 200;

/** Counts what is done of several jobs, one after the other. */
export class Counter {
  readonly #out = process.stderr;
  #job = '';
  #started = 0;
  #written = 0;
  #open = false;

  /** Says a line of its own. */
  say(line: string): void {
    this.#clear();
    this.#out.write(`${printable(line)}\n`);
  }

  /** Shows how much of a job is done; a new job's name starts the clock. */
  count(job: string, done: number, total: number): void {
    const time = performance.now();
    if (job !== this.#job) {
      this.#job = job;
      this.#started = time;
      this.#written = time;
    }
    if (done === total) this.#clear();
    if (done === total || time - this.#written < (this.#out.isTTY ? REDRAW_EVERY_MS : LINE_EVERY_MS)) return;
    this.#written = time;
    const left = done > 0 ? `  ${duration((((time - this.#started) / 1000) * (total - done)) / done)} left` : '';
    const line = `${job}  ${done}/${total}${left}`;
    this.#out.write(
      this.#out.isTTY ? `\r\x1b[K${printable(line).slice(0, (this.#out.columns || 80) - 1)}` : `${line}\n`,
    );
    this.#open = this.#out.isTTY;
  }

  #clear(): void {
    if (this.#open) this.#out.write('\r\x1b[K');
    this.#open = false;
  }
}
