/** Queue engine: BullMQ on Redis or PostgreSQL. It and the server's client are optional packages, loaded when a queue is opened. */
import type { EventEmitter } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { ConnectionOptions, Job, JobProgress, JobType, Processor, Queue, Worker, WorkerOptions } from 'bullmq';
import { EnvironmentError } from '../../runtime/errors.ts';
import { oneLine } from '../../runtime/file_errors.ts';
import { sayLine } from '../shared/messages.ts';
import { parsed } from '../shared/options.ts';

/** The queue's name, as bull-board and other programs for BullMQ ask for it. */
export const QUEUE_NAME = 'koalarize';
/** A server that does not answer so long is not there. */
const READY_MS = 10_000;
/** One that is being started is asked again after so long. */
const AGAIN_MS = 200;

/** Some photographs of a manifest: a block of its lines. */
export interface JobData {
  /** The folder that is written into, absolute, or the bucket, with the manifest in it. */
  readonly output: string;
  /** The manifest's identity. */
  readonly manifest: string;
  /** Where the block begins in the manifest's file, and how long it is, in bytes. */
  readonly at: number;
  readonly bytes: number;
  /** Lines of the block that are wanted, from 0. */
  readonly lines: readonly number[];
}

/** Photographs of a job by what became of them. */
export interface JobCounts {
  readonly colored: number;
  readonly kept: number;
  /** That cannot be colored, whoever tries. */
  readonly failed: number;
}

/** What is known of a job that was begun. */
export interface JobState extends JobCounts {
  /** Lines that are left. */
  readonly left: readonly number[];
}

export type ColorQueue = Queue<JobData, JobCounts>;
export type ColorJob = Job<JobData, JobCounts>;
export type ColorWorker = Worker<JobData, JobCounts>;

/** What a queue and a worker have in common. */
interface Opened {
  on(event: 'error', listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

/** The option `--queue URL`. */
export const queueUrl = parsed('redis://HOST:PORT or postgres://USER@HOST/DATABASE', (given) =>
  /^(rediss?|postgres(ql)?):\/\/./.test(given) && URL.canParse(given) ? given : undefined,
);

/** A server that a queue is on. */
export class Engine {
  /** The address, without its password. */
  readonly name: string;
  readonly #bull: typeof import('bullmq');
  readonly #url: string;
  /** What was said last of the connection. */
  #trouble: Error | undefined;

  /** What connects to PostgreSQL. */
  readonly #Client: unknown;

  private constructor(url: string, bull: typeof import('bullmq'), Client: unknown) {
    this.#url = url;
    this.#bull = bull;
    this.#Client = Client;
    const shown = new URL(url);
    if (shown.password) shown.password = '***';
    this.name = shown.href;
  }

  /** Loads the packages. @throws EnvironmentError for one that is not installed */
  static async load(url: string): Promise<Engine> {
    const client = isPostgres(url) ? 'pg' : 'ioredis';
    const loaded = await load('bullmq', client, () => import('bullmq'));
    const driver = await load(client, client, () => import(client));
    return new Engine(url, loaded, isPostgres(url) ? heardClient(driver.default.Client) : undefined);
  }

  /** Opens the queue. @throws EnvironmentError for a server that does not answer */
  queue(): Promise<ColorQueue> {
    return this.open<ColorQueue>(({ Queue }, server, backend) => new Queue(QUEUE_NAME, server, backend));
  }

  /** Starts to work. @throws EnvironmentError for a server that does not answer */
  worker(processor: Processor<JobData, JobCounts>, options: Omit<WorkerOptions, 'connection'>): Promise<ColorWorker> {
    return this.open<ColorWorker>(
      ({ Worker }, server, backend) => new Worker(QUEUE_NAME, processor, { ...options, ...server }, backend),
    );
  }

  /** Opens what is made of the package; again, while the server is being started. @throws EnvironmentError for one that does not answer */
  async open<T extends Opened>(
    make: (bull: typeof import('bullmq'), server: { readonly connection: ConnectionOptions }, backend: undefined) => T,
  ): Promise<T> {
    const late = performance.now() + READY_MS;
    for (;;) {
      const made = make(this.#bull, { connection: this.#connection() }, this.#backend());
      try {
        await this.#ready(made, late - performance.now());
        return made;
      } catch (cause) {
        made.close().catch(() => undefined);
        // Redis' client waits by itself.
        const isOver = !this.#Client || isRefusal(cause as Error) || performance.now() > late;
        if (isOver) throw this.error(cause as Error);
        this.#say(cause as Error);
      }
      await wait(AGAIN_MS);
    }
  }

  /** Gives a job back that is not finished. @returns what its processor must throw then */
  async giveBack(job: Pick<Job, 'moveToWait'>, token: string): Promise<Error> {
    await job.moveToWait(token);
    return new this.#bull.WaitingError();
  }

  #connection(): ConnectionOptions {
    // Migration: the tables are made by whoever is the first.
    if (!this.#Client) return { url: this.#url };
    return { connectionString: this.#url, migrate: true, Client: this.#Client } as ConnectionOptions;
  }

  #backend() {
    // Typed as Redis' own, which it stands for.
    return this.#Client ? (this.#bull.createPostgresBackend as unknown as undefined) : undefined;
  }

  async #ready(opened: Opened, ms: number): Promise<void> {
    // Connections come back by themselves; without a listener the process would end.
    opened.on('error', (error: Error) => this.#say(error));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, fail) => {
      timer = setTimeout(() => fail(this.#trouble ?? new Error('no answer')), ms);
    });
    await Promise.race([opened.waitUntilReady(), late]).finally(() => clearTimeout(timer));
  }

  /** Says what the connection complains of, once. */
  #say(error: Error): void {
    const isNew = error.message !== this.#trouble?.message;
    this.#trouble = error;
    if (isNew) sayLine(`${this.name}: ${oneLine(error) || error.name}`);
  }

  /** What a failed request to the server means. */
  error(cause: Error): EnvironmentError {
    const got = `'${oneLine(cause) || (cause as NodeJS.ErrnoException).code || cause.name}'`;
    const hint = 'is the server there, and the address right?';
    return new EnvironmentError({ where: this.name, expected: 'a queue', got, hint }, { cause });
  }
}

/**
 * Whether PostgreSQL itself says no, and not because it is being started or stopped: classes 08 and 57P
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html). All else is its client's word of a connection that was cut,
 * or is not to be had yet.
 */
function isRefusal(error: NodeJS.ErrnoException): boolean {
  return 'severity' in error && !/^(08|57P)/.test(error.code ?? '');
}

/**
 * PostgreSQL's client, whose lost connections are heard: while the tables are made nobody else listens, and the process would
 * end. Whoever waits for an answer is told besides.
 */
function heardClient(Client: new (...options: unknown[]) => EventEmitter): typeof Client {
  return class extends Client {
    constructor(...options: unknown[]) {
      super(...options);
      this.on('error', () => undefined);
    }
  };
}

function isPostgres(url: string): boolean {
  return url.startsWith('postgres');
}

/** Jobs by state. */
export interface StateCounts {
  readonly waiting: number;
  readonly active: number;
  /** To be tried again later. */
  readonly delayed: number;
  /** Given up. */
  readonly failed: number;
}

/** Counts the jobs of a queue. */
export async function countJobs(queue: ColorQueue): Promise<StateCounts> {
  // On PostgreSQL, jobs that wait are called paused while the queue is.
  const states = ['waiting', 'paused', 'prioritized', 'active', 'delayed', 'failed'] as JobType[];
  const counts = await queue.getJobCounts(...states);
  const { waiting = 0, paused = 0, prioritized = 0, active = 0, delayed = 0, failed = 0 } = counts;
  return { waiting: waiting + paused + prioritized, active, delayed, failed };
}

/** The state of a job that BullMQ tells; undefined where it was never begun. */
export function stateOf(progress: JobProgress): JobState | undefined {
  return typeof progress === 'object' && 'left' in progress ? (progress as unknown as JobState) : undefined;
}

async function load<T>(name: string, client: string, importing: () => Promise<T>): Promise<T> {
  try {
    return await importing();
  } catch (cause) {
    const hint = `npm install bullmq ${client} (npm install -g where koalarize was installed so)`;
    throw new EnvironmentError({ where: '--queue', expected: `the package ${name}`, got: 'none', hint }, { cause });
  }
}
