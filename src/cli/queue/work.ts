/** `koalarize work --queue URL`: colors what a queue has, job after job, on one device. */
import { setTimeout as wait } from 'node:timers/promises';
import { Colorizer, type ColorizerOptions } from '../../model/colorizer.ts';
import type { Painter } from '../colorize/files.ts';
import { DEVICE_OPTIONS, loadOptions } from '../colorize/options.ts';
import { runOptionsCommand } from '../shared/command.ts';
import { reasonOf, sayFailed, sayLine, UsageError } from '../shared/messages.ts';
import { flag, integer, text, type ValuesOf } from '../shared/options.ts';
import { onStopSignal } from '../shared/signals.ts';
import { type ColorJob, countJobs, Engine, queueUrl } from './engine.ts';
import { JobRunner } from './run_job.ts';
import { serveMetrics } from './worker_metrics.ts';

const HELP = `Colors the photographs that a queue has, until it is stopped. One process for each device, on as many machines as there are.

  koalarize work --queue URL [options]

Each job is some photographs of a manifest, as 'koalarize enqueue' has written it: outputs and the ledger are in the folder
that was named there. A photograph that cannot be colored is a line of the ledger; what the device or the disk refuses is
tried again later, 'koalarize status' tells of what was given up. The first SIGTERM or SIGINT lets the photograph in hand be
finished, and gives the rest of the job back; the second ends it at once. So does any crash: then another worker goes on
with the job. Needs the package bullmq, and ioredis or pg: npm install bullmq ioredis; for buckets @aws-sdk/client-s3

  --queue URL          where the queue is: redis://[:PASSWORD@]HOST:PORT or postgres://USER[:PASSWORD]@HOST/DATABASE
  --concurrency N      jobs at a time: while one photograph is on the device, others are read and written     [1]
  --lock SECONDS       after so long without a sign of life a worker's job is given to another: longer than the slowest
                       photograph takes     [300]
  --metrics-port N     tell Prometheus of this worker at http://127.0.0.1:N/metrics; 0 for any port that is free
  --metrics-host H     the address to tell it at: whoever reaches it sees counts, nothing else     [127.0.0.1]
  --until-empty        end when nothing is left in the queue: waiting, with others, or to be tried again
  --adapter A          auto, hardware, software, bundled, or part of a device's name     [auto]
  --tune               measure which algorithms are the fastest on this device, for each size of picture
  --verbose            print dispatches and memory plan of each network that is compiled

Examples
  koalarize work --queue redis://10.0.0.5:6379 --concurrency 2
  koalarize work --queue postgres://jobs@db/koalarize --until-empty

Exit code: 0 stopped, or nothing is left; 1 it cannot work here (no server, device, manifest or weights); 2 wrong usage.
`;

const OPTIONS = {
  queue: queueUrl,
  concurrency: integer(1, 64),
  lock: integer(1, 86_400),
  'metrics-port': integer(0, 65535),
  'metrics-host': text(),
  'until-empty': flag(),
  ...DEVICE_OPTIONS,
} as const;

type Values = ValuesOf<typeof OPTIONS>;

const DEFAULT_LOCK_S = 300;
/** A lock is renewed so often while it holds. */
const RENEWALS = 4;
/** How often a process may die of a job before that is given up: so it is not for what kills all. */
const MOST_DEATHS = 5;
/** How often it is looked whether the queue is empty. */
const EMPTY_MS = 1000;

/** Runs the command. @param open opens what colors. @returns the exit code */
export function workCommand(
  argv: string[],
  open: (options: ColorizerOptions) => Promise<Painter> = openColorizer,
): Promise<number> {
  const run = async (values: Values) => {
    if (!values.queue) throw new UsageError({ expected: '--queue URL', got: 'none' });
    return work(await Engine.load(values.queue), values, open);
  };
  return runOptionsCommand({ name: 'work', help: HELP, options: OPTIONS, run }, argv);
}

async function work(engine: Engine, values: Values, open: (options: ColorizerOptions) => Promise<Painter>) {
  const { lock = DEFAULT_LOCK_S } = values;
  const device = loadOptions(values);
  const runner = new JobRunner((options) => open({ ...options, ...device }));
  let code = 0;
  const { 'metrics-port': port, 'metrics-host': host = '127.0.0.1' } = values;
  const server = port === undefined ? undefined : await serveMetrics(runner.metrics, port, host);
  if (server) sayLine(`metrics: ${server.address}`);
  const queue = await engine.queue();
  const worker = await engine.worker(
    async (job: ColorJob, token = '') => {
      const end = await runner.run(job);
      if (end.kind === 'done') return end.counts;
      if (end.kind === 'unable') {
        // It is this machine that cannot: others may.
        sayFailed(`failed: ${reasonOf(end.error)}`, end.error);
        code = 1;
        runner.stop();
      }
      throw await engine.giveBack(job, token);
    },
    {
      autorun: false,
      concurrency: values.concurrency ?? 1,
      lockDuration: lock * 1000,
      lockRenewTime: (lock * 1000) / RENEWALS,
      stalledInterval: Math.min(lock * 1000, 30_000),
      maxStalledCount: MOST_DEATHS,
    },
  );
  worker.on('lockRenewalFailed', (ids) => {
    for (const id of ids) runner.lose(id);
  });
  worker.on('completed', ({ id }, { colored, kept, failed }) => {
    sayLine(`${id}: ${colored + kept} colored${failed ? `, ${failed} failed` : ''}`);
  });
  worker.on('failed', (job, error) => sayLine(`${job?.id}: ${reasonOf(error)}`));
  const release = onStopSignal(() => {
    sayLine('stopping: finishes the photograph in hand, and gives the rest back; once more ends it at once');
    runner.stop();
  });
  try {
    const running = worker.run().finally(() => runner.stop());
    // Said below, when the jobs in hand have ended.
    running.catch(() => undefined);
    const isEmpty = async () => {
      const { waiting, active, delayed } = await countJobs(queue);
      return waiting + active + delayed === 0;
    };
    const { stopping } = runner;
    while (!stopping.aborted) {
      await wait(EMPTY_MS, undefined, { signal: stopping }).catch(() => undefined);
      if (values['until-empty'] && (await isEmpty().catch(() => false))) runner.stop();
    }
    await worker.close();
    await running;
  } finally {
    release();
    server?.close();
    await runner.close();
    await queue.close();
  }
  return code;
}

async function openColorizer(options: ColorizerOptions): Promise<Painter> {
  const colorizer = await Colorizer.load(options);
  sayLine(`device: ${colorizer.gpu.name} (${colorizer.gpu.source})`);
  return colorizer;
}
