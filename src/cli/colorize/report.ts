/** Report of `koalarize IMAGE|FOLDER… -o OUT`: on standard error for people, on standard output as JSON for programs. */

import { leftOutText } from '../paths/walk.ts';
import { printJson, reasonOf, sayFailed, sayLine } from '../shared/messages.ts';
import type { Job } from './plan.ts';

/** Says what becomes of each picture. */
export class Reporter {
  #count = 0;
  #failures = 0;
  readonly #total: number;
  readonly #json: boolean;

  constructor(total: number, json: boolean) {
    this.#total = total;
    this.#json = json;
  }

  device(name: string): void {
    sayLine(`device: ${name}`);
  }

  done(
    { input, output }: Job,
    { width, height }: { width: number; height: number },
    ms: number,
    warnings: readonly string[],
    border?: readonly number[],
    corners?: readonly number[],
  ): void {
    this.#count++;
    if (this.#json) {
      printJson({
        input,
        output,
        width,
        height,
        ms: Math.round(ms),
        ...(border && { border }),
        ...(corners && { corners }),
        warnings,
      });
      return;
    }
    const seconds = (ms / 1000).toFixed(1);
    sayLine(`[${this.#count}/${this.#total}] ${input} → ${output}  ${width}x${height}  ${seconds} s`);
    if (border) {
      const round = corners ? `, corners round by ${corners.join(' x ')}` : '';
      sayLine(
        `  border: ${border.join(' ')} pixels (top, right, bottom, left)${round}, left neutral; --border none colors all`,
      );
    }
    for (const warning of warnings) sayLine(`  warning: ${warning}`);
  }

  failed({ input }: Job, error: Error): void {
    this.#count++;
    this.#failures++;
    const reason = reasonOf(error);
    if (this.#json) printJson({ input, error: reason });
    const told = reason.includes(input) ? reason : `${input}: ${reason}`;
    sayFailed(`[${this.#count}/${this.#total}] failed: ${told}`, error);
  }

  /** @param skipped outputs that were there already. @param leftOut files that are no pictures. @returns the exit code */
  finish(skipped: number, leftOut: ReadonlyMap<string, number>): number {
    const left = this.#total - this.#count;
    const parts = [`${this.#count - this.#failures} colored`];
    if (skipped) parts.push(`${skipped} were there already`);
    if (this.#failures) parts.push(`${this.#failures} failed`);
    if (left) parts.push(`${left} not tried`);
    const others = leftOut.size ? `; left out: ${leftOutText(leftOut)}` : '';
    if (this.#json && leftOut.size) printJson({ leftOut: Object.fromEntries(leftOut) });
    sayLine(`${parts.join(', ')}${others}`);
    return this.#failures ? 1 : 0;
  }
}
