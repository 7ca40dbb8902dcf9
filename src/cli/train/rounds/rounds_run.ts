/**
 * A process that takes part in a run on several devices. All are alike: each trains shares and, when a round's shares are there,
 * makes their mean and begins the next round. The one that began the run, or goes on with it, sees to it that there is a round.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { sha256 } from '../../../onnx/sha256.ts';
import { DivergedError, EnvironmentError } from '../../../runtime/errors.ts';
import { readBytes } from '../../../runtime/node/adapters.ts';
import { Scope } from '../../../runtime/scope.ts';
import { readState } from '../../../train/checkpoint.ts';
import type { Trainer } from '../../../train/trainer.ts';
import { isExpected, reasonOf } from '../../shared/messages.ts';
import { onStopSignal } from '../../shared/signals.ts';
import { makeTrainer, metadataOf } from '../metadata.ts';
import { duration } from '../progress.ts';
import { restore } from '../restore.ts';
import type { RoundSettings } from '../run_folder.ts';
import { recipeOf, stepsOf } from '../settings.ts';
import { setAsideAfter } from './files.ts';
import { saveRound } from './mean.ts';
import { outerText, type RoundArguments } from './options.ts';
import type { Ends, RoundJob, RoundQueue } from './queue.ts';
import { RoundWork, type RunParts } from './work.ts';

/** How often it is looked whether the run has come to its end. */
const LOOK_MS = 500;

export class RoundsRun {
  readonly #parts: RunParts;
  readonly #args: RoundArguments;
  readonly #rounds: RoundSettings;
  readonly #queue: RoundQueue;
  /** The run's last step. */
  readonly #to: number;
  readonly #stopping = new AbortController();
  /** Why this process ends before the run does. */
  #failure: Error | undefined;

  constructor(parts: RunParts, rounds: RoundSettings, args: RoundArguments, queue: RoundQueue) {
    const { config, pictures } = parts;
    this.#parts = parts;
    this.#args = args;
    this.#rounds = rounds;
    this.#queue = queue;
    this.#to = stepsOf(config.budget, pictures.train.length, config.settings.batch);
  }

  /** Whether this process sees to it that there is a round. */
  get #leads(): boolean {
    return this.#args.join === undefined;
  }

  /** Takes part until the run ends, or this process is told to stop. */
  async train(): Promise<void> {
    const { gpu, folder, config, pictures, progress } = this.#parts;
    const scope = new Scope(gpu);
    try {
      progress.say('compile  the network and its gradients');
      const trainer = scope.own(await makeTrainer(gpu, config, pictures.colors));
      if (this.#leads) await this.#restore(trainer);
      const from = (await folder.newestStep()) ?? 0;
      if (from >= this.#to) {
        const more = this.#leads ? '; go on with --resume and a larger --steps or --epochs' : '';
        progress.say(`done     at step ${from} already${more}`);
        return;
      }
      this.#summarize(from);
      const { signal: stopping } = this.#stopping;
      const tools = { rounds: this.#rounds, queue: this.#queue, scope, trainer, stopping };
      await this.#takePart(new RoundWork(this.#parts, tools));
    } finally {
      scope.close();
    }
  }

  /** Loads where the run stands, and writes it down where that is its beginning. */
  async #restore(trainer: Trainer): Promise<void> {
    const { folder, config, pictures, progress } = this.#parts;
    const { step, path } = await restore(trainer, folder, config, pictures.colors, progress);
    await setAsideAfter(folder, step);
    if (path !== undefined) return;
    await saveRound(folder, await readState(trainer, 0), metadataOf(config), { weights: false });
  }

  #summarize(from: number): void {
    const { gpu, folder, config, pictures, progress } = this.#parts;
    const { batch, size, seed } = config.settings;
    const { shares, localSteps, outer } = this.#rounds;
    const memory = `${Math.round(gpu.peakBytes / 2 ** 20)} MiB on the device`;
    progress.say(
      `train    step ${from + 1} to ${this.#to}: ${pictures.train.length} pictures, ${batch} a step, ${size} px, seed ${seed}; ${memory}; in ${folder.path}`,
    );
    progress.say(`recipe   ${recipeOf(config.settings)}`);
    progress.say(`rounds   of ${shares} shares with ${localSteps} steps each; outer ${outerText(outer)}`);
    const { server } = this.#queue;
    if (this.#leads)
      progress.say(`join     koalarize train --join ${folder.path} --queue ${server}, on any other device`);
  }

  async #takePart(work: RoundWork): Promise<void> {
    const { folder, progress } = this.#parts;
    const start = performance.now();
    const release = onStopSignal(() => {
      progress.say('stopping: gives its share back; once more ends it at once');
      this.#stopping.abort();
    });
    try {
      if (this.#leads) await this.#ensureRound(work);
      await this.#expectNoneFailed();
      await this.#queue.work(
        this.#args.lock,
        (job, ends) => this.#process(work, job, ends),
        (error) => this.#fail(error),
      );
      const ended = await this.#untilEnd(work);
      await this.#queue.stopWork();
      if (this.#failure) throw this.#failure;
      // What it leaves in the server otherwise is small.
      if (work.isLast) await this.#queue.clear().catch(() => undefined);
      const seconds = duration((performance.now() - start) / 1000);
      if (ended) {
        progress.say(`done     after step ${this.#to}, in ${seconds}`);
        progress.say(`weights  ${folder.weightsPath}`);
      } else {
        progress.say(`stopped  after ${seconds}; the run goes on wherever others take part`);
        progress.say(`go on    koalarize train --join ${folder.path} --queue ${this.#queue.server}`);
      }
    } finally {
      release();
    }
  }

  /** Sees to it that the round is in the queue that begins with the newest checkpoint, and nothing else. */
  async #ensureRound(work: RoundWork): Promise<void> {
    const { folder } = this.#parts;
    const from = (await folder.newestStep())!;
    const round = { from, to: this.#to, start: await sha256(await readBytes(folder.checkpointPath(from))) };
    if (await this.#queue.hasOnly(round)) return;
    await this.#queue.clear();
    await work.begin(round);
  }

  /** @returns whether the run has come to its end; else it was stopped, or failed */
  async #untilEnd(work: RoundWork): Promise<boolean> {
    const { folder } = this.#parts;
    const { signal } = this.#stopping;
    for (;;) {
      await wait(LOOK_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return false;
      try {
        await this.#expectNoneFailed();
        if (await this.#queue.isEmpty()) {
          if (((await folder.newestStep()) ?? 0) >= this.#to) return true;
          if (this.#leads) await this.#ensureRound(work);
        }
      } catch (error) {
        // A server that is away comes back.
        if (isExpected(error)) this.#fail(error);
      }
    }
  }

  /** @throws EnvironmentError where a job was given up: so is the run then */
  async #expectNoneFailed(): Promise<void> {
    const reason = await this.#queue.failure();
    if (!reason) return;
    const hint = 'it can be tried again with --resume';
    const { path: where } = this.#parts.folder;
    throw new EnvironmentError({ where, expected: 'all shares of a round', got: `'${reason}'`, hint });
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#stopping.abort();
  }

  async #process(work: RoundWork, { data, attemptsStarted, timestamp }: RoundJob, ends: Ends): Promise<void> {
    const attempt =
      data.share === undefined ? work.mean(data, timestamp, attemptsStarted > 1) : work.share(data, data.share);
    const end = await attempt.catch((error: Error) => error);
    if (end === true) return;
    if (end === false) throw await ends.giveBack();
    this.#fail(end);
    if (end instanceof DivergedError) throw ends.giveUp(reasonOf(end));
    // It may be this machine that cannot.
    throw isExpected(end) ? await ends.giveBack() : end;
  }
}
