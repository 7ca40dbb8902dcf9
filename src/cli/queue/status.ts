/** `koalarize status --queue URL`: what a queue has, how fast it is worked on, and what was given up. */
import { runOptionsCommand } from '../shared/command.ts';
import { print, printJson, UsageError } from '../shared/messages.ts';
import { flag, type ValuesOf } from '../shared/options.ts';
import { duration } from '../train/progress.ts';
import { Engine, queueUrl } from './engine.ts';
import { look, metricsOf, type Snapshot } from './snapshot.ts';

const HELP = `Tells what a queue has: jobs that are waiting, in hand, to be tried again, and given up; photographs a second, and the
time left. 'koalarize verify OUT' tells of the photographs themselves.

  koalarize status --queue URL [options]

  --queue URL          where the queue is: redis://[:PASSWORD@]HOST:PORT or postgres://USER[:PASSWORD]@HOST/DATABASE
  --retry              try again the jobs that were given up
  --pause              let workers finish the jobs in hand, and begin no others
  --resume             let them go on
  --json               all of it as JSON
  --metrics            as Prometheus reads it

The queue is one of BullMQ named koalarize: bull-board and other programs for BullMQ show it too.

Examples
  koalarize status --queue redis://10.0.0.5:6379
  koalarize status --queue redis://10.0.0.5:6379 --retry

Exit code: 0 nothing was given up, 1 some jobs were, or the queue cannot be asked, 2 wrong usage.
`;

const OPTIONS = {
  queue: queueUrl,
  retry: flag(),
  pause: flag(),
  resume: flag(),
  json: flag(),
  metrics: flag(),
} as const;

/** Runs the command. @returns the exit code */
export function statusCommand(argv: string[]): Promise<number> {
  return runOptionsCommand({ name: 'status', help: HELP, options: OPTIONS, run }, argv);
}

async function run({ queue: url, retry, pause, resume, json, metrics }: ValuesOf<typeof OPTIONS>): Promise<number> {
  if (!url) throw new UsageError({ expected: '--queue URL', got: 'none' });
  if (pause && resume) throw new UsageError({ where: '--pause and --resume', expected: 'one of them', got: 'both' });
  if (json && metrics) throw new UsageError({ where: '--json and --metrics', expected: 'one of them', got: 'both' });
  const engine = await Engine.load(url);
  const queue = await engine.queue();
  try {
    if (retry) await queue.retryJobs({ state: 'failed' });
    if (pause) await queue.pause();
    if (resume) await queue.resume();
    const snapshot = await look(queue);
    if (json) printJson(snapshot, 2);
    else print(metrics ? metricsOf(snapshot) : textOf(engine.name, snapshot));
    return snapshot.jobs.failed ? 1 : 0;
  } finally {
    await queue.close();
  }
}

function textOf(name: string, { paused, workers, jobs, left, done, rate, secondsLeft, givenUp }: Snapshot): string {
  const rows: [string, string][] = [
    ['queue', `${name}${paused ? ', paused' : ''}`],
    ['workers', `${workers}`],
    [
      'jobs',
      `${jobs.waiting} waiting, ${jobs.active} active, ${jobs.delayed} to be tried again, ${jobs.failed} given up`,
    ],
    ['left', `${left} photographs${secondsLeft ? `, ${duration(secondsLeft)}` : ''}`],
    ['rate', rate ? `${rate.toFixed(rate < 10 ? 2 : 0)} photographs/s` : 'none in the last ten minutes'],
    ['done', `${done.colored} colored, ${done.kept} kept, ${done.failed} failed in the last ${done.jobs} jobs`],
    ...givenUp.map(({ id, output, photographs, attempts, reason }): [string, string] => [
      'given up',
      `${id}: ${photographs} photographs for ${output} after ${attempts} attempts – ${reason}`,
    ]),
  ];
  return rows.map(([label, text]) => `${label.padEnd(10)}${text}\n`).join('');
}
