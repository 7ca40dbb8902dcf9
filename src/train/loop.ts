/**
 * The training loop: batches are put together while the device works, and steps are submitted before the last loss is
 * known. Whoever iterates it decides what happens between steps. It knows nothing of files or terminals.
 */
import { expectObject, expectOptions } from '../runtime/arguments.ts';
import { DivergedError } from '../runtime/errors.ts';
import { assembleBatch, type Batch, type Dataset } from './data/batch.ts';
import { Sampler, type ToneAugmentation } from './data/sampler.ts';
import type { Trainer } from './trainer.ts';

/** Batches that are put together ahead of the device. */
const PREFETCH = 2;
/** Steps that are submitted and whose loss has not arrived. */
const DEPTH = 2;
/** Adam's usual rate (Kingma and Ba 2015). */
const LEARNING_RATE = 1e-3;

/** What is known of a step once its loss has arrived. */
export interface StepReport {
  /** 1 for the first. */
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly imagesPerSecond: number;
  /** Share in 0 … 1 of the time so far in which the device had nothing to do. */
  readonly idle: number;
  /** Whether no later step is under way: the moment to save and to validate. Always so after the last one. */
  readonly settled: boolean;
}

/** What `train` trains, on what, and for how long. */
export interface TrainOptions {
  readonly trainer: Trainer;
  readonly dataset: Dataset;
  /** The last step, counted from the first of all; default there is none. */
  readonly steps?: number;
  /** Steps that are done; default those of the trainer. */
  readonly from?: number;
  /** The learning rate, or that of each step, asked for in order; default 1e-3. */
  readonly learningRate?: number | ((step: number) => number);
  /** Decides which pictures are seen when, and how they are cut; default 1. */
  readonly seed?: number;
  /** Which batch step `step` takes, from 0, of the order that the seed gives; default `step - 1`. For a share of a training. */
  readonly batchAt?: (step: number) => number;
  /** Shares of the pictures that are seen with another look; default none. */
  readonly looks?: ToneAugmentation;
  /** Whether step `step` is to be the last; default not before `steps`. */
  readonly stopAfter?: (step: number) => boolean;
  /** Whether nothing may be submitted before what is done about step `step`: then it is `settled`; default never. */
  readonly settleAfter?: (step: number) => boolean;
}

const OPTIONS = [
  'trainer',
  'dataset',
  'steps',
  'from',
  'learningRate',
  'seed',
  'batchAt',
  'looks',
  'stopAfter',
  'settleAfter',
] as const satisfies (keyof TrainOptions)[];

/**
 * Trains, and tells of each step, in order. It works ahead by a step or two, and waits while nobody asks for the next one.
 *
 * It ends after the last step, or where the caller breaks off; `trainer.lastStep` is the step that the weights are of. What
 * the dataset throws is thrown after the steps before it: the weights are good then.
 *
 * @throws DivergedError, DeviceError; ArgumentError for options that do not exist.
 */
export async function* train(options: TrainOptions): AsyncGenerator<StepReport, void, void> {
  expectObject('train', 'options', options);
  expectOptions('train', options, OPTIONS);
  const { trainer, stopAfter, settleAfter, learningRate = LEARNING_RATE } = options;
  expectObject('train', 'a trainer', trainer);
  expectObject('train', 'a dataset', options.dataset);
  const { from = trainer.lastStep, steps = Number.POSITIVE_INFINITY } = options;
  const batches = prefetch(options, from, steps);
  const flight = new Flight(trainer.config.batch);
  try {
    for (let step = from + 1; step <= steps; step++) {
      let batch: Batch;
      try {
        batch = await batches();
      } catch (failure) {
        yield* flight.land(0);
        throw failure;
      }
      const rate = typeof learningRate === 'number' ? learningRate : learningRate(step);
      flight.add(step, rate, trainer.step(batch, step, rate));
      yield* flight.land(DEPTH - 1);
      const isLast = step === steps || stopAfter?.(step) === true;
      if (isLast || settleAfter?.(step)) {
        yield* flight.land(0);
        flight.restartClock();
      }
      if (isLast) return;
    }
  } finally {
    await flight.settle();
  }
}

/** Returns a function that gives one batch after the other, and has the next ones made meanwhile. */
function prefetch(options: TrainOptions, from: number, to: number): () => Promise<Batch> {
  const { trainer, dataset, seed = 1, batchAt = (step) => step - 1, looks } = options;
  const { batch: count, size } = trainer.config;
  const sampler = new Sampler(dataset.length, count, seed, looks, dataset.views, dataset.parts);
  const queue: Promise<Batch>[] = [];
  let next = from;
  return () => {
    while (queue.length <= PREFETCH && next < to) {
      const batch = assembleBatch(dataset, sampler.batch(batchAt(++next)), size);
      batch.catch(() => undefined); // Whoever awaits it hears of it; at the end nobody does.
      queue.push(batch);
    }
    return queue.shift()!;
  };
}

/** The steps that nobody was told of. */
class Flight {
  readonly #batch: number;
  readonly #steps: Promise<Omit<StepReport, 'settled'>>[] = [];
  readonly #start = performance.now();
  #pending = 0;
  #idleSince = this.#start;
  #idle = 0;
  #paused = 0;
  /** When the last loss arrived. */
  #last = this.#start;

  /** @param batch pictures a step */
  constructor(batch: number) {
    this.#batch = batch;
  }

  add(step: number, learningRate: number, loss: Promise<number>): void {
    if (this.#pending++ === 0) this.#idle += performance.now() - this.#idleSince;
    const report = loss.then((value) => this.#arrive(step, learningRate, value));
    report.catch(() => undefined); // `land` throws it.
    this.#steps.push(report);
  }

  /** Waits until at most `left` steps are in flight, and tells of the others. */
  async *land(left: number): AsyncGenerator<StepReport, void, void> {
    while (this.#steps.length > left) {
      const report = await this.#steps.shift()!;
      yield { ...report, settled: this.#steps.length === 0 };
    }
  }

  /** Waits until nothing is in flight, whatever becomes of it. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#steps);
  }

  /** Leaves the time since the last step out of all figures. */
  restartClock(): void {
    const now = performance.now();
    this.#paused += now - this.#last;
    this.#last = now;
    this.#idleSince = now;
  }

  #arrive(step: number, learningRate: number, loss: number): Omit<StepReport, 'settled'> {
    if (!Number.isFinite(loss)) throw new DivergedError(step, `${loss} as the loss, or in a weight`);
    const now = performance.now();
    const imagesPerSecond = (this.#batch * 1000) / (now - this.#last);
    this.#last = now;
    if (--this.#pending === 0) this.#idleSince = now;
    const time = now - this.#start - this.#paused;
    return { step, loss, learningRate, imagesPerSecond, idle: time > 0 ? this.#idle / time : 0 };
  }
}
