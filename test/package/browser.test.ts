/** The package in a real browser: as it is, and as bundlers make it. All colour as Node does. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../web/browser.ts';
import { type Site, serve } from '../web/server.ts';
import { bundle } from './bundle.ts';
import { colouring, difference, isColoured } from './colour.ts';
import { makeConsumer, runNode } from './consumer.ts';

const consumer = await makeConsumer();
let browser: Browser;
let site: Site;
let inNode: string;

beforeAll(async () => {
  site = await serve(consumer.folder);
  await write('colour.js', colouring('', 'console.log(result); process.exit();'));
  inNode = runNode(consumer, 'colour.js');
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

async function expectColours(name: string): Promise<void> {
  const result = await resultOf(name);
  expect(isColoured(result)).toBe(true);
  expect(difference(result, inNode)).toBeLessThanOrEqual(1);
}

test('a plain module script', async () => {
  const imports = { koalarize: './node_modules/koalarize/dist/browser/index.js' };
  const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
  await write('plain.js', colouring('', TELL));
  await write('plain.html', pageOf('plain.js', map));
  await expectColours('plain.html');
});

test('bundled by esbuild, the weights as a file of the bundle', async () => {
  const script = colouring('{ weights: new URL(path, import.meta.url) }', TELL);
  await write('esbuild.js', `import path from 'koalarize/weights/koalarize.safetensors';\n${script}`);
  await bundle(consumer, 'esbuild.js', 'esbuild');
  await write('esbuild.html', pageOf('esbuild/esbuild.js'));
  await expectColours('esbuild.html');
});

test('bundled by esbuild without them: says what is missing, and what to do', async () => {
  await write(
    'missing.js',
    colouring('', TELL).replace('await Colorizer.load()', 'await Colorizer.load().catch(tell)'),
  );
  await write('tell.js', 'globalThis.tell = (error) => { document.title = String(error); };');
  await bundle(consumer, 'missing.js', 'missing');
  await write('missing.html', pageOf('missing/missing.js', '<script src="tell.js"></script>'));
  const page = await browser.newPage();
  await page.goto(`${site.base}missing.html`);
  await page.waitForFunction('document.title', undefined, { timeout: 60_000 });
  expect(await page.title()).toMatch(
    /^FormatError: http.*\/weights\/koalarize\.safetensors: expected a file, got HTTP 404 .*– put it there, or give another address, or its bytes$/,
  );
  await page.close();
});

test('bundled by vite, which finds the weights by itself', async () => {
  await write('vite.js', colouring('', TELL));
  await write('index.html', pageOf('vite.js'));
  await build({
    root: consumer.folder,
    base: './',
    configFile: false,
    logLevel: 'silent',
    build: { outDir: 'vite' },
  });
  await expectColours('vite/index.html');
});
