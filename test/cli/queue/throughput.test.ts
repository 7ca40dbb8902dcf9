/**
 * Throughput of a queue whose network costs no time, with one, two and four workers, and what of the CPU time is the queue's own: the
 * same jobs are done without one too. KOALARIZE_THROUGHPUT_PHOTOGRAPHS says of how many photographs (default 600).
 */
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readLedger } from '../../../src/cli/ledger/file.ts';
import { type ColorQueue, Engine } from '../../../src/cli/queue/engine.ts';
import { enqueueCommand } from '../../../src/cli/queue/enqueue.ts';
import { FolderStore } from '../../../src/cli/storage/folder.ts';
import { type QueueServer, queueServers } from '../../support/queue_servers.ts';
import { captured, temporaryFolder } from '../../support/run.ts';
import { archiveOf } from './archive.ts';
import type { StubFigures } from './stub.ts';
import { startStub } from './stub_program.ts';

const PHOTOGRAPHS = Number(process.env.KOALARIZE_THROUGHPUT_PHOTOGRAPHS ?? 600);
/** The queue's own CPU time, in ms a photograph, must be below this. */
const MOST_MS = 2;
const MINUTES = 60_000;

let photos: string;
let weights: string;
let program: string;
beforeAll(async () => {
  ({ photos, weights, program } = await archiveOf(PHOTOGRAPHS));
}, MINUTES);

describe.each(queueServers())('$name', ({ name, start, missing }) => {
  if (!start) {
    test.skip(`left out, as there is no ${name}: expected ${missing}`, () => undefined);
    return;
  }
  let server: QueueServer;
  let queue: ColorQueue;

  /** Does all with so many workers; with none, in one process without the queue. */
  async function measured(workers: number) {
    const out = join(await temporaryFolder(), 'out');
    const at = ['--queue', server.url];
    const enqueued = await captured(() =>
      enqueueCommand([photos, '-o', out, '--weights', weights, '--per-job', '50', ...at]),
    );
    expect(enqueued.code, enqueued.err).toBe(0);
    const argv = workers ? [...at, '--until-empty'] : [out];
    const started = Array.from({ length: workers || 1 }, () => startStub(program, argv));
    const figures: StubFigures[] = [];
    for (const { ended } of started) {
      const { code, said } = await ended;
      expect(code, said).toBe(0);
      figures.push(JSON.parse(said.trim().split('\n').at(-1)!));
    }
    expect((await readLedger(new FolderStore(out))).entries.size).toBe(PHOTOGRAPHS);
    await queue.obliterate({ force: true });
    const sum = (of: (of: StubFigures) => number) => figures.map(of).reduce((a, b) => a + b);
    const seconds = (Math.max(...figures.map(({ to }) => to)) - Math.min(...figures.map(({ from }) => from))) / 1000;
    return { rate: PHOTOGRAPHS / seconds, cpu: sum(({ cpu }) => cpu) / PHOTOGRAPHS };
  }

  test('workers and CPU time', { timeout: 30 * MINUTES }, async () => {
    server = await start();
    queue = await (await Engine.load(server.url)).queue();
    const lines: string[] = [];
    const own: number[] = [];
    const cpuOf = async (workers: number) => {
      const { rate, cpu } = await measured(workers);
      const who = workers ? `${workers} of ${name}` : 'without a queue';
      lines.push(`${who}: ${rate.toFixed(0)} a second, ${cpu.toFixed(2)} ms of CPU each`);
      return cpu;
    };
    const before = await cpuOf(0);
    for (const workers of [1, 2, 4]) own.push(await cpuOf(workers));
    // Twice, as what else the machine does changes CPU times too.
    const alone = Math.max(before, await cpuOf(0));
    console.log(lines.join('\n'));
    expect(Math.min(...own) - alone).toBeLessThan(MOST_MS);
    await queue.close();
    await server.stop();
  });
});
