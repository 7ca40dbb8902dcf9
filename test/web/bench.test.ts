/** dist/web/bench.html as users have it: built, served from some path, in a real browser. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeEach, expect, test } from 'vitest';
import type { Row } from '../../web/bench/messages.ts';
import { eachInBrowser, WEB_FOLDER } from '../support/session.ts';

// Small enough for a CPU, and the same for both arms.
const WORKLOAD = 'block35 1x1 35x35 320→32';

const on = eachInBrowser({ permissions: ['clipboard-read', 'clipboard-write'] });
let page: Page;
beforeEach(() => {
  page = on.session.page;
});

const status = () => page.textContent('#status');
const settled = (text: string) => expect.poll(status, { timeout: 120_000, interval: 100 }).toBe(text);

test('measures a workload on both arms, checks it, and hands the results over', async () => {
  await page.goto(`${on.site.base}bench.html`);
  await settled('Ready.');
  expect(await page.textContent('#adapter')).toMatch(/swiftshader/i);
  await page.fill('[name=filter]', 'BLOCK35 1x1 forward');
  await page.click('#start');
  await settled('Done.');

  const cells = await page.locator('#results tbody tr:not(.title) :is(th, td)').allTextContents();
  expect(cells).toHaveLength(7);
  const [name, ours, theirs, times, rate, share, error] = [cells[0], ...cells.slice(1).map(Number)] as [
    string,
    ...number[],
  ];
  expect(name).toBe(WORKLOAD);
  for (const value of [ours, theirs, times, rate, share]) expect(value).toBeGreaterThan(0);
  expect(error).toBeLessThan(1);

  const [saved] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
  expect(saved.suggestedFilename()).toMatch(/^koalarize-bench-\d{4}-\d\d-\d\d\.json$/);
  const results = JSON.parse(readFileSync(await saved.path(), 'utf8'));
  expect(Object.keys(results)).toEqual(['facts', 'ceilings', 'outcomes', 'memory']);
  expect(results.facts).toMatchObject({
    command: `bench.html: conv, quick, batch 1, only 'BLOCK35 1x1 forward'`,
    arms: expect.stringMatching(/^koalarize, @tensorflow\/tfjs-backend-webgpu 4\.\d+\.\d+, as shipped/),
  });
  expect(results.ceilings.fmaGflops).toBeGreaterThan(0);
  const [outcome] = results.outcomes as [Row];
  expect(outcome).toMatchObject({ workload: WORKLOAD, flops: 2 * 35 * 35 * 320 * 32 });
  expect(outcome.section).toMatch(/^Convolutions of Inception-ResNet-v2, forward/);
  expect(outcome.ours!.samplesMs).toHaveLength(3);
  expect(outcome.rivals!.tfjs!.medianMs / outcome.ours!.medianMs).toBeCloseTo(times!, 1);

  await page.click('#copy');
  await settled('Copied.');
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain(`### ${outcome.section}`);
  expect(copied).toContain(`| ${WORKLOAD} | `);
});

test('stops in the middle, and says what cannot be measured', async () => {
  await page.goto(`${on.site.base}bench.html`);
  await settled('Ready.');
  await page.fill('[name=filter]', 'enc3 weight');
  await page.click('#start');
  await page.waitForSelector('tr.running');
  await page.click('#stop');
  await settled('Stopped.');
  expect(await page.locator('tr.running').count()).toBe(0);
  await page.uncheck('[value=conv]');
  await page.click('#start');
  await settled('Choose at least one kind of workload.');
  await page.check('[value=conv]');
  await page.fill('[name=filter]', 'koala');
  await page.click('#start');
  await settled('No workload has all those words.');
  expect(await page.isEnabled('#download')).toBe(false);
});

test('goes on without a rival that is not there, and calls the results unchecked', async () => {
  await page.route(/register_all_gradients/, (route) =>
    route.fulfill({ contentType: 'text/javascript', body: "throw new Error('not installed');" }),
  );
  await page.goto(`${on.site.base}bench.html`);
  await settled('Ready.');
  await page.fill('[name=filter]', 'block35 1x1 forward');
  await page.click('#start');
  await settled('Done.');
  const [, ours, theirs, times, , , error] = await page.locator('#results tbody tr:last-child > *').allTextContents();
  expect(Number(ours)).toBeGreaterThan(0);
  expect([theirs, times, error]).toEqual(['', '', 'not checked']);
  expect(await page.textContent('#facts')).toMatch(/left out: not installed; results NOT CHECKED/);
});

test('says so where there is no WebGPU', async () => {
  await page.addInitScript(() => Object.defineProperty(Navigator.prototype, 'gpu', { value: undefined }));
  await page.goto(`${on.site.base}bench.html`);
  await settled(
    'This browser has no WebGPU: use a current Chrome, Edge, Firefox or Safari, with hardware acceleration on.',
  );
  expect(await page.isEnabled('#start')).toBe(false);
});

test("nothing of Node's is in what is served, and nothing is allowed from elsewhere", () => {
  for (const file of readdirSync(WEB_FOLDER, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.js')) expect(readFileSync(join(WEB_FOLDER, file), 'utf8'), file).not.toMatch(/["'`]node:/);
  }
  const [, policy] = /Content-Security-Policy" content="([^"]+)"/.exec(
    readFileSync(join(WEB_FOLDER, 'bench.html'), 'utf8'),
  )!;
  expect(policy).toMatch(/^default-src 'none';/);
  expect(policy).not.toMatch(/https?:|\*|unsafe/);
});
