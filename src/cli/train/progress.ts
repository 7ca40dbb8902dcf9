/** Progress of a run: one line that is written over on a terminal, one every ten seconds elsewhere. */
import type { StepReport } from '../../train/loop.ts';
import { printable } from '../shared/messages.ts';

const LINE_EVERY_MS = 10_000;
const REDRAW_EVERY_MS = 200;
/** Share of the past in the averages; their memory is about 50 steps for the loss, 10 for the speed. */
const MEMORY = { loss: 0.98, speed: 0.9 };

export interface Plan {
  /** Steps to do in all; may be infinite. */
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly batch: number;
  /** When time is up, in ms as of `performance.now()`; may be infinite. */
  readonly deadline: number;
}

/** Writes to stderr, so that nothing is mixed into redirected output. */
export class Progress {
  readonly #out = process.stderr;
  #plan: Plan | undefined;
  #written = 0;
  #open = false;
  #inRounds = false;
  readonly #loss = new Average(MEMORY.loss);
  readonly #secondsPerStep = new Average(MEMORY.speed);
  #last: StepReport | undefined;

  /** Says a line of its own. */
  say(line: string): void {
    this.#clear();
    this.#out.write(`${printable(line)}\n`);
  }

  /** Shows how many files are read. */
  scanning(done: number, total: number): void {
    this.#show(`reading pictures  ${done}/${total}`, done === total);
    if (done === total) this.#clear();
  }

  /** Shows how many pictures the feature extractor has seen. */
  embedding(done: number, total: number): void {
    this.#show(`computing embeddings  ${done}/${total}`, done === total);
    if (done === total) this.#clear();
  }

  /** Shows how far a round is. */
  round(line: string): void {
    this.#show(line, !this.#inRounds);
    this.#inRounds = true;
  }

  start(plan: Plan): void {
    this.#plan = plan;
    this.#written = performance.now();
  }

  step(report: StepReport): void {
    const { batch } = this.#plan!;
    const first = this.#last === undefined;
    this.#last = report;
    this.#loss.add(report.loss);
    this.#secondsPerStep.add(batch / report.imagesPerSecond);
    this.#show(this.#line(report), first);
  }

  /** Writes the last step's line for good. */
  end(): void {
    if (this.#last) this.say(this.#line(this.#last));
  }

  /** The running mean of the loss. */
  get loss(): number {
    return this.#loss.value;
  }

  /** Averaged over the last steps; NaN before the first. */
  get secondsPerStep(): number {
    return this.#secondsPerStep.value;
  }

  /** Averaged over the last steps. */
  get imagesPerSecond(): number {
    return this.#plan!.batch / this.#secondsPerStep.value;
  }

  #line({ step, idle }: StepReport): string {
    const { steps, stepsPerEpoch, deadline } = this.#plan!;
    const secondsLeft = Math.min((steps - step) * this.secondsPerStep, (deadline - performance.now()) / 1000);
    return [
      `step ${step}${Number.isFinite(steps) ? `/${steps}` : ''}`,
      `epoch ${(step / stepsPerEpoch).toFixed(2)}`,
      `loss ${this.#loss.value.toFixed(5)}`,
      `${this.imagesPerSecond.toPrecision(3)} images/s`,
      `${duration(secondsLeft)} left`,
      `device idle ${(idle * 100).toFixed(0)} %`,
    ].join('  ');
  }

  #show(line: string, now: boolean): void {
    const time = performance.now();
    const every = this.#out.isTTY ? REDRAW_EVERY_MS : LINE_EVERY_MS;
    if (!now && time - this.#written < every) return;
    this.#written = time;
    if (!this.#out.isTTY) {
      this.#out.write(`${line}\n`);
      return;
    }
    this.#out.write(`\r\x1b[K${printable(line).slice(0, (this.#out.columns || 80) - 1)}`);
    this.#open = true;
  }

  #clear(): void {
    if (this.#open) this.#out.write('\r\x1b[K');
    this.#open = false;
  }
}

/** An exponential mean that starts at the first value. */
class Average {
  readonly #memory: number;
  #sum = 0;
  #weight = 0;

  constructor(memory: number) {
    this.#memory = memory;
  }

  get value(): number {
    return this.#sum / this.#weight;
  }

  add(value: number): void {
    this.#sum = this.#sum * this.#memory + value;
    this.#weight = this.#weight * this.#memory + 1;
  }
}

/** `1 h 5 min`, `4 min 10 s`, `8 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (h > 0) return `${h} h ${min} min`;
  return min > 0 ? `${min} min ${s} s` : `${s} s`;
}
