/** The extractor in the page: beside the weights, kept with them, and for weights that were trained with it alone. */
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { beforeEach, expect, test } from 'vitest';
import { coloredCanvas } from '../support/canvas.ts';
import { eachInBrowser } from '../support/session.ts';

const on = eachInBrowser();
let page: Page;
beforeEach(() => {
  page = on.session.page;
});

const weights = await readFile(new URL('../../weights/koalarize.safetensors', import.meta.url));
const settled = (text: string | RegExp) =>
  expect.poll(() => page.textContent('#status'), { timeout: 60_000, interval: 50 }).toMatch(text);

/** Chooses weights as a file. */
async function choose(name: string, buffer: Buffer): Promise<void> {
  await page.setInputFiles('#files', { name, mimeType: 'application/octet-stream', buffer });
}

test('weights and extractor are downloaded once, and kept together', async () => {
  const asked: string[] = [];
  on.session.context.on('request', (request) => {
    const [, name] = /(\w[\w-]*)-\w+\.(?:safetensors|onnx)$/.exec(request.url()) ?? [];
    if (name) asked.push(name);
  });
  await page.goto(on.site.base);
  await settled('Ready.');
  expect(asked.sort()).toEqual(['efficientnet-lite0', 'koalarize']);
  // An older version's.
  await page.evaluate(async () => {
    const cache = await caches.open('koalarize weights');
    const [address] = (await cache.keys()).filter(({ url }) => url.endsWith('.onnx')).map(({ url }) => url);
    await cache.delete(address!);
    await cache.put(new URL('efficientnet-lite0-0123456789.onnx', address), new Response('old'));
  });
  await page.reload();
  await settled('Ready.');
  expect(asked.slice(2)).toEqual(['efficientnet-lite0']);
  await page.reload();
  await settled('Ready.');
  expect(asked).toHaveLength(3);
  const kept = await page.evaluate(async () => (await (await caches.open('koalarize weights')).keys()).length);
  expect(kept).toBe(2);
});

test('weights from elsewhere color with it if they were trained with it, and are refused if not', async () => {
  await page.goto(on.site.base);
  await settled('Ready.');
  await page.click('#example');
  await settled('Colored.');
  const spread = async () => (await coloredCanvas(page)).spread;
  await expect.poll(spread).toBeGreaterThan(3);
  const own = await spread();
  await choose('mine.safetensors', weights);
  await settled('Colored.');
  expect(await page.locator('#weights option:checked').textContent()).toBe('mine.safetensors');
  await expect.poll(spread).toBe(own);

  const other = Buffer.from(
    weights.toString('latin1').replace(/(embedding_sha256":")\w{64}/, `$1${'0'.repeat(64)}`),
    'latin1',
  );
  await choose('other.safetensors', other);
  await expect
    .poll(() => page.locator('#problems li').allTextContents(), { timeout: 60_000 })
    .toEqual([
      expect.stringMatching(
        /^other\.safetensors: expected weights that were trained with the page's feature extractor \(SHA-256 \w{64}\), got ones of another \(SHA-256 0{64}\) – use the command line/,
      ),
    ]);
  expect(await page.locator('#weights option:checked').textContent()).toBe('mine.safetensors');
});
