/** The examples, run as their first lines say. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { readImage, writeImage } from '../../src/image/node.ts';
import { isGrey } from '../../src/image/raster/picture.ts';
import { decodeWeights } from '../../src/model/weights.ts';
import { launchBrowser } from '../support/browser.ts';
import { built } from '../support/built.ts';
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

test('a service is asked: koalarize serve', async () => {
  service = spawn(process.execPath, [built('cli.js'), 'serve', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(service.stdout!, 'data');
  const address = /http:\S+/.exec(String(line))![0];
  const folder = await temporaryFolder();
  const to = join(folder, 'color.webp');
  expect(example('service.js', await rampFile(folder), to, address, 'format=webp')).toBe(`${to}: image/webp`);
  expect(isGrey(await readImage(to))).toBe(false);
});
