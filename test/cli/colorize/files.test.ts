/** Coloring of files by a painter that is a stub: what is read, how often, and what is told. */
import fs, { stat, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FileColorizer, type Outcome } from '../../../src/cli/colorize/files.ts';
import { requestOf } from '../../../src/cli/colorize/options.ts';
import { withPages } from '../../../src/cli/colorize/pages.ts';
import { planJobs } from '../../../src/cli/colorize/plan.ts';
import { hashOf } from '../../../src/cli/colorize/skip.ts';
import { encodeImage, readImage } from '../../../src/image/node.ts';
import { flat, noise, temporaryFolder } from '../../support/fixtures.ts';
import { tiff } from '../../support/tiff.ts';

/** Counts how often files are read, by their paths. */
function countReads(): Map<string, number> {
  const counts = new Map<string, number>();
  const { readFile } = fs;
  const spy = vi.spyOn(fs, 'readFile').mockImplementation(((path: string, ...rest: []) => {
    counts.set(path, (counts.get(path) ?? 0) + 1);
    return readFile(path, ...rest);
  }) as typeof readFile);
  syncBuiltinESMExports();
  onTestFinished(() => {
    spy.mockRestore();
    syncBuiltinESMExports();
  });
  return counts;
}

const page = (code: number) => ({ width: 6, height: 4, data: new Uint8Array(24).fill(code) });
const painter = {
  chroma: async () => ({ data: Float32Array.of(40, 20), width: 1, height: 1 }),
  close: async () => undefined,
};

/** Colors the files of a folder as a call with `--pages all` does. */
async function colorAll(folder: string, out: string): Promise<{ outcomes: Outcome[]; outputs: string[] }> {
  const request = requestOf([folder], { output: out, pages: 'all' });
  const jobs = await withPages((await planJobs([folder], out)).jobs);
  const files = new FileColorizer(request, async () => painter, undefined);
  const outcomes: Outcome[] = [];
  for (const job of jobs) outcomes.push(await files.color(job));
  return { outcomes, outputs: jobs.map(({ output }) => output) };
}

test('a file of several pages is read once to count them, and once for all of them', async () => {
  const folder = await temporaryFolder();
  const [album, single] = [join(folder, 'album.tif'), join(folder, 'single.tif')];
  await writeFile(album, tiff(page(60), page(120), page(180)));
  await writeFile(single, tiff(page(90)));
  const counts = countReads();
  const out = await temporaryFolder();
  const { outcomes, outputs } = await colorAll(folder, out);
  expect(outcomes.map(({ result }) => result)).toEqual(Array(4).fill('colored'));
  expect([counts.get(album), counts.get(single)]).toEqual([2, 2]);
  // Each is its own page.
  const greys = await Promise.all(outputs.map(async (path) => (await readImage(path)).data.subarray(0, 3)));
  const lumas = greys.map(([r, g, b]) => 0.299 * r! + 0.587 * g! + 0.114 * b!);
  for (const [i, code] of [60, 120, 180, 90].entries()) expect(Math.abs(lumas[i]! - code)).toBeLessThan(20);
});

test('a page is read anew where its file has changed', async () => {
  const folder = await temporaryFolder();
  const [album, output] = [join(folder, 'album.tif'), join(await temporaryFolder(), 'out.png')];
  const files = new FileColorizer(requestOf([folder], { output, pages: 'all' }), async () => painter, undefined);
  const job = { input: album, folder, name: 'album.tif', output };
  await writeFile(album, tiff(page(60), page(120)));
  expect((await files.color({ ...job, page: 0 })).result).toBe('colored');
  await writeFile(album, tiff(page(60), page(200)));
  await utimes(album, 1e9, 1e9);
  expect((await files.color({ ...job, page: 1 })).result).toBe('colored');
  expect((await readImage(output)).data[1]).toBeGreaterThan(150);
});

test('a file that may have changed is hashed once for all its pages', async () => {
  const path = join(await temporaryFolder(), 'album.tif');
  await writeFile(path, tiff(page(60), page(120)));
  const { size: bytes, mtimeMs } = await stat(path);
  const counts = countReads();
  const known = { folder: '', path, sha256: '', bytes, modified: mtimeMs - 1 };
  const hashes = await Promise.all([1, 2, 3].map(() => hashOf(path, known)));
  expect([new Set(hashes).size, counts.get(path)]).toEqual([1, 1]);
  expect(await hashOf(path, { ...known, sha256: 'known', modified: mtimeMs })).toBe('known');
  await writeFile(path, tiff(page(60), page(121), page(7)));
  expect(await hashOf(path, known)).not.toBe(hashes[0]);
});

test('a picture with colors is told of, and stays as it is where that is wanted', async () => {
  const folder = await temporaryFolder();
  const [input, output] = [join(folder, 'a.png'), join(folder, 'out.png')];
  await writeFile(input, (await encodeImage(input, flat(10, 10, [200, 0, 0]))).bytes);
  const color = (values: object) =>
    new FileColorizer(requestOf([input], { output, ...values }), async () => painter, undefined).color({
      ...{ input, output, folder, name: 'a.png' },
    });
  expect(await color({})).toMatchObject({
    result: 'colored',
    warnings: [`${input}: has colors already, which are replaced – --keep-color leaves such pictures as they are`],
  });
  expect(await color({ 'keep-color': true })).toMatchObject({
    result: 'kept',
    warnings: [`${input}: has colors already – left as it is`],
  });
  expect([...(await readImage(output)).data.subarray(0, 4)]).toEqual([200, 0, 0, 255]);
  const grey = join(folder, 'grey.png');
  await writeFile(grey, (await encodeImage(grey, noise(8, 8, { grey: true }))).bytes);
  const files = new FileColorizer(requestOf([grey], { output }), async () => painter, undefined);
  expect(await files.color({ input: grey, output, folder, name: 'grey.png' })).toMatchObject({ warnings: [] });
});
