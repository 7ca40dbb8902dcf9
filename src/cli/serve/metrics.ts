/** Metrics of the service. */
import { Counts, Histogram, metric, processMetrics, type Sample } from '../shared/prometheus.ts';

/** What is told of the moment. */
export interface Gauges {
  readonly ready: boolean;
  readonly waiting: number;
  readonly running: number;
  readonly heldBytes: number;
  readonly connections: number;
}

export class Metrics {
  readonly #requests = new Counts();
  readonly #seconds = new Histogram();
  #pixels = 0;

  /** Counts a request of `/colorize`. @param outcome the answer's status, or `hung_up` */
  request(outcome: string): void {
    this.#requests.add(outcome);
  }

  /** Counts a picture that was answered, `seconds` after its request came. */
  picture(pixels: number, seconds: number): void {
    this.#pixels += pixels;
    this.#seconds.add(seconds);
  }

  /** All of them as text. */
  text({ ready, waiting, running, heldBytes, connections }: Gauges): string {
    const one = (value: number): Sample[] => [['', value]];
    return [
      metric(
        'koalarize_requests_total',
        'counter',
        'Requests to color, by status, or hung_up.',
        this.#requests.samples('outcome'),
      ),
      metric('koalarize_pixels_total', 'counter', 'Pixels of the pictures that were answered.', one(this.#pixels)),
      metric('koalarize_seconds', 'histogram', 'From request to answer, of pictures.', this.#seconds.samples()),
      metric('koalarize_ready', 'gauge', 'Whether pictures are taken.', one(Number(ready))),
      metric('koalarize_waiting', 'gauge', 'Pictures in the queue.', one(waiting)),
      metric('koalarize_running', 'gauge', 'Pictures being colored.', one(running)),
      metric('koalarize_held_bytes', 'gauge', 'Bytes of bodies in memory.', one(heldBytes)),
      metric('koalarize_connections', 'gauge', 'Open connections.', one(connections)),
      processMetrics(),
    ].join('');
  }
}
