/** Storage in a bucket, on a server of S3: names of all kinds, long listings, large files, and what servers do when they are busy. */
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bucketPhotographs } from '../../../src/cli/paths/bucket.ts';
import { openStore } from '../../../src/cli/storage/open.ts';
import type { FileStore, ListedFile } from '../../../src/cli/storage/store.ts';
import { type S3Server, s3Servers } from '../../support/s3_server.ts';

const MB = 2 ** 20;

describe.each(s3Servers())('a bucket of $name', ({ name, start, missing }) => {
  if (!start) {
    test.skip(`left out, as there is no ${name}: expected ${missing}`, () => undefined);
    return;
  }
  let server: S3Server;
  let store: FileStore;
  let number = 0;
  beforeAll(async () => {
    server = await start();
    Object.assign(process.env, server.env);
    await client().send(new CreateBucketCommand({ Bucket: 'test' }));
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    store = await openStore(`s3://test/${number++}/`);
    server.asked.length = 0;
    server.fault = () => undefined;
  });

  const client = () => new S3Client({ forcePathStyle: true });
  const read = async (name: string) => Buffer.from((await store.read(name, 'a file')).data).toString();
  const listed = async (from: AsyncIterable<readonly ListedFile[]>) => {
    const names: string[] = [];
    for await (const files of from) for (const { name } of files) names.push(name);
    return names;
  };
  async function* texts(count: number, each: string) {
    for (let i = 0; i < count; i++) yield each;
  }

  test('keeps files of any name, reads them whole and in part, tells size and time as a listing does', async () => {
    // In the order of their bytes.
    const names = [
      'a b+c&d%20.png',
      server.hasFolders ? 'back/slash.jpg' : 'back\\slash.jpg',
      'dir/',
      'q?#"\'<>=;:@,$.jpg',
      'u\u0001v.png',
      server.hasFolders ? 'x/y.jpg' : 'x//y.jpg',
      'é/～𝄞.jpg',
    ];
    for (const name of names) await store.write(name, Buffer.from(`of ${name}`));
    expect(await listed(store.list())).toEqual(names);
    const files = names.filter((name) => !(server.hasFolders && name.endsWith('/')));
    for (const name of files) expect(await read(name)).toBe(`of ${name}`);
    const [first] = (await store.list()[Symbol.asyncIterator]().next()).value as ListedFile[];
    const { modified } = await store.read(names[0]!, 'a file');
    expect(first).toEqual({ name: names[0], bytes: 17, modified });
    expect(await store.stat(names[0]!)).toEqual({ bytes: 17, modified });
    expect(Math.abs(modified - Date.now())).toBeLessThan(60_000);
    const part = async (at: number, bytes: number) =>
      Buffer.from(await store.readPart(names[0]!, 'a file', at, bytes)).toString();
    expect([await part(3, 5), await part(15, 99), await part(17, 1)]).toEqual(['a b+c', 'ng', '']);
    const isThere = await store.presence();
    expect([...names, 'none'].map(isThere)).toEqual([...names.map(() => true), false]);
    expect(store.inside(store.place(names[4]!))).toBe(names[4]);
    await store.remove(names[0]!);
    expect(await store.stat(names[0]!)).toBeUndefined();
    await store.write('empty', new Uint8Array());
    expect([await read('empty'), Buffer.from(await store.readPart('empty', 'a file', 0, 9)).length]).toEqual(['', 0]);
  });

  test('lists more than one answer holds, and only what is asked for', async () => {
    const page = server.checksSignatures ? 1000 : 50;
    const names = Array.from({ length: 2 * page + 3 }, (_, i) => `sub/${String(i).padStart(4, '0')}.jpg`);
    for (let at = 0; at < names.length; at += 50) {
      await Promise.all(names.slice(at, at + 50).map((name) => store.write(name, Buffer.from('a'))));
    }
    await store.write('.koalarize-a.jsonl', Buffer.from('a'));
    await store.write('sub/.koalarize-b.jsonl', Buffer.from('a'));
    server.asked.length = 0;
    if (!server.checksSignatures) server.page = page;
    expect(await listed(store.list())).toEqual(['.koalarize-a.jsonl', 'sub/.koalarize-b.jsonl', ...names]);
    expect(server.asked).toHaveLength(3);
    expect(await store.top('.koalarize')).toEqual(['.koalarize-a.jsonl']);
    expect(server.asked).toHaveLength(4);
    const pictures: number[] = [];
    const leftOut = new Map<string, number>();
    for await (const some of bucketPhotographs(store, 's3://other', { failed: fail, leftOut }))
      pictures.push(some.length);
    expect([pictures.reduce((a, b) => a + b), leftOut.size]).toEqual([names.length, 0]);
    delete server.page;
  });

  const fail = (reason: string) => expect(reason).toBe('');

  test('its pictures are found by name and by how they begin, without what is hidden, written, or no path', async () => {
    const put = async (name: string, content = 'x') => store.write(name, Buffer.from(content, 'latin1'));
    const names = ['a.jpg', 'b.txt', '.c.jpg', '.d/e.jpg', 'out/a.jpg', 'h/', 'i.bmp'];
    for (const name of server.hasFolders ? names : [...names, 'f//g.jpg']) await put(name);
    await put('scan', '\xff\xd8\xff\xe0');
    await put('notes', 'to mother');
    const leftOut = new Map<string, number>();
    const failed: string[] = [];
    const kinds: Record<string, string> = {};
    for await (const some of bucketPhotographs(store, store.place('out'), {
      failed: (why) => failed.push(why),
      leftOut,
    })) {
      for (const { name, kind } of some) kinds[name] = kind;
    }
    expect(kinds).toEqual({ 'a.jpg': 'jpeg', 'i.bmp': 'bmp', scan: 'jpeg' });
    expect(Object.fromEntries(leftOut)).toEqual({ '': 1, '.txt': 1 });
    const refused = /^s3:\/\/test\/\d+\/f\/\/g\.jpg: expected a name without \/\/ in it/;
    expect(failed).toEqual(server.hasFolders ? [] : [expect.stringMatching(refused)]);
  });

  test('large files are sent in parts, are not there before the last, and leave no parts where they fail', async () => {
    await store.writeTexts('small', texts(3, 'a\n'));
    expect(await read('small')).toBe('a\na\na\n');
    expect(server.asked.filter((line) => line.includes('uploads'))).toEqual([]);
    async function* watched() {
      yield* texts(36, 'é'.repeat(MB / 2));
      expect(await store.stat('large')).toBeUndefined();
      yield 'the end';
    }
    await store.writeTexts('large', watched());
    expect((await store.stat('large'))!.bytes).toBe(36 * MB + 7);
    let bytes = 0;
    let last = Buffer.alloc(0);
    for await (const chunk of store.stream('large', 'a file')) {
      bytes += chunk.length;
      last = Buffer.concat([last.subarray(-6), chunk]);
    }
    expect([bytes, last.subarray(-7).toString()]).toEqual([36 * MB + 7, 'the end']);
    async function* broken() {
      yield* texts(20, 'x'.repeat(MB));
      throw new Error('no more');
    }
    await expect(store.writeTexts('broken', broken())).rejects.toThrow('no more');
    expect(await store.stat('broken')).toBeUndefined();
    const { Uploads = [] } = await client().send(new ListMultipartUploadsCommand({ Bucket: 'test' }));
    expect(Uploads).toEqual([]);
  });

  test('what a busy server refuses is asked again; and then told', async () => {
    const slow = { status: 503, code: 'SlowDown' };
    let refusals = 2;
    server.fault = () => (refusals-- > 0 ? slow : undefined);
    await store.write('a', Buffer.from('0123456789'));
    refusals = 2;
    expect(await read('a')).toBe('0123456789');
    refusals = 2;
    expect(await listed(store.list())).toEqual(['a']);
    server.fault = () => slow;
    await expect(store.read('a', 'an image file')).rejects.toThrow(
      /\/a: expected an image file, got a server that has too much to do – try again later/,
    );
    await expect(store.write('a', Buffer.from('b'))).rejects.toThrow(
      'expected a bucket to write into, got a server that',
    );
    server.fault = () => ({ status: 500, code: 'InternalError' });
    await expect(store.stat('a')).rejects.toThrow(/expected an object, got '/);
  });

  test('an answer that breaks off is gone on with where it ended, of the same object only', async () => {
    const content = Array.from({ length: 200_000 }, (_, i) => `${i}`).join();
    await store.write('a', Buffer.from(content));
    server.asked.length = 0;
    let cuts = [300_000, 200_000, 100_000];
    server.fault = (line) => (line.startsWith('GET') && cuts.length ? { cutAt: cuts.shift()! } : undefined);
    expect(await read('a')).toBe(content);
    expect(server.asked).toHaveLength(4);
    server.fault = (line) => (line.startsWith('GET') ? { cutAt: 0 } : undefined);
    await expect(store.read('a', 'an image file')).rejects.toThrow(/\/a: expected an image file, got '/);
    // Another object of that name meanwhile: no mixture of both.
    cuts = [300_000];
    server.fault = (line) => (line.startsWith('GET') && cuts.length ? { cutAt: cuts.shift()! } : undefined);
    const stream = store.stream('a', 'a file')[Symbol.asyncIterator]();
    await stream.next();
    await store.write('a', Buffer.from(content.replaceAll('1', '2')));
    const rest = async () => {
      while (!(await stream.next()).done);
    };
    await expect(rest()).rejects.toThrow(/\/a: expected a file, got an object that was replaced meanwhile/);
  });

  test.each([
    ['NoSuchBucket', 404, 's3://none/p', 'no such bucket – check its name'],
    ['AccessDenied', 403, 's3://test/p', 'no permission – allow these credentials s3:ListBucket'],
    ['InvalidAccessKeyId', 403, 's3://test/p', 'credentials that the server does not know – name others'],
    ['SignatureDoesNotMatch', 403, 's3://test/p', 'a secret key that does not fit – name others'],
    ['ExpiredToken', 400, 's3://test/p', 'credentials that have expired – name others'],
  ])('%s is told, with what to do', async (code, status, name, told) => {
    const other = await openStore(name);
    server.fault = code === 'NoSuchBucket' ? () => undefined : () => ({ status, code });
    await expect(listed(other.list())).rejects.toThrow(`${name}: expected a bucket to list, got ${told}`);
    await expect(other.write('a', Buffer.from('a'))).rejects.toThrow(
      `${name}/a: expected a bucket to write into, got ${told}`,
    );
  });

  test('an object that is not there', async () => {
    await expect(store.read('none', 'an image file')).rejects.toThrow(
      /^s3:\/\/test\/\d+\/none: expected an image file, got no such object – check bucket and name$/,
    );
  });
});
