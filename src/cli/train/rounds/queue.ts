/**
 * Queue of a run: each round is a flow of BullMQ, whose children are its shares and whose parent is the mean of them. So a share of
 * a process that dies is another's, and so is the mean.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { FlowJob, FlowProducer, Job, JobType, Queue, Worker } from 'bullmq';
import { Engine } from '../../queue/engine.ts';
import type { Round } from './files.ts';

/** A share of a round, or without one its mean. */
export interface RoundJobData extends Round {
  readonly share?: number;
}

export type RoundJob = Job<RoundJobData>;

/** How often a process may die of a job before that is given up. */
const MOST_DEATHS = 5;
/** How often a job is tried that ends with an error of no kind that is known here. */
const ATTEMPTS = 5;
/** A lock is renewed so often while it holds. */
const RENEWALS = 4;
/** Means that are kept when they are done: a process that wakes up late finds that its round is over. */
const KEPT = 10;
/** How often a server that is away is asked again. */
const AWAY_MS = 1000;
/** Jobs that are not done. */
const OPEN = ['waiting', 'paused', 'prioritized', 'active', 'delayed', 'failed', 'waiting-children'] as JobType[];

/** What a job's processor may throw. */
export interface Ends {
  /** The job is another's. */
  giveBack(): Promise<Error>;
  /** Nobody can do it. */
  giveUp(reason: string): Error;
}

export class RoundQueue {
  /** The server's address, without its password. */
  readonly server: string;
  readonly #name: string;
  readonly #engine: Engine;
  readonly #queue: Queue<RoundJobData>;
  readonly #flows: FlowProducer;
  #worker: Worker<RoundJobData> | undefined;

  private constructor(name: string, engine: Engine, queue: Queue<RoundJobData>, flows: FlowProducer) {
    this.server = engine.name;
    this.#name = name;
    this.#engine = engine;
    this.#queue = queue;
    this.#flows = flows;
  }

  /** Opens the queue of run `id`. @throws EnvironmentError for a package that is not installed, or a server that does not answer */
  static async open(url: string, id: string): Promise<RoundQueue> {
    const name = `koalarize-train-${id}`;
    const engine = await Engine.load(url);
    const queue = await engine.open<Queue<RoundJobData>>(
      ({ Queue }, server, backend) => new Queue<RoundJobData>(name, server, backend),
    );
    try {
      const flows = await engine.open(({ FlowProducer }, server, backend) => new FlowProducer(server, backend));
      return new RoundQueue(name, engine, queue, flows);
    } catch (error) {
      await queue.close().catch(() => undefined);
      throw error;
    }
  }

  /** Adds a round, of so many shares; one that is there already stays. Waits for a server that is away, until `stopping`. */
  async add(round: Round, shares: number, stopping: AbortSignal): Promise<void> {
    for (;;) {
      try {
        return await this.#add(round, shares);
      } catch (cause) {
        if (stopping.aborted) throw this.#engine.error(cause as Error);
        await wait(AWAY_MS, undefined, { signal: stopping }).catch(() => undefined);
      }
    }
  }

  async #add(round: Round, shares: number): Promise<void> {
    const mean = meanId(round);
    if ((await this.#queue.getJobState(mean)) !== 'unknown') return;
    const job = (id: string, data: RoundJobData, kept: number | boolean): FlowJob => ({
      name: data.share === undefined ? 'mean' : 'share',
      queueName: this.#name,
      data,
      opts: {
        jobId: id,
        // BullMQ calls a job failed whose end it could not tell a server that is starting: then it is there, and done again at once.
        attempts: ATTEMPTS,
        removeOnComplete: typeof kept === 'number' ? { count: kept } : kept,
        removeOnFail: false,
      },
    });
    const children = Array.from({ length: shares }, (_, share) =>
      job(`${mean}-share-${share}`, { ...round, share }, true),
    );
    await this.#flows.add({ ...job(mean, round, KEPT), children });
  }

  /** Whether shares of a round are wanted still. */
  async isWanted(round: Round): Promise<boolean> {
    return (await this.#queue.getJobState(meanId(round))) === 'waiting-children';
  }

  /** Whether the queue has this round, nothing else, and nothing that was given up. */
  async hasOnly(round: Round): Promise<boolean> {
    const jobs = await this.#queue.getJobs(OPEN);
    const isOfIt = ({ data, failedReason }: RoundJob) => !failedReason && meanId(data) === meanId(round);
    return jobs.length > 0 && jobs.every((job) => job && isOfIt(job));
  }

  /** Why a job was given up; undefined where none was. */
  async failure(): Promise<string | undefined> {
    const [job] = await this.#queue.getJobs(['failed'], 0, 0);
    return job && (job.failedReason || 'no reason');
  }

  /** Whether there is nothing to do, for anybody. */
  async isEmpty(): Promise<boolean> {
    const counts = await this.#queue.getJobCounts(...OPEN);
    return Object.values(counts).every((count) => count === 0);
  }

  /** Removes all jobs. */
  async clear(): Promise<void> {
    await this.#queue.obliterate({ force: true });
  }

  /**
   * Takes jobs, one at a time, until `close`.
   *
   * @param lock seconds without a sign of life after which a job is another's
   * @param failed hears of a queue that cannot be asked any more
   */
  async work(
    lock: number,
    process: (job: RoundJob, ends: Ends) => Promise<void>,
    failed: (error: Error) => void,
  ): Promise<void> {
    const ms = lock * 1000;
    const options = {
      autorun: false,
      concurrency: 1,
      lockDuration: ms,
      lockRenewTime: ms / RENEWALS,
      stalledInterval: Math.min(ms, 30_000),
      maxStalledCount: MOST_DEATHS,
    };
    this.#worker = await this.#engine.open<Worker<RoundJobData>>(({ Worker, UnrecoverableError }, server, backend) => {
      const run = (job: RoundJob, token = '') =>
        process(job, {
          giveBack: () => this.#engine.giveBack(job, token),
          giveUp: (reason) => new UnrecoverableError(reason),
        });
      return new Worker<RoundJobData>(this.#name, run, { ...server, ...options }, backend);
    });
    this.#worker.run().catch(failed);
  }

  /** Takes no more jobs, and waits for the one in hand. */
  async stopWork(): Promise<void> {
    await this.#worker?.close();
  }

  async close(): Promise<void> {
    await this.stopWork();
    await this.#flows.close();
    await this.#queue.close();
  }
}

/** Of a round. What else was begun from that step with another checkpoint, or to another end, is another one. */
function meanId({ from, to, start }: Round): string {
  return `round-${from}-${to}-${start.slice(0, 16)}`;
}
