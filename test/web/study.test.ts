/** The blind test's page in a real browser: whole sittings, and that the command line gets the same numbers from them. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { readSquare } from '../../src/cli/shared/center_crops.ts';
import { dataUrl } from '../../src/cli/shared/reports/page.ts';
import { studyCommand } from '../../src/cli/study/index.ts';
import type { StudyReport } from '../../src/cli/study/merge.ts';
import type { Kind, Saved, Verdict } from '../../src/evaluation/answers.ts';
import { intervalText, percent, wilson } from '../../src/evaluation/rates.ts';
import { sha256 } from '../../src/onnx/sha256.ts';
import { launchBrowser } from '../support/browser.ts';
import { writePicture } from '../support/pictures.ts';
import { captured, koalarize, writeTestWeights } from '../support/run.ts';

const PICTURES = 6;
let root: string;
let browser: Browser;
/** SHA-256 of the files, by the data URL of the picture as it is. */
const real = new Map<string, string>();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'koalarize-page-'));
  await writeTestWeights(join(root, 'weights.safetensors'));
  for (let i = 0; i < PICTURES; i++) {
    const path = join(root, `photos/${i}.png`);
    await writePicture(path, i, 48, 40);
    const hash = await sha256(await readFile(path));
    real.set(await dataUrl(await readSquare({ path, hash }, 32)), hash);
  }
  await makePage('study.html');
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  await rm(root, { recursive: true });
});

async function makePage(name: string, ...argv: string[]): Promise<void> {
  const small = ['--size', '32', '--render-size', '16', '--count', `${PICTURES / 2}`];
  const weights = ['--weights', join(root, 'weights.safetensors')];
  const made = await captured(() =>
    studyCommand([join(root, 'photos'), '-o', join(root, name), ...small, ...weights, ...argv]),
  );
  expect(made.code, made.err).toBe(0);
}

let context: BrowserContext;
let page: Page;
let complaints: string[];
beforeEach(async () => {
  context = await browser.newContext({ viewport: { width: 1000, height: 800 }, hasTouch: true });
  page = await context.newPage();
  complaints = [];
  page.on('console', (message) => /error|warning/.test(message.type()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  // The page itself is the only file; the rest is inside it, or saved from it.
  context.on('request', (request) => {
    const url = request.url();
    if (!/^(data|blob):/.test(url) && !request.isNavigationRequest()) complaints.push(`requested: ${url}`);
  });
});
afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

const open = (name = 'study.html') => page.goto(pathToFileURL(join(root, name)).href);

/** Waits for a picture to be seen, and says what it is, by the files alone. */
async function seen(number: number): Promise<{ shown: Kind; hash: string | undefined }> {
  await page.waitForSelector('#frame[data-state="shown"]');
  await expect.poll(() => page.textContent('#progress')).toBe(`Picture ${number} of ${PICTURES}`);
  await page.waitForSelector('#frame[data-state="shown"]');
  const url = (await page.getAttribute('#picture', 'src'))!;
  return { shown: real.has(url) ? 'real' : 'ours', hash: real.get(url) };
}

async function saveAnswers(): Promise<{ path: string; saved: Saved }> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  expect(download.suggestedFilename()).toMatch(/^koalarize-study-[0-9a-f]{6}-[0-9a-f]{6}\.json$/);
  const path = join(root, `${Math.random()}.json`);
  await download.saveAs(path);
  return { path, saved: JSON.parse(await readFile(path, 'utf8')) as Saved };
}

const cellsOf = (table: number) =>
  page
    .locator(`#rates table:nth-of-type(${table}) tbody tr`)
    .evaluateAll((rows) => rows.map((row) => [...row.querySelectorAll('td')].map(({ textContent }) => textContent)));

const merged = async (...files: string[]) => {
  const { code, stdout, stderr } = await koalarize(['study', '--merge', ...files, '--json']);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as StudyReport;
};

test('a whole sitting, by keys, buttons and touch; stopped and saved in between; merged to the same numbers', async () => {
  await open();
  expect(await page.textContent('#start')).toContain(`You will see ${PICTURES} photographs`);
  await page.fill('#person', 'Ada');
  await page.keyboard.press('Enter');

  const ways: ((verdict: Verdict) => Promise<void>)[] = [
    (verdict) => page.keyboard.press(verdict === 'fake' ? 'f' : 'r'),
    (verdict) => page.keyboard.press(verdict === 'fake' ? 'ArrowLeft' : 'ArrowRight'),
    (verdict) => page.click(`#${verdict}`),
    (verdict) => page.tap(`#${verdict}`),
  ];
  const verdicts: Verdict[] = ['real', 'fake', 'real', 'real', 'fake', 'fake'];
  const told: { shown: Kind; verdict: Verdict }[] = [];
  const answer = async (i: number) => {
    const { shown } = await seen(i + 1);
    expect(await page.getAttribute('#picture', 'alt')).toBe(`Picture ${i + 1}`);
    await ways[i % ways.length]!(verdicts[i]!);
    told[i] = { shown, verdict: verdicts[i]! };
  };
  for (let i = 0; i < 3; i++) await answer(i);
  // Back, and the other answer.
  await seen(4);
  await page.keyboard.press('b');
  verdicts[2] = 'fake';
  await answer(2);

  await seen(4);
  await page.keyboard.press('Escape');
  expect(await page.locator('#gallery figure').count()).toBe(3);
  const partial = await saveAnswers();
  expect(partial.saved.sittings).toMatchObject([{ person: 'Ada', planned: PICTURES }]);
  expect(partial.saved.sittings[0]!.answers).toHaveLength(3);
  await page.click('#resume');
  for (let i = 3; i < PICTURES; i++) await answer(i);

  const count = (kind: Kind) => {
    const shown = told.filter((one) => one.shown === kind);
    return wilson(shown.filter(({ verdict }) => verdict === 'real').length, shown.length);
  };
  const [ours, truth] = [count('ours'), count('real')];
  expect([ours.of, truth.of]).toEqual([PICTURES / 2, PICTURES / 2]);
  const right = wilson(
    told.filter(({ shown, verdict }) => (shown === 'real') === (verdict === 'real')).length,
    PICTURES,
  );
  await expect
    .poll(() => page.textContent('#headline'))
    .toBe(`${ours.count} of ${ours.of} colored pictures passed for real`);
  expect(await cellsOf(1)).toEqual(
    [ours, truth, right].map(({ count: some, of, value, low, high }) => [
      `${some} of ${of}`,
      percent(value),
      `${intervalText(low, high)} %`,
    ]),
  );
  expect(await page.isVisible('#resume')).toBe(false);
  const said = await page.locator('#gallery figure b').allTextContents();
  expect(said.filter((text) => text.endsWith('right'))).toHaveLength(right.count);

  const { path, saved } = await saveAnswers();
  const [sitting] = saved.sittings;
  expect(sitting!.answers.map(({ shown, verdict }) => ({ shown, verdict }))).toEqual(told);
  expect(new Set(sitting!.answers.map((one) => one.picture))).toEqual(new Set(real.values()));
  const report = await merged(partial.path, path);
  expect(report).toMatchObject({ people: 1, sittings: 1, repeated: 1, answers: PICTURES, right });
  expect(report.takenForReal).toMatchObject({ ours, real: truth });
  expect(report.byPicture.reduce((sum, one) => sum + one.ours.of + one.real.of, 0)).toBe(PICTURES);
});

test('the next person sees another order, and both are saved', async () => {
  await open();
  const orders: string[] = [];
  for (const person of ['first', '']) {
    await page.fill('#person', person);
    await page.click('#form button');
    const order: string[] = [];
    for (let i = 0; i < PICTURES; i++) {
      const { shown, hash } = await seen(i + 1);
      order.push(hash ?? shown);
      // The first tells them all apart, the second is fooled by all.
      await page.click(person && shown === 'ours' ? '#fake' : '#real');
    }
    orders.push(order.join());
    await page.waitForSelector('#results:not([hidden])');
    if (person) await page.click('#again');
  }
  expect(orders[0]).not.toBe(orders[1]);
  const half = PICTURES / 2;
  expect((await cellsOf(2)).map(([count]) => count)).toEqual([
    `${half} of ${PICTURES}`,
    `${PICTURES} of ${PICTURES}`,
    `${3 * half} of ${2 * PICTURES}`,
  ]);
  const report = await merged((await saveAnswers()).path);
  expect(report).toMatchObject({ people: 2, sittings: 2, repeated: 0 });
  expect(report.byPerson.map(({ ours }) => ours.value)).toEqual([0, 1]);
  expect(report.takenForReal.ours).toMatchObject({ value: 0.5, overPeople: { low: 0, high: 1 } });
  expect(report.takenForReal.real).toMatchObject({ value: 1, overPeople: { low: 1, high: 1 } });
});

test('with --seconds a picture is covered, and can be answered still, but not seen again', async () => {
  await makePage('seconds.html', '--seconds', '0.4');
  await open('seconds.html');
  await page.click('#form button');
  await seen(1);
  await page.waitForSelector('#frame[data-state="covered"]');
  expect(await page.getAttribute('#picture', 'src')).toBeNull();
  await page.keyboard.press('r');
  await seen(2);
  expect(await page.isDisabled('#back')).toBe(true);
  await page.keyboard.press('Backspace');
  await page.waitForSelector('#frame[data-state="covered"]');
  expect(await page.textContent('#progress')).toBe(`Picture 2 of ${PICTURES}`);
});

test('with --both every picture comes both ways', async () => {
  await makePage('both.html', '--both');
  await open('both.html');
  await page.click('#form button');
  for (let i = 0; i < PICTURES; i++) {
    await seen(i + 1);
    await page.keyboard.press('f');
  }
  await page.waitForSelector('#results:not([hidden])');
  const { saved } = await saveAnswers();
  const pairs = saved.sittings[0]!.answers.map(({ picture: hash, shown }) => `${hash} ${shown}`);
  expect(new Set(pairs).size).toBe(PICTURES);
  expect(saved.study.pictures).toHaveLength(PICTURES / 2);
});

test('nothing may come from elsewhere, and a key that is held is one answer', async () => {
  const html = await readFile(join(root, 'study.html'), 'utf8');
  const [, policy] = /Content-Security-Policy" content="([^"]+)"/.exec(html)!;
  expect(policy).toMatch(/^default-src 'none'; img-src data:; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/);
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  await open();
  const refused = await page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'window.intruder = true;';
    document.head.append(script);
    const fetched = await fetch('https://example.com/').then(
      () => 'fetched',
      () => 'refused',
    );
    return [fetched, 'intruder' in window];
  });
  expect(refused).toEqual(['refused', false]);
  expect(complaints.length).toBeGreaterThan(0);
  expect(complaints.every((text) => /Content Security Policy/.test(text))).toBe(true);
  complaints.length = 0;
  await page.click('#form button');
  await seen(1);
  await page.keyboard.down('f');
  await page.keyboard.down('f');
  await seen(2);
  await page.keyboard.down('f');
  expect((await seen(2)).shown).toBeDefined();
});
