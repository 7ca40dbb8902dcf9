/** Report of `koalarize IMAGE|FOLDER… -o OUT`. */
import type { Job } from './plan.ts';

/** Says what happens: on standard error for people, on standard output as JSON for programs. */
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
    process.stderr.write(`device: ${name}\n`);
  }

  done(
    { input, output }: Job,
    { width, height }: { width: number; height: number },
    ms: number,
    warnings: string[],
  ): void {
    this.#count++;
    if (this.#json) this.#line({ input, output, width, height, ms: Math.round(ms), warnings });
    else {
      process.stderr.write(
        `[${this.#count}/${this.#total}] ${input} → ${output}  ${width}x${height}  ${(ms / 1000).toFixed(1)} s\n`,
      );
      for (const warning of warnings) process.stderr.write(`  warning: ${warning}\n`);
    }
  }

  failed({ input }: Job, reason: string): void {
    this.#count++;
    this.#failures++;
    if (this.#json) this.#line({ input, error: reason });
    process.stderr.write(
      `[${this.#count}/${this.#total}] failed: ${reason.includes(input) ? reason : `${input}: ${reason}`}\n`,
    );
  }

  finish(skipped: number): number {
    const left = this.#total - this.#count;
    const parts = [`${this.#count - this.#failures} coloured`];
    if (skipped) parts.push(`${skipped} were there already`);
    if (this.#failures) parts.push(`${this.#failures} failed`);
    if (left) parts.push(`${left} not tried`);
    process.stderr.write(`${parts.join(', ')}\n`);
    return this.#failures ? 1 : 0;
  }

  #line(value: unknown): void {
    process.stdout.write(`${JSON.stringify(value)}\n`);
  }
}
