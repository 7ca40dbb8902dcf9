/** The page is given what is no picture, what is gone, and what fails on the way: it says so, and goes on. */
import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../support/fixtures.ts';
import { eachInBrowser, openSession } from '../support/session.ts';

const on = eachInBrowser();
let page: Page;
beforeEach(() => {
  page = on.session.page;
});

const settled = (text: string) =>
  expect.poll(() => page.textContent('#status'), { timeout: 60_000, interval: 50 }).toBe(text);
const problems = () => page.locator('#problems li').allTextContents();

async function png(seed = 1): Promise<Buffer> {
  const data = Buffer.from(Array.from({ length: 60 * 40 }, (_, i) => (i * seed + (i >> 3)) & 255));
  return sharp(data, { raw: { width: 60, height: 40, channels: 1 } })
    .png()
    .toBuffer();
}

function file(name: string, content: Buffer | string, mimeType = 'image/jpeg') {
  return { name, buffer: Buffer.from(content), mimeType };
}

test('files of any kind: each is told what it is, and the good one is colored', async () => {
  const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\0meta', 'latin1');
  await page.goto(on.site.base);
  await settled('Ready.');
  await page.setInputFiles('#files', [
    file('nothing.jpg', ''),
    file('letter.jpg', 'Dear grandmother, the photographs are in the other envelope.'),
    file('pointer.jpg', `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12345\n`),
    file('phone.heic', heic, 'image/heic'),
    file('scan.tif', Buffer.from('II*\0\x08\0\0\0\0\0\0\0', 'latin1'), 'image/tiff'),
    file('noise.bin', Buffer.from([0, 1, 2, 3, 250]), ''),
    file('good.png', await png(), 'image/png'),
  ]);
  await settled('Colored.');
  const said = await problems();
  const about = (name: string) => said.filter((line) => line.startsWith(`${name}: `)).join('\n');
  expect(about('nothing.jpg')).toContain('got an empty file – ');
  expect(about('letter.jpg')).toContain('got text – ');
  expect(about('pointer.jpg')).toMatch(/got a Git LFS pointer.* – run 'git lfs pull'/);
  expect(about('phone.heic')).toMatch(
    /got HEIC.* – open this page in Safari 17 or newer, .* or save the picture as JPEG/,
  );
  expect(about('scan.tif')).toMatch(/got TIFF – open this page in Safari, use the command line, or save/);
  expect(about('noise.bin')).toContain('got a file of type application/octet-stream – ');
  expect(await page.locator('#strip li').count()).toBe(1);
});

test('weights that are none are named, and those before stay', async () => {
  await page.goto(on.site.base);
  await settled('Ready.');
  for (const [name, content] of [
    ['empty.safetensors', ''],
    ['garbage.safetensors', 'no weights at all, only words'],
  ] as const) {
    await page.setInputFiles('#files', [file(name, content, '')]);
    await expect
      .poll(async () => (await problems()).at(-1), { timeout: 20_000 })
      .toMatch(new RegExp(`^${name}: expected `));
    expect(await page.inputValue('#weights')).toBe('0');
  }
  await settled('Ready.');
});

test('a file that was changed or removed after it was chosen is to be chosen again', async () => {
  const path = join(await temporaryFolder(), 'portrait.png');
  await writeFile(path, await png());
  await page.goto(on.site.base);
  await settled('Ready.');
  await page.setInputFiles('#files', path);
  await settled('Colored.');
  await rm(path);
  await page.click('#download');
  await expect
    .poll(problems, { timeout: 30_000 })
    .toEqual([
      expect.stringMatching(/^portrait\.png: expected the file as it was when it was chosen, got .* – choose it again/),
    ]);
  await writeFile(path, await png(3));
  await utimes(path, new Date(), new Date(Date.now() + 5000));
  await page.setInputFiles('#files', path);
  await settled('2 photographs colored.');
  const [saved] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
  expect(saved.suggestedFilename()).toBe('portrait.jpg');
});

test('a folder that is dropped is named, and what lies beside it is taken', async () => {
  const good = [...(await png())];
  await page.goto(on.site.base);
  await settled('Ready.');
  await page.evaluate((bytes) => {
    const given = new DataTransfer();
    given.items.add(new File([], 'holidays'));
    given.items.add(new File([new Uint8Array(bytes)], 'good.png', { type: 'image/png' }));
    // What browsers say of a folder; a script can't make one.
    DataTransferItem.prototype.webkitGetAsEntry = function () {
      const name = this.getAsFile()?.name ?? '';
      return { name, isDirectory: name === 'holidays' } as FileSystemEntry;
    };
    dispatchEvent(new DragEvent('drop', { dataTransfer: given, cancelable: true }));
  }, good);
  await settled('Colored.');
  expect(await problems()).toEqual([expect.stringMatching(/^holidays: expected a picture, got a folder – open it/)]);
});

test('hidden characters in a name become visible', async () => {
  await page.goto(on.site.base);
  await settled('Ready.');
  await page.setInputFiles('#files', [file('a\x1b[31m\u202egnp.png', await png(), 'image/png')]);
  await settled('Colored.');
  expect(await page.textContent('#facts')).toContain('a\ufffd[31m\ufffdgnp.png, 60 × 40, ');
  expect(await page.getAttribute('#strip li button', 'title')).toBe('a\ufffd[31m\ufffdgnp.png');
});

test('a drawing that fails is said, and the photographs stay', async () => {
  await page.addInitScript(() => {
    const remember = `const { slice } = Uint8ClampedArray.prototype;
      Uint8ClampedArray.prototype.slice = function (...given) {
        if (self.full) throw new RangeError('Array buffer allocation failed');
        return slice.apply(this, given);
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
  await page.setInputFiles('#files', [
    file('one.png', await png(), 'image/png'),
    file('two.png', await png(3), 'image/png'),
  ]);
  await settled('2 photographs colored.');
  const fill = (full: boolean) => page.workers()[0]!.evaluate((value) => Object.assign(self, { full: value }), full);
  await fill(true);
  await page.click('#strip li:nth-child(2) button');
  await expect
    .poll(problems)
    .toEqual([expect.stringMatching(/^The photograph could not be drawn: Array buffer allocation failed/)]);
  await fill(false);
  await page.click('#strip li:nth-child(1) button');
  await page.click('#strip li:nth-child(2) button');
  await expect.poll(() => page.textContent('#facts')).toMatch(/^two\.png/);
  const [saved] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
  expect(saved.suggestedFilename()).toBe('two.jpg');
  expect(await page.textContent('#status')).toBe('2 photographs colored.');
});

test('the part that trains says that it could not be loaded each time it is opened, and no address of a worker is left', async () => {
  const session = await openSession(on.browser, on.site, { serviceWorkers: 'block' });
  page = session.page;
  await page.addInitScript(() => {
    const [make, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
    const open = new Set<string>();
    Object.assign(window, { open });
    URL.createObjectURL = (...given) => {
      const url = make.apply(URL, given);
      open.add(url);
      return url;
    };
    URL.revokeObjectURL = (url) => {
      open.delete(url);
      revoke.call(URL, url);
    };
  });
  await page.goto(on.site.base);
  await settled('Ready.');
  expect(await page.evaluate(() => (window as unknown as { open: Set<string> }).open.size)).toBe(0);
  await page.route(/training.*\.js/, (route) => route.abort());
  await page.click('#training summary');
  await expect.poll(problems).toEqual([expect.stringMatching(/^Training could not be loaded: .* – /)]);
  const others = session.complaints.splice(0).filter((line) => !/Failed to load|Service Worker .*blocked/.test(line));
  expect(others).toEqual([]);
  await page.unroute(/training.*\.js/);
  await page.click('#training summary');
  await page.click('#training summary');
  // Some browsers remember that a module failed: then it is said again, and that the page is to be loaded again.
  const answered = async () => (await page.isEnabled('#training-choose')) || (await problems()).length === 2;
  await expect.poll(answered, { timeout: 20_000 }).toBe(true);
  session.complaints.splice(0);
  await session.end();
});
