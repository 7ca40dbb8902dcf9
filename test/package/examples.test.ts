/** The examples, run as their first lines say. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { afterEach, expect, test } from 'vitest';
import { readImage, writeImage } from '../../src/image/node.ts';
import { isGrey } from '../../src/image/raster/picture.ts';
import { decodeWeights } from '../../src/model/weights.ts';
import { launchBrowser } from '../support/browser.ts';
import { noise, temporaryFolder } from '../support/fixtures.ts';
import { serve } from '../support/server.ts';
import { rampFile } from './ramp.ts';

const root = resolve(import.meta.dirname, '../..');

function example(name: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join('examples', name), ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return stdout.trim();
}

test('each is shorter than 60 lines', async () => {
  for (const name of await readdir(join(root, 'examples'))) {
    const text = await readFile(join(root, 'examples', name), 'utf8');
    expect(text.split('\n').length, name).toBeLessThanOrEqual(60);
  }
});

test('a kernel', () => {
  expect(example('kernel.js')).toBe('0 0.0625 0.25 0.5625 1');
});

test('a gradient', () => {
  const [, graph, differences] = /([-\d.]+) by the graph, ([-\d.]+) by differences/.exec(example('gradient.js'))!;
  expect(Math.abs(Number(graph))).toBeGreaterThan(0.001);
  expect(Math.abs(Number(graph) - Number(differences))).toBeLessThan(0.0005);
});

test('colors a file', async () => {
  const folder = await temporaryFolder();
  const to = join(folder, 'color.png');
  expect(example('color.js', await rampFile(folder), to)).toBe(`${to}: 96 x 64`);
  expect(isGrey(await readImage(to))).toBe(false);
});

test('trains on a folder', async () => {
  const folder = await temporaryFolder();
  const photos = join(folder, 'photos');
  await mkdir(photos);
  for (let i = 0; i < 9; i++) await writeImage(join(photos, `${i}.png`), noise(80 + i, 90, { seed: i }));
  const to = join(folder, 'weights.safetensors');
  const lines = example('train.js', photos, to, '3').split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(['1', '2', '3', `${to}:`]);
  const weights = decodeWeights(await readFile(to), to);
  expect(weights.size).toBe(64);
  expect(weights.metadata.step).toBe('3');
});

test('colors in a page', async () => {
  const site = await serve(root);
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`${site.base}examples/page.html`);
    await page.setInputFiles('input', await rampFile(await temporaryFolder()));
    await expect.poll(() => page.textContent('output'), { timeout: 120_000 }).toMatch(/^96 x 64, by /);
    const spread = await page.evaluate(() => {
      const canvas = document.querySelector('canvas')!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return Math.max(...data.map((value, i) => (i % 4 === 0 ? Math.abs(value - data[i + 2]!) : 0)));
    });
    expect(spread).toBeGreaterThan(4);
    const bad = { name: 'bad.png', mimeType: 'image/png', buffer: Buffer.from('no picture') };
    await page.setInputFiles('input', bad);
    await expect.poll(() => page.textContent('output'), { timeout: 10_000 }).toMatch(/^\w+Error: /);
  } finally {
    await browser.close();
    site.close();
  }
});

let service: ChildProcess | undefined;
afterEach(() => service?.kill('SIGKILL'));

test('a service: colors, refuses, and ends when it is told to', async () => {
  service = spawn(process.execPath, ['examples/service.js', '0'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(service.stdout!, 'data');
  const port = Number(/port (\d+)/.exec(String(line))![1]);
  const address = `http://127.0.0.1:${port}/`;
  const picture = await readFile(await rampFile(await temporaryFolder()));
  const post = (body: BodyInit) => fetch(address, { method: 'POST', body });

  const answer = await post(new Uint8Array(picture));
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
  const colored = await readImage(new Uint8Array(await answer.arrayBuffer()));
  expect([colored.width, colored.height, isGrey(colored)]).toEqual([96, 64, false]);

  expect((await fetch(address)).status).toBe(405);
  const refusal = await post('no picture');
  expect([refusal.status, await refusal.text()]).toEqual([415, expect.stringMatching(/expected a picture/)]);
  expect(await statusOfLargePost(port, 20e6 + 1)).toBe(413);
  const many = await Promise.all(Array.from({ length: 8 }, () => post(new Uint8Array(picture))));
  const statuses = many.map(({ status }) => status);
  expect(statuses).toContain(503);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(4);
  expect(new Set(statuses)).toEqual(new Set([200, 503]));

  const last = post(new Uint8Array(picture));
  await new Promise((sent) => setTimeout(sent, 20));
  const end = once(service, 'exit');
  service.kill('SIGTERM');
  expect((await last).status).toBe(200);
  expect(await end).toEqual([0, null]);
});

test('a service: who sends slowly or nothing holds nobody up, and nothing shows beneath transparent pixels', async () => {
  service = spawn(process.execPath, ['examples/service.js', '0'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(service.stdout!, 'data');
  const port = Number(/port (\d+)/.exec(String(line))![1]);
  const picture = await readFile(await rampFile(await temporaryFolder()));
  // More than may wait for the device, each with half a picture.
  const slow = Array.from({ length: 8 }, () => {
    const sent = request({ port, host: '127.0.0.1', method: 'POST', headers: { 'content-length': picture.length } });
    sent.on('error', () => undefined);
    sent.write(picture.subarray(0, picture.length / 2));
    return sent;
  });
  await new Promise((passed) => setTimeout(passed, 300));
  const post = (body: Uint8Array) => fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: new Uint8Array(body) });
  const empty = await post(new Uint8Array());
  expect([empty.status, await empty.text()]).toEqual([415, 'expected a picture, got an empty body\n']);
  expect((await post(picture)).status).toBe(200);
  for (const sent of slow) sent.destroy();

  // Left half wholly transparent, and black beneath; the right half is black and can be seen.
  const { width, height } = { width: 64, height: 48 };
  const data = Buffer.alloc(width * height * 4, 0);
  for (let i = 0; i < width * height; i++) data[4 * i + 3] = i % width < width / 2 ? 0 : 255;
  const hidden = await sharp(data, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
  const answer = await readImage(new Uint8Array(await (await post(hidden)).arrayBuffer()));
  const at = (x: number) => answer.data[4 * (24 * width + x)]!;
  expect(at(8)).toBeGreaterThan(240);
  expect(at(56)).toBeLessThan(30);
});

/** Sends a body until it is refused. */
function statusOfLargePost(port: number, bytes: number): Promise<number> {
  return new Promise((done, fail) => {
    const sent = request({ port, host: '127.0.0.1', method: 'POST' }, (response) => {
      done(response.statusCode!);
      response.resume();
    });
    // After the answer, the rest may not be taken any more.
    sent.on('error', fail);
    sent.end(Buffer.alloc(bytes));
  });
}
