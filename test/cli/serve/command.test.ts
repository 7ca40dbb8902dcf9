/** `koalarize serve` as a user runs it: real pictures on a real device, its arguments, its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { encodeImage, readImage } from '../../../src/image/node.ts';
import { isGrey } from '../../../src/image/raster/picture.ts';
import { built } from '../../support/built.ts';
import { noise } from '../../support/fixtures.ts';
import { post, send } from '../../support/http_client.ts';
import { koalarize } from '../../support/run.ts';

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

/** Starts the command on a free port. */
async function start(...args: string[]): Promise<number> {
  const command = [built('cli.js'), 'serve', '--port', '0', ...args];
  child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout!, 'data');
  return Number(/^listening: http:\/\/127\.0\.0\.1:(\d+)\/$/m.exec(String(line))![1]);
}

async function file(name: string, width: number, height: number): Promise<Uint8Array> {
  return (await encodeImage(name, noise(width, height, { grey: true }))).bytes;
}

/** Header of a bitmap of 24 bits, without its pixels. */
function bitmapHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(1000);
  header.write('BM');
  header.writeUInt32LE(54, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(24, 28);
  return header;
}

test('colors pictures, refuses others, serves the page, and finishes what it took when it is told to end', async () => {
  const port = await start('--max-pixels', '10000', '--page');
  const picture = await file('a.jpg', 96, 64);
  const reply = await post(port, picture);
  expect([reply.status, reply.headers['content-type']]).toEqual([200, 'image/jpeg']);
  const colored = await readImage(reply.body);
  expect([colored.width, colored.height, isGrey(colored)]).toEqual([96, 64, false]);

  const grey = await post(port, picture, '?strength=0&format=png&border=12.5%25');
  expect([grey.headers['content-type'], grey.headers['koalarize-border']]).toEqual(['image/png', '8 8 8 8']);
  expect(isGrey(await readImage(grey.body))).toBe(true);

  const { bytes } = await encodeImage('a.png', noise(96, 64));
  const kept = await post(port, bytes, '?keep-color');
  expect(String(kept.headers['koalarize-warnings'])).toContain('left as it is');
  expect(String((await post(port, bytes)).headers['koalarize-warnings'])).toContain('which are replaced');

  const errors = async (body: Uint8Array | string, query = '') => {
    const { status, body: text } = await post(port, body, query);
    const { expected, got } = JSON.parse(text.toString()).error;
    return [status, expected, got];
  };
  expect(await errors('no picture')).toEqual([415, 'an image file', 'a file of another kind']);
  expect(await errors('')).toEqual([415, 'an image file', 'an empty file']);
  expect((await errors(picture.subarray(0, picture.length / 2)))[0]).toBe(422);
  expect(await errors(picture, '?page=2')).toEqual([422, 'page 1 to 1', '2']);
  const large = 'at most 10000 pixels';
  expect(await errors(await file('a.png', 101, 100))).toEqual([413, large, '101 x 100 = 10100']);
  // By its header: there are no pixels behind it.
  expect(await errors(bitmapHeader(200, 100))).toEqual([413, large, '200 x 100 = 20000']);

  const page = await send(port, '/');
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  for (const [, name] of page.body.toString().matchAll(/(?:src|href)="\.\/([^"]+\.(?:js|css))"/g)) {
    expect((await send(port, `/${name}`)).headers['cache-control']).toContain('immutable');
  }

  // Half of a picture is there when it is told to end.
  const half = picture.length >> 1;
  const headers = { 'content-length': picture.length };
  const sent = request({ port, host: '127.0.0.1', method: 'POST', path: '/colorize', headers });
  sent.write(picture.subarray(0, half));
  await expect
    .poll(async () => (await send(port, '/metrics')).body.toString(), { timeout: 20_000 })
    .toContain(`koalarize_held_bytes ${half}\n`);
  const end = once(child!, 'exit');
  child!.kill('SIGTERM');
  const closed = () =>
    send(port, '/health').then(
      () => false,
      () => true,
    );
  await expect.poll(closed, { timeout: 20_000 }).toBe(true);
  sent.end(picture.subarray(half));
  const [last] = (await once(sent, 'response')) as [IncomingMessage];
  last.resume();
  expect([last.statusCode, last.headers.connection]).toEqual([200, 'close']);
  expect(await end).toEqual([0, null]);
});

test('a second signal ends it at once', async () => {
  const port = await start('--timeout', '600');
  const slow = post(port, 'a', '', { headers: { 'content-length': '100' } });
  const failed = expect(slow).rejects.toThrow();
  await new Promise((sent) => setTimeout(sent, 300));
  const end = once(child!, 'exit');
  child!.kill('SIGINT');
  await new Promise((passed) => setTimeout(passed, 300));
  expect(child!.exitCode).toBeNull();
  child!.kill('SIGINT');
  expect(await end).toEqual([130, null]);
  await failed;
});

test('other addresses than this machine demand a token; an address that is taken is an error', async () => {
  const refused = await koalarize(['serve', '--host', '0.0.0.0']);
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('expected --token T or KOALARIZE_TOKEN')]);
  const short = await koalarize(['serve'], { KOALARIZE_TOKEN: 'short' });
  expect([short.code, short.stderr]).toEqual([2, expect.stringContaining('expected 16 or more letters')]);
  const port = await start();
  const second = await koalarize(['serve', '--port', String(port)]);
  expect([second.code, second.stderr]).toEqual([
    1,
    expect.stringContaining(`127.0.0.1:${port}: expected a free address, got EADDRINUSE`),
  ]);
});
