/** Metrics in Prometheus' text format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/. */

/** What `Content-Type` says of them. */
export const METRICS_TYPE = 'text/plain; version=0.0.4';

/** Upper ends of the buckets of how long something takes, in seconds. */
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** A value, and what its name ends in: nothing, labels, or `_sum`. */
export type Sample = readonly [suffix: string, value: number];

/** One metric as text. @param name all of it: `koalarize_pixels_total` */
export function metric(
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  help: string,
  samples: readonly Sample[],
): string {
  const lines = samples.map(([suffix, value]) => `${name}${suffix} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

/** Counts by a label's value. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(value: string): void {
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1);
  }

  samples(label: string): Sample[] {
    return [...this.#counts].map(([value, count]) => [`{${label}="${value}"}`, count]);
  }
}

/** Histogram of seconds. */
export class Histogram {
  readonly #buckets = BUCKETS.map(() => 0);
  #count = 0;
  #seconds = 0;

  add(seconds: number): void {
    this.#count++;
    this.#seconds += seconds;
    for (const [i, end] of BUCKETS.entries()) if (seconds <= end) this.#buckets[i]!++;
  }

  samples(): Sample[] {
    return [
      ...BUCKETS.map((end, i): Sample => [`_bucket{le="${end}"}`, this.#buckets[i]!]),
      ['_bucket{le="+Inf"}', this.#count],
      ['_sum', this.#seconds],
      ['_count', this.#count],
    ];
  }
}

/** Metrics of this process, by the names that Prometheus' own clients give them. */
export function processMetrics(): string {
  const cpu = process.cpuUsage();
  return [
    metric('process_resident_memory_bytes', 'gauge', 'Memory.', [['', process.memoryUsage.rss()]]),
    metric('process_cpu_seconds_total', 'counter', 'CPU time.', [['', (cpu.user + cpu.system) / 1e6]]),
    metric('process_uptime_seconds', 'gauge', 'Time since the start.', [['', process.uptime()]]),
  ].join('');
}
