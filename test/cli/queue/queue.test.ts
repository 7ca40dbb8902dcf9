/** Commands enqueue, work and status on real servers: each photograph once, whatever is stopped, refused or lost meanwhile. */

import { readdirSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Painter } from '../../../src/cli/colorize/files.ts';
import { readLedger } from '../../../src/cli/ledger/file.ts';
import { type ColorQueue, Engine } from '../../../src/cli/queue/engine.ts';
import { enqueueCommand } from '../../../src/cli/queue/enqueue.ts';
import { statusCommand } from '../../../src/cli/queue/status.ts';
import { workCommand } from '../../../src/cli/queue/work.ts';
import { FolderStore } from '../../../src/cli/storage/folder.ts';
import { verifyCommand } from '../../../src/cli/verify/index.ts';
import { DeviceError } from '../../../src/runtime/errors.ts';
import { writePicture } from '../../support/pictures.ts';
import { freePort, type QueueServer, queueServers } from '../../support/queue_servers.ts';
import { captured, temporaryFolder, writeTestWeights } from '../../support/run.ts';
import { stub } from './stub.ts';
import { bundleStub, startStub } from './stub_program.ts';

const NAMES = ['a.png', 'b.jpg', 'é 1.png', 'sub/a.png', 'sub/c.png', 'sub/deep/d.png', 'x.png'];

let photos: string;
let weights: string;
beforeAll(async () => {
  const folder = await temporaryFolder();
  photos = join(folder, 'photos');
  weights = join(folder, 'weights.safetensors');
  await writeTestWeights(weights);
  for (const [i, name] of NAMES.entries()) await writePicture(join(photos, name), i, 24, 16);
  await writeFile(join(photos, 'broken.jpg'), 'no picture');
});

describe.each(queueServers())('$name', ({ name, start, missing }) => {
  if (!start) {
    test.skip(`left out, as there is no ${name}: expected ${missing}`, () => undefined);
    return;
  }
  let server: QueueServer;
  let queue: ColorQueue;
  let out: string;
  let number = 0;
  beforeAll(async () => {
    server = await start();
    queue = await (await Engine.load(server.url)).queue();
  });
  afterAll(async () => {
    await queue?.close();
    await server?.stop();
  });

  const at = () => ['--queue', server.url];
  const fresh = async () => {
    out = join(await temporaryFolder(), `out${number++}`);
    await queue.obliterate({ force: true });
  };
  const enqueue = (...argv: string[]) =>
    captured(() => enqueueCommand([photos, '-o', out, '--weights', weights, '--per-job', '3', ...at(), ...argv]));
  const work = (painter: Partial<Painter> = {}, ...argv: string[]) =>
    captured(() => workCommand([...at(), ...argv], async () => ({ ...stub(), ...painter })));
  const status = async (...argv: string[]) => {
    const { code, out } = await captured(() => statusCommand([...at(), '--json', ...argv]));
    return { code, ...JSON.parse(out) };
  };
  const verify = (...argv: string[]) => captured(() => verifyCommand([out, '--input', photos, ...argv]));

  test('colors each photograph once; the same call again adds nothing; what cannot be read is a result', async () => {
    await fresh();
    const first = await enqueue();
    const { name: shown } = await Engine.load(server.url);
    expect(first.err).toBe(`manifest: 8 photographs\n8 photographs: 0 done before, 8 in 3 jobs on ${shown}\n`);
    expect((await enqueue()).code).toBe(0);
    expect(await status()).toMatchObject({
      code: 0,
      jobs: { waiting: 3, active: 0, delayed: 0, failed: 0 },
      left: 8,
      rate: 0,
    });
    const worked = await work({}, '--until-empty');
    expect(worked.code, worked.err).toBe(0);
    expect(worked.err).toMatch(/failed: .*broken\.jpg: expected an image file/);
    const after = await status();
    expect(after).toMatchObject({
      code: 0,
      left: 0,
      secondsLeft: 0,
      done: { jobs: 3, colored: 7, kept: 0, failed: 1 },
    });
    expect(after.rate).toBeGreaterThan(0);
    expect((await verify('--accept-failed')).out).toMatch(
      /^note +1 photographs could not be colored\n7 outputs of 8 photographs: all right\n$/,
    );
    expect((await enqueue()).err).toMatch(/8 done before, 0 in 0 jobs/);
    expect((await enqueue('--retry-bad')).err).toMatch(/7 done before, 1 in 1 jobs/);
    expect((await status()).left).toBe(1);
    const { entries } = await readLedger(new FolderStore(out));
    expect(entries.get('sub/deep/d.png')!.made).toMatchObject({
      result: 'colored',
      input: { folder: photos, path: 'sub/deep/d.png' },
    });
  });

  test('a queue that is lost is made again from manifest and ledger', async () => {
    await fresh();
    await enqueue();
    await queue.obliterate({ force: true });
    await enqueue();
    expect((await status()).jobs.waiting).toBe(3);
    await work({}, '--until-empty');
    await rm(join(out, 'a.png'));
    await queue.obliterate({ force: true });
    expect((await enqueue()).err).toMatch(/7 done before, 1 in 1 jobs/);
    await work({}, '--until-empty');
    // Jobs that are done and kept are not in the way.
    await rm(join(out, 'a.png'));
    await enqueue();
    await work({}, '--until-empty');
    expect((await verify('--accept-failed')).code).toBe(0);
  });

  test('what the device refuses is tried again, and nothing else; then it is given up, and told', async () => {
    await fresh();
    await enqueue();
    let asked = 0;
    let refused = 0;
    const painter = {
      async chroma(...args: Parameters<Painter['chroma']>) {
        asked++;
        if (args[0].width !== 24 || refused === 4 || asked % 8 !== 1) return stub().chroma(...args);
        refused++;
        throw new DeviceError({ where: 'stub', expected: 'memory', got: 'none', hint: 'wait' });
      },
    };
    // The first photograph of the seven is refused; one job is left.
    const ended = work(painter);
    await expect
      .poll(async () => (await status()).jobs, { timeout: 60_000, interval: 200 })
      .toEqual({ waiting: 0, active: 0, delayed: 1, failed: 0 });
    expect(asked).toBe(7);
    for (let tried = 2; tried <= 4; tried++) {
      asked = 0;
      const [job] = await queue.getDelayed();
      await job!.promote();
      await expect
        .poll(async () => (await status()).jobs, { timeout: 60_000, interval: 200 })
        .toMatchObject(tried < 4 ? { delayed: 1 } : { delayed: 0, failed: 1 });
      await expect.poll(() => asked, { timeout: 60_000 }).toBe(1);
    }
    const told = await status();
    expect(told).toMatchObject({ code: 1, givenUp: [{ output: out, photographs: 1, attempts: 4 }] });
    expect(told.givenUp[0].reason).toMatch(/sub\/deep\/d\.png: stub: expected memory, got none – wait$/);
    expect((await captured(() => statusCommand(at()))).out).toMatch(
      /given up +\w+-0: 1 photographs for .* after 4 attempts – /,
    );
    expect((await verify('--accept-failed')).out).toMatch(/^missing +sub\/deep\/d\.png/);
    await status('--retry');
    await expect
      .poll(async () => (await status()).jobs, { timeout: 60_000, interval: 200 })
      .toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 });
    expect((await verify('--accept-failed')).code).toBe(0);
    process.emit('SIGTERM');
    expect((await ended).code).toBe(0);
  });

  test('a worker without a device, manifest or the same weights says so, and leaves the job to others', async () => {
    await fresh();
    await enqueue();
    const none = new DeviceError({ where: 'device', expected: 'one', got: 'none' });
    const refused = await captured(() => workCommand(at(), () => Promise.reject(none)));
    expect([refused.code, refused.err]).toEqual([1, 'failed: device: expected one, got none\n']);
    const [job] = await queue.getWaiting();
    expect(await status()).toMatchObject({ jobs: { waiting: 3, active: 0, delayed: 0, failed: 0 } });
    expect(job!.attemptsMade).toBe(0);
    const kept = await readFile(weights);
    await writeTestWeights(weights, 20);
    const other = await work();
    expect([other.code, other.err]).toEqual([
      1,
      expect.stringMatching(/^failed: .*expected the weights and options of its manifest/),
    ]);
    await writeFile(weights, kept);
    await rm(out, { recursive: true });
    expect((await work()).err).toMatch(/^failed: .*expected the manifest that the queue tells of, got none/);
    expect((await status()).jobs).toMatchObject({ waiting: 3, failed: 0 });
  });

  test('another manifest only where it is asked for; jobs of the former one are nothing then', async () => {
    await fresh();
    await enqueue();
    const other = await enqueue('--strength', '1.5');
    expect([other.code, other.err]).toEqual([
      1,
      expect.stringMatching(/expected the options of its manifest \(.*got .*"strength":1\.5.*--rescan/),
    ]);
    expect((await enqueue('--strength', '1.5', '--rescan')).code).toBe(0);
    expect((await status()).jobs.waiting).toBe(6);
    await work({}, '--until-empty');
    const { entries } = await readLedger(new FolderStore(out));
    expect(
      [...entries.values()].filter(({ made }) => made?.result === 'colored' && made.recipe.options.strength === 1.5),
    ).toHaveLength(7);
    expect((await status()).done).toMatchObject({ colored: 7, failed: 1, jobs: 6 });
  });

  test('SIGTERM: the photograph in hand is finished, the rest of the job given back, and only that is done by the next', async () => {
    await fresh();
    const program = await bundleStub();
    await captured(() => enqueueCommand([photos, '-o', out, '--weights', weights, ...at()]));
    const worker = startStub(program, at(), 1000);
    await expect
      .poll(async () => (await readLedger(new FolderStore(out))).entries.size, { timeout: 120_000, interval: 50 })
      .toBeGreaterThan(1);
    worker.child.kill('SIGTERM');
    const { code, said } = await worker.ended;
    expect(code, said).toBe(0);
    const { entries } = await readLedger(new FolderStore(out));
    const before = await readFile(
      join(out, readdirSync(out).find((file) => file.startsWith('.koalarize-worker'))!),
      'utf8',
    );
    expect(await status()).toMatchObject({ jobs: { waiting: 1, active: 0, failed: 0 }, left: 8 - entries.size });
    let asked = 0;
    const counting: Painter['chroma'] = (...args) => {
      asked++;
      return stub().chroma(...args);
    };
    await work({ chroma: counting }, '--until-empty');
    expect(asked + before.split('\n').filter((line) => line.includes('"colored"')).length).toBe(7);
    expect((await verify('--accept-failed')).code).toBe(0);
  });

  test('pause and resume; figures as Prometheus reads them', async () => {
    await fresh();
    await enqueue();
    expect(await status('--pause')).toMatchObject({ paused: true, jobs: { waiting: 3 } });
    const { out: text } = await captured(() => statusCommand([...at(), '--metrics']));
    expect(text).toContain('# TYPE koalarize_queue_jobs gauge\nkoalarize_queue_jobs{state="waiting"} 3\n');
    expect(text).toContain('\nkoalarize_queue_photographs_left 8\n');
    expect(text).toMatch(/\nkoalarize_queue_paused 1\n$/);
    expect(await status('--resume')).toMatchObject({ paused: false });
    const port = await freePort();
    let told = '';
    let asked = 0;
    const chroma: Painter['chroma'] = async (...args) => {
      if (++asked === 3) told = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return stub().chroma(...args);
    };
    const worked = await work({ chroma }, '--until-empty', '--metrics-port', `${port}`);
    expect([worked.code, worked.err]).toEqual([
      0,
      expect.stringContaining(`metrics: http://127.0.0.1:${port}/metrics\n`),
    ]);
    expect(told).toContain('\nkoalarize_worker_photographs_total{result="colored"} 2\n');
    expect(told).toContain('\nkoalarize_worker_jobs 1\n');
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow();
  });

  test('a server that is started again is waited for by those that begin meanwhile', async () => {
    const engine = await Engine.load(server.url);
    const restarted = server.restart();
    const opened: Promise<ColorQueue>[] = [];
    // From before its end to after its beginning.
    for (let isDone = false; !isDone; isDone = await Promise.race([restarted.then(() => true), wait(20, false)])) {
      opened.push(engine.queue());
    }
    const said = await captured(() => Promise.all(opened).then((queues) => queues.length));
    expect(said.code).toBeGreaterThan(5);
    for (const queue of opened) await (await queue).close();
  });

  test.runIf(name === 'PostgreSQL')('what the server refuses is told at once', async () => {
    const { code, err } = await captured(() => statusCommand(['--queue', server.url.replace(/[^/]+$/, 'none')]));
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^failed: .* got 'database "none" does not exist' – [^\n]*\n$/),
    ]);
  });
});

test('wrong usage, and a server that is not there', async () => {
  const say = async (command: (argv: string[]) => Promise<number>, ...argv: string[]) => {
    const { code, err } = await captured(() => command(argv));
    return [code, err];
  };
  expect(await say(statusCommand)).toEqual([2, "expected --queue URL, got none – see 'koalarize status --help'\n"]);
  expect(await say(workCommand, '--queue', 'http://a')).toEqual([
    2,
    "--queue: expected redis://HOST:PORT or postgres://USER@HOST/DATABASE, got 'http://a' – see 'koalarize work --help'\n",
  ]);
  expect(await say(enqueueCommand, photos, '--queue', 'redis://a')).toEqual([
    2,
    expect.stringContaining('expected -o OUT'),
  ]);
  expect(await say(statusCommand, '--queue', 'redis://:secret@127.0.0.1:1')).toEqual([
    1,
    expect.stringMatching(
      /failed: redis:\/\/:\*\*\*@127\.0\.0\.1:1: expected a queue, got '.*ECONNREFUSED.*' – is the server there/,
    ),
  ]);
});
