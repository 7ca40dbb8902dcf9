/**
 * A queue whose workers are killed and whose server is started again, at random times: each photograph is there once, and right.
 * KOALARIZE_QUEUE_PHOTOGRAPHS says of how many (default 2000); one kill for each 200, at most 30.
 */
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { readLedger } from '../../../src/cli/ledger/file.ts';
import { countJobs, Engine } from '../../../src/cli/queue/engine.ts';
import { enqueueCommand } from '../../../src/cli/queue/enqueue.ts';
import { statusCommand } from '../../../src/cli/queue/status.ts';
import { FolderStore } from '../../../src/cli/storage/folder.ts';
import { verifyCommand } from '../../../src/cli/verify/index.ts';
import { queueServers } from '../../support/queue_servers.ts';
import { captured, temporaryFolder } from '../../support/run.ts';
import { archiveOf } from './archive.ts';
import { type StubWorker, startStub } from './stub_program.ts';

const PHOTOGRAPHS = Number(process.env.KOALARIZE_QUEUE_PHOTOGRAPHS ?? 2000);
const WORKERS = 4;
const KILLS = Math.min(30, Math.round(PHOTOGRAPHS / 200));
const RESTARTS = 2;
const HOUR = 3_600_000;

let photos: string;
let weights: string;
let program: string;
beforeAll(async () => {
  ({ photos, weights, program } = await archiveOf(PHOTOGRAPHS));
}, HOUR);

describe.each(queueServers())('$name', ({ name, start, missing }) => {
  if (!start) {
    test.skip(`left out, as there is no ${name}: expected ${missing}`, () => undefined);
    return;
  }
  test('workers killed, server started again: each photograph once, all right', { timeout: HOUR }, async () => {
    const server = await start();
    const out = join(await temporaryFolder(), 'out');
    const queue = ['--queue', server.url];
    const enqueue = () =>
      captured(() => enqueueCommand([photos, '-o', out, '--weights', weights, '--per-job', '20', ...queue]));
    const first = await enqueue();
    expect(first.code, first.err).toBe(0);
    const begin = performance.now();
    const begun = () => startStub(program, [...queue, '--lock', '5'], 0);
    const workers: StubWorker[] = Array.from({ length: WORKERS }, begun);
    const done = async () => (await readLedger(new FolderStore(out))).entries.size;
    // Spread over the work, whatever it takes: an event at each of so many parts of it.
    const events = KILLS + RESTARTS;
    let kills = 0;
    for (let event = 1; event <= events; event++) {
      while ((await done()) < (PHOTOGRAPHS * 0.9 * event) / events) await wait(50);
      if (event % Math.ceil(events / RESTARTS) === Math.ceil(events / RESTARTS / 2)) {
        await server.restart();
        continue;
      }
      const victim = Math.floor(Math.random() * WORKERS);
      await wait(Math.random() * 200);
      workers[victim]!.child.kill('SIGKILL');
      const { code, said } = await workers[victim]!.ended;
      expect(code, said).toBe('SIGKILL');
      workers[victim] = begun();
      kills++;
    }
    const engine = await Engine.load(server.url);
    const opened = await engine.queue();
    await expect
      .poll(async () => Object.values(await countJobs(opened)).reduce((sum, count) => sum + count), {
        timeout: HOUR / 2,
        interval: 500,
      })
      .toBe(0);
    const seconds = (performance.now() - begin) / 1000;
    await opened.close();
    for (const { child } of workers) child.kill('SIGTERM');
    for (const { ended } of workers) {
      const { code, said } = await ended;
      expect(code, said).toBe(0);
    }
    const left = await enqueue();
    expect(left.err).toMatch(new RegExp(`^${PHOTOGRAPHS} photographs: ${PHOTOGRAPHS} done before, 0 in 0 jobs`));
    expect((await captured(() => statusCommand(queue))).code).toBe(0);
    // Temporary files of those that were killed are what is expected to be left behind.
    const verify = (...argv: string[]) => captured(() => verifyCommand([out, '--input', photos, ...argv]));
    const faults = JSON.parse((await verify('--repair', '--json')).out);
    expect(Object.keys(faults.faults).filter((kind) => kind !== 'leftover')).toEqual([]);
    const all = await verify();
    expect([all.code, all.out.replace(/^note.*\n/gm, '')]).toEqual([
      0,
      `${PHOTOGRAPHS} outputs of ${PHOTOGRAPHS} photographs: all right\n`,
    ]);
    let lines = 0;
    await readLedger(new FolderStore(out), () => ++lines > 0);
    const twice = `${lines - PHOTOGRAPHS} done twice`;
    console.log(
      `${name}: ${PHOTOGRAPHS} photographs, ${twice}, ${kills} kills, ${RESTARTS} restarts, ${seconds.toFixed(0)} s`,
    );
    await server.stop();
  });
});
