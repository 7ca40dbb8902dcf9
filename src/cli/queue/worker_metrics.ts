/** Metrics of a worker, and the HTTP server that tells them to Prometheus. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EnvironmentError, FormatError, ShapeError } from '../../runtime/errors.ts';
import type { Outcome } from '../colorize/files.ts';
import { Counts, Histogram, METRICS_TYPE, metric, processMetrics } from '../shared/prometheus.ts';

/** Connections at a time. */
const MOST_CONNECTIONS = 16;

export class WorkerMetrics {
  readonly #photographs = new Counts();
  readonly #seconds = new Histogram();
  #pixels = 0;
  /** Jobs in hand. */
  jobs = 0;

  /** Counts a photograph that was tried. */
  photograph(outcome: Outcome, seconds: number): void {
    if (outcome.result === 'unable') return;
    const isRefused = 'error' in outcome && !isOfPicture(outcome.error);
    this.#photographs.add(isRefused ? 'refused' : outcome.result);
    if (!('image' in outcome)) return;
    this.#pixels += outcome.image.width * outcome.image.height;
    this.#seconds.add(seconds);
  }

  /** All of them as text. */
  text(): string {
    const name = (end: string) => `koalarize_worker_${end}`;
    const results = this.#photographs.samples('result');
    return [
      metric(name('photographs_total'), 'counter', 'Photographs by result; refused ones are tried again.', results),
      metric(name('pixels_total'), 'counter', 'Pixels of the photographs that were written.', [['', this.#pixels]]),
      metric(name('seconds'), 'histogram', 'From reading to writing, of photographs.', this.#seconds.samples()),
      metric(name('jobs'), 'gauge', 'Jobs in hand.', [['', this.jobs]]),
      processMetrics(),
    ].join('');
  }
}

/** Whether an error is the photograph's own: anybody would get it again. */
export function isOfPicture(error: Error): boolean {
  return error instanceof FormatError || error instanceof ShapeError;
}

/**
 * Serves `GET /metrics`, and nothing else.
 *
 * @param port 0 for any that is free
 * @returns its address, and what ends it
 * @throws EnvironmentError for an address that is taken
 */
export async function serveMetrics(
  metrics: WorkerMetrics,
  port: number,
  host: string,
): Promise<{ readonly address: string; close(): void }> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const status = request.url?.split('?')[0] !== '/metrics' ? 404 : isRead ? 200 : 405;
    const headers = { 'content-type': METRICS_TYPE, ...(status === 405 && { allow: 'GET, HEAD' }) };
    response.writeHead(status, headers).end(status === 200 ? metrics.text() : '');
    request.resume();
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const got = `${(cause as NodeJS.ErrnoException).code}`;
    const hint = 'choose another --metrics-port or --metrics-host';
    throw new EnvironmentError({ where: `${host}:${port}`, expected: 'a free address', got, hint }, { cause });
  }
  // It holds no process that has nothing else to do.
  server.unref();
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  const { port: at } = server.address() as AddressInfo;
  return { address: `http://${host.includes(':') ? `[${host}]` : host}:${at}/metrics`, close };
}
