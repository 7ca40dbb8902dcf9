/** Metrics in Prometheus' text format, version 0.0.4. */

/** Upper ends of the latency's buckets, in seconds. */
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What is told of the moment. */
export interface Gauges {
  readonly ready: boolean;
  readonly waiting: number;
  readonly running: number;
  readonly heldBytes: number;
  readonly connections: number;
}

export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #buckets = BUCKETS.map(() => 0);
  #count = 0;
  #seconds = 0;
  #pixels = 0;

  /** Counts a request of `/colorize`. @param outcome the answer's status, or `hung_up` */
  request(outcome: string): void {
    this.#requests.set(outcome, (this.#requests.get(outcome) ?? 0) + 1);
  }

  /** Counts a picture that was answered, `seconds` after its request came. */
  picture(pixels: number, seconds: number): void {
    this.#pixels += pixels;
    this.#count++;
    this.#seconds += seconds;
    for (const [i, end] of BUCKETS.entries()) if (seconds <= end) this.#buckets[i]!++;
  }

  text({ ready, waiting, running, heldBytes, connections }: Gauges): string {
    const cpu = process.cpuUsage();
    const histogram = [...BUCKETS.map((end, i) => [`${end}`, this.#buckets[i]!] as const), ['+Inf', this.#count]];
    return [
      metric('requests_total', 'counter', 'Requests to color, by status, or hung_up.', [
        ...[...this.#requests].map(([outcome, count]) => [`{outcome="${outcome}"}`, count] as const),
      ]),
      metric('pixels_total', 'counter', 'Pixels of the pictures that were answered.', [['', this.#pixels]]),
      metric('seconds', 'histogram', 'From request to answer, of pictures.', [
        ...histogram.map(([end, count]) => [`_bucket{le="${end}"}`, Number(count)] as const),
        ['_sum', this.#seconds],
        ['_count', this.#count],
      ]),
      metric('ready', 'gauge', 'Whether pictures are taken.', [['', Number(ready)]]),
      metric('waiting', 'gauge', 'Pictures in the queue.', [['', waiting]]),
      metric('running', 'gauge', 'Pictures being colored.', [['', running]]),
      metric('held_bytes', 'gauge', 'Bytes of bodies in memory.', [['', heldBytes]]),
      metric('connections', 'gauge', 'Open connections.', [['', connections]]),
      metric('process_resident_memory_bytes', 'gauge', 'Memory.', [['', process.memoryUsage.rss()]], ''),
      metric('process_cpu_seconds_total', 'counter', 'CPU time.', [['', (cpu.user + cpu.system) / 1e6]], ''),
      metric('process_uptime_seconds', 'gauge', 'Time since the start.', [['', process.uptime()]], ''),
    ].join('');
  }
}

function metric(
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  help: string,
  samples: readonly (readonly [suffix: string, value: number])[],
  prefix = 'koalarize_',
): string {
  const full = prefix + name;
  const lines = samples.map(([suffix, value]) => `${full}${suffix} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`;
}
