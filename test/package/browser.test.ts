/** The package in a real browser: as it is, and as bundlers make it. All color as Node does. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { type Site, serve } from '../support/server.ts';
import { bundle } from './bundle.ts';
import { coloring, difference, isColored } from './color.ts';
import { makeConsumer, runNode } from './consumer.ts';

const consumer = await makeConsumer();
let browser: Browser;
let site: Site;
let inNode: string;

beforeAll(async () => {
  site = await serve(consumer.folder);
  await write('color.js', coloring('', 'console.log(result); process.exit();'));
  inNode = runNode(consumer, 'color.js');
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  site?.close();
});

const write = (name: string, text: string) => writeFile(join(consumer.folder, name), text);
const TELL = 'document.title = result;';

function pageOf(script: string, head = ''): string {
  return `<!doctype html>
<meta charset="utf-8">
<title></title>
<link rel="icon" href="data:,">
${head}
<script type="module" src="${script}"></script>
`;
}

/** Opens a page and waits for what it tells. @throws Error for a complaint */
async function resultOf(name: string): Promise<string> {
  const page = await browser.newPage();
  const complaint = new Promise<never>((_, fail) => page.on('pageerror', fail));
  await page.goto(site.base + name);
  await Promise.race([page.waitForFunction('document.title', undefined, { timeout: 120_000 }), complaint]);
  const result = await page.title();
  await page.close();
  return result;
}

async function expectColors(name: string): Promise<void> {
  const result = await resultOf(name);
  expect(isColored(result)).toBe(true);
  expect(difference(result, inNode)).toBeLessThanOrEqual(1);
}

test('a plain module script', async () => {
  const imports = { koalarize: './node_modules/koalarize/dist/browser/index.js' };
  const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
  await write('plain.js', coloring('', TELL));
  await write('plain.html', pageOf('plain.js', map));
  await expectColors('plain.html');
});

test('bundled by esbuild, weights and extractor as files of the bundle', async () => {
  const given = '{ weights: new URL(weights, import.meta.url), extractor: new URL(extractor, import.meta.url) }';
  const imports = [
    `import weights from 'koalarize/weights/koalarize.safetensors';`,
    `import extractor from 'koalarize/weights/efficientnet-lite0.onnx';`,
  ];
  await write('esbuild.js', [...imports, coloring(given, TELL)].join('\n'));
  await bundle(consumer, 'esbuild.js', 'esbuild');
  await write('esbuild.html', pageOf('esbuild/esbuild.js'));
  await expectColors('esbuild.html');
});

const FILES = ['koalarize.safetensors', 'efficientnet-lite0.onnx'];

test.each(FILES)('bundled by esbuild without %s: says what is missing, and what to do', async (missing) => {
  const name = missing.replace(/\.\w+$/, '');
  const there = FILES.find((file) => file !== missing)!;
  const option = there.endsWith('.onnx') ? 'extractor' : 'weights';
  const load = `Colorizer.load({ ${option}: new URL('./node_modules/koalarize/weights/${there}', document.baseURI) })`;
  const script = coloring('', TELL).replace('await Colorizer.load()', `await ${load}.catch(tell)`);
  await write(`${name}.js`, script);
  await write('tell.js', 'globalThis.tell = (error) => { document.title = String(error); };');
  await bundle(consumer, `${name}.js`, 'missing');
  await write(`${name}.html`, pageOf(`missing/${name}.js`, '<script src="tell.js"></script>'));
  const page = await browser.newPage();
  await page.goto(`${site.base}${name}.html`);
  await page.waitForFunction('document.title', undefined, { timeout: 60_000 });
  const title = await page.title();
  expect(title).toContain(`/weights/${missing}: expected a file, got HTTP 404`);
  expect(title).toMatch(/^EnvironmentError: http.* – put it there, or give another address, or its bytes$/);
  await page.close();
});

test('bundled by vite, which finds weights and extractor by itself', async () => {
  await write('vite.js', coloring('', TELL));
  await write('index.html', pageOf('vite.js'));
  await build({
    root: consumer.folder,
    base: './',
    configFile: false,
    logLevel: 'silent',
    build: { outDir: 'vite' },
  });
  await expectColors('vite/index.html');
});
