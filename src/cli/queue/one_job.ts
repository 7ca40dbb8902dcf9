/** One job of a queue: its photographs are colored one after the other, and each is a line of the ledger. */
import { join } from 'node:path';
import { DeviceError, EnvironmentError, type KoalarizeError } from '../../runtime/errors.ts';
import type { FileColorizer, Outcome } from '../colorize/files.ts';
import type { Recorder } from '../colorize/ledger_line.ts';
import type { Job } from '../colorize/plan.ts';
import { reasonOf, sayLine } from '../shared/messages.ts';
import { isBucket } from '../storage/open.ts';
import type { FileStore } from '../storage/store.ts';
import { type ColorJob, type JobCounts, type JobState, stateOf } from './engine.ts';
import type { ManifestLine } from './manifest.ts';
import { isOfPicture, type WorkerMetrics } from './worker_metrics.ts';

/** How often the queue is told how far a job is: what a worker that dies has done since is done again. */
const TELL_MS = 1000;

/** How a job ended: done, interrupted, or this machine cannot do it. What is to be tried again later is thrown. */
export type JobEnd =
  | { readonly kind: 'done'; readonly counts: JobCounts }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'unable'; readonly error: KoalarizeError };

/** What the jobs of one manifest have in common. */
export interface Task {
  readonly store: FileStore;
  readonly id: string;
  readonly files: FileColorizer;
  readonly recorder: Recorder;
  /** Jobs in hand. */
  users: number;
  close(): Promise<void>;
}

/** A job in hand. */
export class OneJob {
  readonly #job: ColorJob;
  readonly #task: Task;
  readonly #lines: readonly ManifestLine[];
  readonly #metrics: WorkerMetrics;
  readonly #isStopped: () => boolean;
  readonly #isLost: () => boolean;
  /** Lines that are to be done yet. */
  readonly #todo: number[];
  /** Those that were refused, for later. */
  readonly #refused: number[] = [];
  #counts: JobCounts;
  #told = performance.now();

  constructor(
    job: ColorJob,
    task: Task,
    lines: readonly ManifestLine[],
    metrics: WorkerMetrics,
    isStopped: () => boolean,
    isLost: () => boolean,
  ) {
    this.#job = job;
    this.#task = task;
    this.#lines = lines;
    this.#metrics = metrics;
    this.#isStopped = isStopped;
    this.#isLost = isLost;
    const { left, colored, kept, failed } = stateOf(job.progress) ?? {
      left: job.data.lines,
      colored: 0,
      kept: 0,
      failed: 0,
    };
    this.#todo = [...left];
    this.#counts = { colored, kept, failed };
  }

  async run(): Promise<JobEnd> {
    const { files, recorder } = this.#task;
    let refusal: { readonly input: string; readonly error: Error } | undefined;
    while (this.#todo.length) {
      if (this.#isStopped()) {
        await this.#tell();
        return { kind: 'stopped' };
      }
      if (this.#isLost()) throw new Error('the job was given to another worker, as this one gave no sign of life');
      const [number] = this.#todo as [number];
      const line = this.#lines[number];
      if (!line) throw new Error(`the manifest has no line ${number} in this block`);
      const job = jobOf(this.#task.store, line);
      const begun = performance.now();
      const outcome = await files.color(job);
      this.#metrics.photograph(outcome, (performance.now() - begun) / 1000);
      if (outcome.result === 'unable') {
        await this.#tell();
        return { kind: 'unable', error: outcome.error };
      }
      this.#todo.shift();
      if ('error' in outcome && !isOfPicture(outcome.error)) {
        refusal ??= { input: job.input, error: outcome.error };
        this.#refused.push(number);
        // A device that is lost stays lost: the next photograph opens another.
        if (outcome.error instanceof DeviceError) await files.close();
      } else await this.#note(job, outcome);
      if (performance.now() - this.#told > TELL_MS) await this.#tell();
      if (recorder.broken) return this.#withoutLedger();
    }
    if (refusal) await this.#tell();
    else await recorder.flush();
    if (recorder.broken) return this.#withoutLedger();
    if (!refusal) return { kind: 'done', counts: this.#counts };
    const { input, error } = refusal;
    const told = reasonOf(error).includes(input) ? reasonOf(error) : `${input}: ${reasonOf(error)}`;
    const others = this.#refused.length - 1;
    throw new Error(others ? `${told}; and ${others} more` : told);
  }

  async #note(job: Job, outcome: Outcome): Promise<void> {
    const { colored, kept, failed } = this.#counts;
    if ('error' in outcome) {
      await this.#task.recorder.failed(job, outcome.stamp, outcome.error, outcome.seconds);
      const reason = reasonOf(outcome.error);
      sayLine(`failed: ${reason.includes(job.input) ? reason : `${job.input}: ${reason}`}`);
      this.#counts = { colored, kept, failed: failed + 1 };
    } else if (outcome.result === 'kept') this.#counts = { colored, kept: kept + 1, failed };
    else this.#counts = { colored: colored + 1, kept, failed };
  }

  #withoutLedger(): JobEnd {
    const where = this.#task.store.name;
    const hint = 'make room, or allow writing';
    const error = new EnvironmentError({ where, expected: 'a ledger to append to', got: 'none', hint });
    return { kind: 'unable', error };
  }

  /** Tells the queue how far the job is, as far as the ledger has it. Where that fails, some of it is done again: no harm. */
  async #tell(): Promise<void> {
    const { recorder } = this.#task;
    await recorder.flush();
    if (recorder.broken) return;
    const state: JobState = { ...this.#counts, left: [...this.#todo, ...this.#refused] };
    await this.#job.updateProgress(state as object).catch(() => undefined);
    this.#told = performance.now();
  }
}

function jobOf(store: FileStore, { folder, path, page, output }: ManifestLine): Job {
  return {
    input: isBucket(folder) ? `${folder}/${path}` : join(folder, path),
    folder,
    name: path,
    output: store.place(output),
    ...(page !== undefined && { page }),
  };
}
