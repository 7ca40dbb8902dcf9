/** One job of a queue: its photographs are colored one after the other, and each is a line of the ledger. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { ColorizerOptions } from '../../model/colorizer.ts';
import { DeviceError, EnvironmentError, FormatError, type KoalarizeError } from '../../runtime/errors.ts';
import { FileColorizer, type Outcome, type Painter } from '../colorize/files.ts';
import { Recorder } from '../colorize/ledger_line.ts';
import { requestOf } from '../colorize/options.ts';
import type { Job } from '../colorize/plan.ts';
import { recipeOf } from '../colorize/recipe.ts';
import { isExpected, reasonOf, sayLine } from '../shared/messages.ts';
import { isBucket, openStore } from '../storage/open.ts';
import type { FileStore } from '../storage/store.ts';
import { type ColorJob, type JobCounts, type JobState, stateOf } from './engine.ts';
import { type ManifestHead, type ManifestLine, readBlock, readHead } from './manifest.ts';
import { isOfPicture, WorkerMetrics } from './worker_metrics.ts';

/** How often the queue is told how far a job is: what a worker that dies has done since is done again. */
const TELL_MS = 1000;

/** How a job ended: done, interrupted, or this machine cannot do it. What is to be tried again later is thrown. */
export type JobEnd =
  | { readonly kind: 'done'; readonly counts: JobCounts }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'unable'; readonly error: KoalarizeError };

/** What the jobs of one manifest have in common. */
interface Task {
  readonly store: FileStore;
  readonly id: string;
  readonly files: FileColorizer;
  readonly recorder: Recorder;
  /** Jobs in hand. */
  users: number;
  close(): Promise<void>;
}

/** Runs jobs. They may overlap. */
export class JobRunner {
  readonly #stopping = new AbortController();
  readonly #open: (options: ColorizerOptions) => Promise<Painter>;
  readonly metrics = new WorkerMetrics();
  readonly #lost = new Set<string>();
  /** By manifest and folder. Of those without a job in hand there is at most one. */
  readonly #tasks = new Map<string, Promise<Task | undefined>>();

  constructor(open: (options: ColorizerOptions) => Promise<Painter>) {
    this.#open = open;
  }

  /** Aborted when it is asked to stop. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Ends jobs after the photograph in hand. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Ends a job that has been given to somebody else. */
  lose(id: string): void {
    this.#lost.add(id);
  }

  async close(): Promise<void> {
    for (const task of this.#tasks.values()) await (await task.catch(() => undefined))?.close();
    this.#tasks.clear();
  }

  /** Runs one job. @throws Error for what is to be tried again */
  async run(job: ColorJob): Promise<JobEnd> {
    this.#lost.delete(job.id!);
    let task: Task | undefined;
    let lines: readonly ManifestLine[];
    try {
      task = await this.#taskOf(job);
      lines = task ? await readBlock(task.store, job.data) : [];
    } catch (error) {
      if (!isExpected(error)) throw error;
      return { kind: 'unable', error };
    }
    if (!task) {
      // A newer manifest has all of it.
      return { kind: 'done', counts: { colored: 0, kept: 0, failed: 0 } };
    }
    task.users++;
    this.metrics.jobs++;
    try {
      return await new OneJob(
        job,
        task,
        lines,
        this.metrics,
        () => this.stopping.aborted,
        () => this.#lost.has(job.id!),
      ).run();
    } finally {
      task.users--;
      this.metrics.jobs--;
    }
  }

  /** @returns undefined where the folder has another manifest by now. @throws EnvironmentError, FormatError */
  async #taskOf({ data: { output, manifest } }: ColorJob): Promise<Task | undefined> {
    const key = `${manifest} ${output}`;
    const there = this.#tasks.get(key);
    const opened = there ?? this.#openTask(output, manifest);
    this.#tasks.set(key, opened);
    try {
      const task = await opened;
      if (!there) await this.#closeIdle(key);
      // Places in one manifest mean nothing in another that has taken its name since.
      else if (task && (await headOf(task.store)).id !== manifest) return undefined;
      return task;
    } catch (error) {
      this.#tasks.delete(key);
      throw error;
    }
  }

  /** Frees the devices of other manifests. */
  async #closeIdle(but: string): Promise<void> {
    for (const [key, opened] of this.#tasks) {
      const task = key === but ? undefined : await opened.catch(() => undefined);
      if (!task || task.users) continue;
      this.#tasks.delete(key);
      await task.close();
    }
  }

  async #openTask(folder: string, id: string): Promise<Task | undefined> {
    const store = await openStore(folder);
    const head = await headOf(store);
    if (head.id !== id) return undefined;
    const request = requestOf(head.inputs, { ...head.options, output: folder });
    const recipe = await recipeOf(request);
    if (JSON.stringify(recipe) !== JSON.stringify(head.recipe)) {
      throw new FormatError({
        where: folder,
        expected: `the weights and options of its manifest (${JSON.stringify(head.recipe)})`,
        got: JSON.stringify(recipe),
        hint: 'use the same weights and version on all machines',
      });
    }
    // One file of the ledger for each machine: not all file systems of networks let several append to one.
    const recorder = new Recorder(store, recipe, `worker-${hostname().replaceAll(/[^\w-]/g, '-')}`);
    const inputs = new Map<string, Promise<FileStore>>();
    const files = new FileColorizer(request, this.#open, recorder, {
      read: async ({ folder, name }) => {
        if (!inputs.has(folder)) inputs.set(folder, openStore(folder));
        return (await inputs.get(folder)!).read(name, 'an image file');
      },
      write: ({ output }, data) => store.write(store.inside(output), data),
    });
    const close = async () => {
      await files.close();
      await recorder.close();
    };
    return { store, id, files, recorder, users: 0, close };
  }
}

/** A job in hand. */
class OneJob {
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

/** @throws EnvironmentError where there is no manifest, FormatError */
async function headOf(store: FileStore): Promise<ManifestHead> {
  const head = await readHead(store);
  if (head) return head;
  const hint = 'is the folder of the same path on this machine?';
  const expected = 'the manifest that the queue tells of';
  throw new EnvironmentError({ where: store.name, expected, got: 'none', hint });
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
