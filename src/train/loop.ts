/**
 * The training loop: batches are put together while the device works, steps are submitted before the last loss is
 * known, and what has to happen between steps happens with none in flight. It knows nothing of files or terminals.
 */
import { DivergedError } from '../runtime/errors.ts';
import { assembleBatch, type Batch, type Dataset } from './data/batch.ts';
import { type Looks, Sampler } from './data/sampler.ts';
import type { Trainer } from './trainer.ts';

/** Batches that are put together ahead of the device. */
const PREFETCH = 2;
/** Steps that are submitted and whose loss has not arrived. */
const DEPTH = 2;

/** What is known of a step once its loss has arrived. */
export interface StepReport {
  /** 1 for the first. */
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
  /** Share in 0 … 1 of the time so far in which the device had nothing to do. */
  readonly idle: number;
}

/** What `trainingLoop` trains, on what, for how long, and what happens between steps. */
export interface LoopOptions {
  readonly trainer: Trainer;
  readonly dataset: Dataset;
  readonly seed: number;
  /** Shares of the pictures that are seen with another look; default none. */
  readonly looks?: Looks;
  /** Steps that are done. */
  readonly from: number;
  /** The last step; may be infinite. */
  readonly to: number;
  /** The learning rate of a step; asked for in order. */
  readonly learningRate: (step: number) => number;
  /** Is told of each step, in order. */
  readonly report: (report: StepReport) => void;
  /** Whether step `step` is to be the last. */
  readonly stopAfter: (step: number) => boolean;
  /** Whether `pause` is to be called after step `step`. */
  readonly pauseAfter: (step: number) => boolean;
  /** Is called with no step in flight and all losses finite: the moment to save and to validate. */
  readonly pause: (step: number) => Promise<void>;
}

/**
 * Trains from step `from + 1` on.
 *
 * @returns the last step done, the share of the time that the device had nothing to do, and why it ended early where a
 * picture could not be read: the weights are good then.
 * @throws DivergedError, DeviceError.
 */
export async function trainingLoop(options: LoopOptions): Promise<{ step: number; idle: number; failure?: unknown }> {
  const { trainer, from, to } = options;
  const batches = prefetch(options);
  const flight = new Flight(options);
  for (let step = from + 1; step <= to; step++) {
    let batch: Batch;
    try {
      batch = await batches();
    } catch (failure) {
      await flight.land();
      return { step: step - 1, idle: flight.idle, failure };
    }
    const learningRate = options.learningRate(step);
    flight.add(step, learningRate, trainer.step(batch, step, learningRate));
    await flight.land(DEPTH - 1);
    const last = options.stopAfter(step);
    if (options.pauseAfter(step) && !last && step < to) {
      await flight.land();
      await options.pause(step);
      flight.restartClock();
    }
    if (last) {
      await flight.land();
      return { step, idle: flight.idle };
    }
  }
  await flight.land();
  return { step: Math.max(from, to), idle: flight.idle };
}

/** Returns a function that gives one batch after the other, and has the next ones made meanwhile. */
function prefetch({ trainer: { config }, dataset, seed, looks, from, to }: LoopOptions): () => Promise<Batch> {
  const sampler = new Sampler(dataset.length, config.batch, seed, looks, dataset.views);
  const queue: Promise<Batch>[] = [];
  let next = from;
  return () => {
    while (queue.length <= PREFETCH && next < to) {
      const batch = assembleBatch(dataset, sampler.batch(next++), config.size);
      batch.catch(() => undefined); // Whoever awaits it hears of it; at the end nobody does.
      queue.push(batch);
    }
    return queue.shift()!;
  };
}

/** The steps whose loss has not arrived. */
class Flight {
  readonly #options: LoopOptions;
  readonly #steps: Promise<void>[] = [];
  readonly #start = performance.now();
  #pending = 0;
  #idleSince = this.#start;
  #idle = 0;
  #paused = 0;
  /** When the last loss arrived. */
  #last = this.#start;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  /** Share in 0 … 1 of the time until the last loss in which nothing was in flight; 0 before the first. */
  get idle(): number {
    const time = this.#last - this.#start - this.#paused;
    return time > 0 ? this.#idle / time : 0;
  }

  add(step: number, learningRate: number, loss: Promise<number>): void {
    if (this.#pending++ === 0) this.#idle += performance.now() - this.#idleSince;
    const arrival = loss.then((value) => this.#arrive(step, learningRate, value));
    arrival.catch(() => undefined); // `land` throws it.
    this.#steps.push(arrival);
  }

  /** Waits until at most `left` steps are in flight. */
  async land(left = 0): Promise<void> {
    while (this.#steps.length > left) await this.#steps.shift();
  }

  /** Leaves the time since the last step out of all figures. */
  restartClock(): void {
    const now = performance.now();
    this.#paused += now - this.#last;
    this.#last = now;
    this.#idleSince = now;
  }

  #arrive(step: number, learningRate: number, loss: number): void {
    if (!Number.isFinite(loss)) throw new DivergedError(step, `${loss} as the loss, or in a weight`);
    const now = performance.now();
    const imagesPerSecond = (this.#options.trainer.config.batch * 1000) / (now - this.#last);
    this.#last = now;
    if (--this.#pending === 0) this.#idleSince = now;
    this.#options.report({ step, loss, learningRate, imagesPerSecond, idle: this.idle });
  }
}
