/** Photographs from and to buckets by a queue: each once, whatever is killed or refused meanwhile, as with folders. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Painter } from '../../../src/cli/colorize/files.ts';
import { readLedger } from '../../../src/cli/ledger/file.ts';
import { type ColorQueue, Engine } from '../../../src/cli/queue/engine.ts';
import { enqueueCommand } from '../../../src/cli/queue/enqueue.ts';
import { workCommand } from '../../../src/cli/queue/work.ts';
import { FolderStore } from '../../../src/cli/storage/folder.ts';
import { openStore } from '../../../src/cli/storage/open.ts';
import type { FileStore } from '../../../src/cli/storage/store.ts';
import { verifyCommand } from '../../../src/cli/verify/index.ts';
import { readImage } from '../../../src/image/node.ts';
import { writePicture } from '../../support/pictures.ts';
import { type QueueServer, queueServers } from '../../support/queue_servers.ts';
import { captured, temporaryFolder, writeTestWeights } from '../../support/run.ts';
import { type S3Server, s3Servers } from '../../support/s3_server.ts';
import { stub } from './stub.ts';
import { bundleStub, startStub } from './stub_program.ts';

const NAMES = ['a.bmp', 'a.png', 'b#1?.jpg', 'sub/a b.png', 'sub/deep/é.png', 'x.png'];
const OUTPUTS = ['a-2.png', 'a.png', 'b#1?.jpg', 'sub/a b.png', 'sub/deep/é.png', 'x.png'];

const engine = queueServers().find(({ start }) => start);

describe.each(s3Servers())('buckets of $name', ({ name, start, missing }) => {
  if (!start || !engine) {
    const expected = start ? 'a server for the queue' : missing;
    test.skip(`left out, as there is no ${name} or no queue: expected ${expected}`, () => undefined);
    return;
  }
  let server: S3Server;
  let redis: QueueServer;
  let queue: ColorQueue;
  let weights: string;
  let photos: FileStore;
  let out: FileStore;
  let number = 0;
  const pictures = new Map<string, Uint8Array>();
  beforeAll(async () => {
    server = await start();
    Object.assign(process.env, server.env);
    await new S3Client({ forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: 'archive' }));
    redis = await engine.start!();
    queue = await (await Engine.load(redis.url)).queue();
    const folder = await temporaryFolder();
    weights = join(folder, 'weights.safetensors');
    await writeTestWeights(weights);
    for (const [i, name] of NAMES.entries()) {
      await writePicture(join(folder, 'picture.png'), i, 24, 16);
      pictures.set(name, await readFile(join(folder, 'picture.png')));
    }
    pictures.set('broken.jpg', Buffer.from('no picture'));
    pictures.set('notes.txt', Buffer.from('to mother'));
  });
  afterAll(async () => {
    await queue?.close();
    await redis?.stop();
    await server?.stop();
  });
  beforeEach(async () => {
    await queue.obliterate({ force: true });
    server.fault = () => undefined;
    photos = await openStore(`s3://archive/${++number}/photos`);
    out = await openStore(photos.place('colored'));
    for (const [name, data] of pictures) await photos.write(name, data);
  });

  const at = () => ['--queue', redis.url];
  const enqueue = (...argv: string[]) =>
    captured(() =>
      enqueueCommand([photos.name, '-o', out.name, '--weights', weights, '--per-job', '3', ...at(), ...argv]),
    );
  const work = (painter: Partial<Painter> = {}) =>
    captured(() => workCommand([...at(), '--until-empty'], async () => ({ ...stub(), ...painter })));
  const verify = (...argv: string[]) => captured(() => verifyCommand([out.name, '--input', photos.name, ...argv]));
  const outputs = async (store = out) => {
    const names: string[] = [];
    for await (const files of store.list()) for (const { name } of files) if (!name.startsWith('.')) names.push(name);
    return names.sort();
  };

  test('each photograph is colored once; the same call again adds nothing; what is gone is made again', async () => {
    const first = await enqueue();
    expect([first.code, first.err]).toEqual([
      0,
      expect.stringMatching(/^left out: 1 \.txt\nmanifest: 7 photographs\n7 photographs: 0 done before, 7 in 3 jobs/),
    ]);
    const worked = await work();
    expect([worked.code, worked.err]).toEqual([
      0,
      expect.stringMatching(/failed: s3:\/\/archive\/1\/photos\/broken\.jpg: expected an image file/),
    ]);
    expect(await outputs()).toEqual(OUTPUTS);
    const { width, height } = await readImage((await out.read('sub/deep/é.png', 'a picture')).data);
    expect([width, height]).toEqual([24, 16]);
    const { entries, files } = await readLedger(out);
    expect(entries.get('a-2.png')?.made ?? entries.get('a.png')?.made).toMatchObject({ result: 'colored' });
    expect(entries.get('sub/a b.png')!.made).toMatchObject({
      input: { folder: 's3://archive/1/photos', path: 'sub/a b.png' },
      output: { path: 'sub/a b.png' },
    });
    expect(files).toEqual([expect.stringMatching(/^\.koalarize-worker-[\w-]+-[0-9a-f]{12}-0\.jsonl$/)]);
    expect((await verify()).out).toMatch(/^failed +broken\.jpg: .*\n6 outputs of 7 photographs: 1 failed\n$/);
    expect((await enqueue()).err).toMatch(/7 done before, 0 in 0 jobs/);
    await out.remove('x.png');
    expect((await verify('--accept-failed')).out).toMatch(/^missing +x\.png: the file is gone/);
    expect((await enqueue()).err).toMatch(/6 done before, 1 in 1 jobs/);
    await work();
    expect((await verify('--accept-failed')).code).toBe(0);
  });

  test('damage and another photograph are found, and marked to be made again', async () => {
    await enqueue();
    await work();
    const { data } = await out.read('a.png', 'a picture');
    data[100]! ^= 1;
    await out.write('a.png', data);
    await out.write('stranger.png', Buffer.from('x'));
    const kept = pictures.get('x.png')!;
    await photos.write('x.png', Buffer.concat([kept, Buffer.from('more')]));
    const { code, out: said } = await verify('--accept-failed', '--repair');
    expect([code, said.split('\n').map((line) => line.split(':')[0])]).toEqual([
      1,
      [
        'damaged   a.png',
        'unlisted  stranger.png',
        'stale     x.png',
        'note      1 photographs could not be colored',
        'repaired  marked a.png',
        'repaired  marked stranger.png',
        '7 outputs of 7 photographs',
        '',
      ],
    ]);
    await photos.write('x.png', kept);
    await out.remove('stranger.png');
    expect((await enqueue()).err).toMatch(/6 done before, 1 in 1 jobs/);
    await work();
    expect((await verify('--accept-failed')).code).toBe(0);
  });

  test('a worker that is killed: what the queue holds for done is in the ledger, the rest is done by the next', async () => {
    const program = await bundleStub();
    await enqueue('--per-job', '100');
    const worker = startStub(program, [...at(), '--lock', '2'], 700);
    await expect
      .poll(async () => (await readLedger(out)).entries.size, { timeout: 120_000, interval: 50 })
      .toBeGreaterThan(2);
    worker.child.kill('SIGKILL');
    await worker.ended;
    const [job] = await queue.getActive();
    const { left } = job!.progress as unknown as { left: number[] };
    const { entries } = await readLedger(out);
    expect(7 - left.length).toBeGreaterThan(0);
    expect(entries.size).toBeGreaterThanOrEqual(7 - left.length);
    let asked = 0;
    const chroma: Painter['chroma'] = (...args) => {
      asked++;
      return stub().chroma(...args);
    };
    const next = await captured(() =>
      workCommand([...at(), '--until-empty', '--lock', '2'], async () => ({ ...stub(), chroma })),
    );
    expect(next.code, next.err).toBe(0);
    expect(asked).toBeLessThan(6);
    expect((await verify('--accept-failed')).code).toBe(0);
    expect((await readLedger(out)).files).toHaveLength(2);
  });

  test('what the server refuses is tried again later; without the ledger nothing is told for done', async () => {
    await enqueue('--per-job', '100');
    const refused = { status: 403, code: 'AccessDenied' };
    server.fault = (line) => (/^GET .*x\.png/.test(line) ? refused : undefined);
    const working = captured(() => workCommand(at(), async () => stub()));
    await expect.poll(async () => (await queue.getDelayed()).length, { timeout: 60_000, interval: 200 }).toBe(1);
    const [job] = await queue.getDelayed();
    expect((job!.progress as unknown as { left: number[] }).left).toHaveLength(1);
    expect(job!.failedReason).toMatch(/photos\/x\.png: expected an image file, got no permission/);
    server.fault = () => undefined;
    await job!.promote();
    await expect.poll(async () => await queue.getCompletedCount(), { timeout: 60_000, interval: 200 }).toBe(1);
    process.emit('SIGTERM');
    expect((await working).code).toBe(0);
    expect((await verify('--accept-failed')).code).toBe(0);

    await queue.obliterate({ force: true });
    out = await openStore(`s3://archive/other`);
    await enqueue('--per-job', '100');
    server.fault = (line) => (/^PUT .*\.koalarize-worker/.test(line) ? refused : undefined);
    const { code, err } = await work();
    expect([code, err]).toEqual([1, expect.stringMatching(/the ledger cannot be written: .*got no permission/)]);
    expect(await queue.getWaitingCount()).toBe(1);
    server.fault = () => undefined;
    await work();
    expect((await verify('--accept-failed')).code).toBe(0);
  });

  test('from a bucket into a folder, from a folder into a bucket, of one object; all with their pages', async () => {
    const folder = join(await temporaryFolder(), 'new');
    const call = (...argv: string[]) =>
      captured(() => enqueueCommand([...argv, '--weights', weights, '--per-job', '3', ...at()]));
    expect((await call(photos.name, '-o', folder)).code).toBe(0);
    await work();
    expect(await outputs(new FolderStore(folder))).toEqual(OUTPUTS);
    const checked = await captured(() => verifyCommand([folder, '--input', photos.name, '--accept-failed']));
    expect([checked.code, checked.out]).toEqual([0, expect.stringContaining('6 outputs of 7 photographs: all right')]);
    await rm(join(folder, '.koalarize.manifest.jsonl'));

    const back = await openStore('s3://archive/back');
    expect((await call(folder, '-o', back.name, '--pages', 'all')).code).toBe(0);
    await work();
    expect(await outputs(back)).toEqual(OUTPUTS);
    expect((await captured(() => verifyCommand([back.name, '--input', folder]))).code).toBe(0);

    const one = await openStore('s3://archive/one');
    expect((await call(photos.place('b#1?.jpg'), photos.place('sub'), '-o', one.name)).code).toBe(0);
    await work();
    expect(await outputs(one)).toEqual(['a b.png', 'b#1?.jpg', 'deep/é.png']);
  });

  test('what makes no sense is refused, with what to do', async () => {
    const call = async (...argv: string[]) => {
      const { code, err } = await captured(() => enqueueCommand([...argv, '--weights', weights, ...at()]));
      return [code, err];
    };
    const told = (text: string) => expect.stringContaining(text);
    expect(await call(photos.name, '-o', 's3://archive')).toEqual([
      2,
      told("-o: expected a place that the photographs are not in, got 's3://archive'"),
    ]);
    expect(await call(photos.name, '/photos', '-o', '/new')).toEqual([
      2,
      told('expected photographs in buckets only, or in none, got both'),
    ]);
    expect(await call('s3://none/a', '-o', out.name)).toEqual([
      1,
      told('s3://none/a: expected a bucket to list, got no such bucket'),
    ]);
    expect(await call(photos.name, '-o', 's3://none/a')).toEqual([
      1,
      told('s3://none/a/.koalarize.manifest.jsonl: expected a bucket to write into, got no such bucket'),
    ]);
    expect(await call('s3://archive/nothing', '-o', out.name)).toEqual([
      1,
      told('failed: s3://archive/nothing: expected photographs, got none – check the name'),
    ]);
    expect((await captured(() => verifyCommand(['s3://archive/nothing']))).err).toContain(
      's3://archive/nothing: expected a folder with a ledger',
    );
  });
});
