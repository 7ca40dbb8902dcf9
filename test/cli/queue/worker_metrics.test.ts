/** Metrics of a worker: what is counted, and who may ask for what. */
import { afterEach, expect, test } from 'vitest';
import type { Outcome } from '../../../src/cli/colorize/files.ts';
import { serveMetrics, WorkerMetrics } from '../../../src/cli/queue/worker_metrics.ts';
import { DeviceError, EnvironmentError, FormatError } from '../../../src/runtime/errors.ts';

const done = (result: 'colored' | 'kept'): Outcome => ({
  result,
  image: { width: 30, height: 20 },
  ms: 1,
  warnings: [],
});
const failed = (
  error: FormatError | EnvironmentError | DeviceError,
  result: 'failed' | 'unable' = 'failed',
): Outcome => ({
  result,
  error,
  stamp: undefined,
  seconds: 1,
});

let server: Awaited<ReturnType<typeof serveMetrics>> | undefined;
afterEach(() => server?.close());

test('photographs by what became of them, how long they took, and the process', () => {
  const metrics = new WorkerMetrics();
  metrics.photograph(done('colored'), 0.3);
  metrics.photograph(done('colored'), 70);
  metrics.photograph(done('kept'), 0.01);
  metrics.photograph(failed(new FormatError('damaged')), 1);
  metrics.photograph(failed(new EnvironmentError('no permission')), 1);
  metrics.photograph(failed(new DeviceError('no memory')), 1);
  metrics.photograph(failed(new DeviceError('none'), 'unable'), 1);
  metrics.jobs = 2;
  const text = metrics.text();
  const lines = text.split('\n');
  expect(lines.filter((line) => line.startsWith('koalarize_worker_') && !line.includes('bucket'))).toEqual([
    'koalarize_worker_photographs_total{result="colored"} 2',
    'koalarize_worker_photographs_total{result="kept"} 1',
    'koalarize_worker_photographs_total{result="failed"} 1',
    'koalarize_worker_photographs_total{result="refused"} 2',
    'koalarize_worker_pixels_total 1800',
    'koalarize_worker_seconds_sum 70.31',
    'koalarize_worker_seconds_count 3',
    'koalarize_worker_jobs 2',
  ]);
  for (const bucket of ['0.01"} 1', '0.25"} 1', '0.5"} 2', '60"} 2', '+Inf"} 3']) {
    expect(lines).toContain(`koalarize_worker_seconds_bucket{le="${bucket}`);
  }
  expect(text).toMatch(/\nprocess_resident_memory_bytes \d+\n/);
  // Each metric is told of once, before its samples.
  const told = [...text.matchAll(/^# TYPE (\S+) (counter|gauge|histogram)$/gm)].map(([, name]) => name!);
  expect(new Set(told).size).toBe(told.length);
  for (const line of lines.filter((each) => each && !each.startsWith('#'))) {
    expect(
      told.some((name) => line.startsWith(name)),
      line,
    ).toBe(true);
  }
});

test('GET /metrics and nothing else; an address that is taken is told', async () => {
  server = await serveMetrics(new WorkerMetrics(), 0, '127.0.0.1');
  const { address } = server;
  expect(address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
  const reply = await fetch(address);
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4']);
  expect(await reply.text()).toContain('\nkoalarize_worker_jobs 0\n');
  expect((await fetch(address.replace('/metrics', '/'))).status).toBe(404);
  const posted = await fetch(address, { method: 'POST', body: 'x' });
  expect([posted.status, posted.headers.get('allow'), await posted.text()]).toEqual([405, 'GET, HEAD', '']);
  const port = Number(new URL(address).port);
  await expect(serveMetrics(new WorkerMetrics(), port, '127.0.0.1')).rejects.toThrow(
    `127.0.0.1:${port}: expected a free address, got EADDRINUSE – choose another --metrics-port`,
  );
});
