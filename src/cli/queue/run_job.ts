/** Runner of a queue's jobs: it opens what those of one manifest have in common, once. */
import { hostname } from 'node:os';
import type { ColorizerOptions } from '../../model/colorizer.ts';
import { EnvironmentError, FormatError } from '../../runtime/errors.ts';
import { FileColorizer, type Painter } from '../colorize/files.ts';
import { Recorder } from '../colorize/ledger_line.ts';
import { requestOf } from '../colorize/options.ts';
import { recipeOf } from '../colorize/recipe.ts';
import { isExpected } from '../shared/messages.ts';
import { openStore } from '../storage/open.ts';
import type { FileStore } from '../storage/store.ts';
import type { ColorJob } from './engine.ts';
import { type ManifestHead, type ManifestLine, readBlock, readHead } from './manifest.ts';
import { type JobEnd, OneJob, type Task } from './one_job.ts';
import { WorkerMetrics } from './worker_metrics.ts';

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
    const task = await opened.catch((error) => {
      this.#tasks.delete(key);
      throw error;
    });
    if (!there) await this.#closeIdle(key);
    // Places in one manifest mean nothing in another that has taken its name since.
    else if (task && (await headOf(task.store)).id !== manifest) return undefined;
    return task;
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
    const storeOf = (folder: string) => {
      if (!inputs.has(folder)) inputs.set(folder, openStore(folder));
      return inputs.get(folder)!;
    };
    const files = new FileColorizer(request, this.#open, recorder, {
      stat: async ({ folder, name }) => (await storeOf(folder)).stat(name),
      read: async ({ folder, name }) => (await storeOf(folder)).read(name, 'an image file'),
      write: ({ output }, data) => store.write(store.inside(output), data),
    });
    const close = async () => {
      await files.close();
      await recorder.close();
    };
    return { store, id, files, recorder, users: 0, close };
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
