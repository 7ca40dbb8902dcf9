/** What a queue has, how fast it is worked on, and when it will be empty. */
import { metric, type Sample } from '../shared/prometheus.ts';
import { type ColorQueue, countJobs, type JobCounts, type StateCounts, stateOf } from './engine.ts';
import { KEPT_DONE } from './enqueue.ts';

/** The rate is that of so many seconds. */
const RATE_S = 600;
/** Waiting jobs whose photographs are counted; of the others there are as many on average. */
const SAMPLE = 100;
/** Jobs that were given up and are told one by one. */
const MOST_FAILED = 1000;

/** A job that was given up after all attempts. */
export interface GivenUp {
  readonly id: string;
  readonly output: string;
  /** Photographs that are left of it. */
  readonly photographs: number;
  readonly attempts: number;
  readonly reason: string;
}

export interface Snapshot {
  readonly paused: boolean;
  readonly workers: number;
  readonly jobs: StateCounts;
  /** Photographs that are left: about, where `waiting` jobs are many. */
  readonly left: number;
  /** What became of the photographs of the jobs that were done last, at most 1000. */
  readonly done: JobCounts & { readonly jobs: number };
  /** Photographs a second in the last ten minutes; 0 where no job was done. */
  readonly rate: number;
  /** Until nothing is left, at that rate. */
  readonly secondsLeft?: number;
  readonly givenUp: readonly GivenUp[];
}

/** Looks at a queue. */
export async function look(queue: ColorQueue, now = Date.now()): Promise<Snapshot> {
  const jobs = await countJobs(queue);
  const unfinished = await queue.getJobs(['waiting', 'active', 'delayed'], 0, SAMPLE - 1);
  const lengths = unfinished
    .filter(Boolean)
    .map(({ data, progress }) => (stateOf(progress)?.left ?? data.lines).length);
  const sampled = lengths.reduce((sum, length) => sum + length, 0);
  const all = jobs.waiting + jobs.active + jobs.delayed;
  const left = lengths.length < all && lengths.length ? Math.round((sampled / lengths.length) * all) : sampled;
  const completed = (await queue.getCompleted(0, KEPT_DONE - 1)).filter((job) => job?.returnvalue);
  const done = { jobs: completed.length, colored: 0, kept: 0, failed: 0 };
  let [photographs, first] = [0, now];
  for (const { returnvalue: counts, processedOn = now, finishedOn = now } of completed) {
    done.colored += counts.colored;
    done.kept += counts.kept;
    done.failed += counts.failed;
    if (finishedOn < now - RATE_S * 1000) continue;
    photographs += counts.colored + counts.kept + counts.failed;
    first = Math.min(first, processedOn);
  }
  const rate = photographs ? photographs / Math.max((now - first) / 1000, 0.001) : 0;
  const givenUp = (await queue.getFailed(0, MOST_FAILED - 1)).filter(Boolean).map((job) => ({
    id: job.id!,
    output: job.data.output,
    photographs: (stateOf(job.progress)?.left ?? job.data.lines).length,
    attempts: job.attemptsMade,
    reason: job.failedReason,
  }));
  return {
    paused: await queue.isPaused(),
    workers: await queue.getWorkersCount(),
    jobs,
    left,
    done,
    rate,
    ...(left === 0 ? { secondsLeft: 0 } : rate && { secondsLeft: Math.round(left / rate) }),
    givenUp,
  };
}

/** As Prometheus reads it. */
export function metricsOf({ paused, workers, jobs, left, rate, secondsLeft }: Snapshot): string {
  const gauge = (name: string, help: string, value: number | Sample[]) =>
    metric(`koalarize_queue_${name}`, 'gauge', help, typeof value === 'number' ? [['', value]] : value);
  const states = Object.entries(jobs).map(([state, count]): Sample => [`{state="${state}"}`, count]);
  return [
    gauge('jobs', 'Jobs by state.', states),
    gauge('photographs_left', 'Photographs that are waiting, in hand, or to be tried again.', left),
    gauge('photographs_per_second', 'Photographs a second in the last ten minutes.', rate),
    ...(secondsLeft === undefined ? [] : [gauge('seconds_left', 'Seconds until nothing is left.', secondsLeft)]),
    gauge('workers', 'Workers that are connected.', workers),
    gauge('paused', 'Whether the queue is paused.', paused ? 1 : 0),
  ].join('');
}
