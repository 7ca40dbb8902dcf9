/** Report of `koalarize IMAGE|FOLDER… -o OUT`: on standard error for people, on standard output as JSON for programs. */

import { leftOutText } from '../paths/walk.ts';
import { printJson, reasonOf, sayFailed, sayLine } from '../shared/messages.ts';
import { type Shard, shardText } from '../shared/shard.ts';
import type { Outcome } from './files.ts';
import type { Job } from './plan.ts';

/** What a call left out. */
export interface LeftOut {
  /** Outputs that were there already. */
  readonly skipped: number;
  /** Those of them that the ledger does not tell of. */
  readonly unlisted: number;
  /** Files that are no pictures, by extension. */
  readonly leftOut: ReadonlyMap<string, number>;
  /** The share of the pictures that was wanted, if not all. */
  readonly shard?: Shard;
  /** Pictures of all shards. */
  readonly of?: number;
}

/** Says what becomes of each picture. */
export class Reporter {
  #count = 0;
  #failures = 0;
  #again = 0;
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
    { input, output, again }: Job,
    { image, ms, warnings, border, corners }: Extract<Outcome, { image: unknown }>,
  ): void {
    const { width, height } = image;
    this.#count++;
    if (again) this.#again++;
    if (this.#json) {
      const about = { ...(border && { border }), ...(corners && { corners }), ...(again && { again }) };
      printJson({ input, output, width, height, ms: Math.round(ms), ...about, warnings });
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
    if (again) sayLine(`  again: ${again}`);
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

  /** @returns the exit code */
  finish({ skipped, unlisted, leftOut, shard, of }: LeftOut): number {
    const left = this.#total - this.#count;
    const parts = [`${this.#count - this.#failures} colored`];
    if (this.#again) parts.push(`${this.#again} of them again`);
    if (skipped) parts.push(`${skipped} were there already${unlisted ? ` (${unlisted} of them in no ledger)` : ''}`);
    if (this.#failures) parts.push(`${this.#failures} failed`);
    if (left) parts.push(`${left} not tried`);
    const others = leftOut.size ? `; left out: ${leftOutText(leftOut)}` : '';
    if (this.#json && leftOut.size) printJson({ leftOut: Object.fromEntries(leftOut) });
    const share = shard ? `shard ${shardText(shard)}, ${this.#total + skipped} of ${of}: ` : '';
    sayLine(`${share}${parts.join(', ')}${others}`);
    return this.#failures ? 1 : 0;
  }
}
