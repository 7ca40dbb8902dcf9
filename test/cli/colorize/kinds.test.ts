/** The built command line on files of several pages, pictures in color, and kinds that are read or named. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { readImage } from '../../../src/image/node.ts';
import { koalarize, temporaryFolder, visible, writeTestWeights } from '../../support/run.ts';
import { tiff } from '../../support/tiff.ts';

let folder: string;
let weights: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  weights = join(folder, 'weights.safetensors');
  await writeTestWeights(weights);
});

const page = (value: number, width = 16) => ({ width, height: 16, data: new Uint8Array(width * 16).fill(value) });

test('--pages all colors each page, without it the others are named', async () => {
  const source = join(folder, 'pages');
  const out = join(folder, 'pages-out');
  await mkdir(source);
  await writeFile(
    join(source, 'album.tif'),
    tiff(page(40), { ...page(1, 4), tags: { 254: [1] } }, page(120, 24), page(200)),
  );
  await writeFile(join(source, 'single.tif'), tiff(page(90)));
  const first = await koalarize([source, '-o', out, '--weights', weights]);
  expect(first.code, first.stderr).toBe(0);
  expect(first.stderr).toContain('album.tif: has 3 pages, of which the first was taken – --pages all takes each');
  expect(await visible(out)).toEqual(['album.tif', 'single.tif']);
  const all = await koalarize([source, '-o', out, '--weights', weights, '--pages', 'all', '--json']);
  expect(all.code, all.stderr).toBe(0);
  expect(await visible(out)).toEqual(['album-1.tif', 'album-2.tif', 'album-3.tif', 'album.tif', 'single.tif']);
  const widths = await Promise.all([1, 2, 3].map(async (i) => (await readImage(join(out, `album-${i}.tif`))).width));
  expect(widths).toEqual([16, 24, 16]);
  for (const line of all.stdout.trim().split('\n')) expect(JSON.parse(line).warnings).toEqual([]);
});

test('a page never takes the name of another picture', async () => {
  const source = join(folder, 'named');
  const out = join(folder, 'named-out');
  await mkdir(source);
  await writeFile(join(source, 'a.tif'), tiff(page(40), page(50)));
  await writeFile(join(source, 'A-2.tif'), tiff(page(90, 32)));
  const { code, stderr } = await koalarize([source, '-o', out, '--weights', weights, '--pages', 'all']);
  expect(code, stderr).toBe(0);
  expect(await visible(out)).toEqual(['A-2.tif', 'a-page-1.tif', 'a-page-2.tif']);
  expect((await readImage(join(out, 'A-2.tif'))).width).toBe(32);
});

test('a picture that has colors is said; --keep-color leaves it as it is, and colors the others', async () => {
  const source = join(folder, 'colors');
  await mkdir(source);
  const data = Buffer.from(
    Array.from({ length: 64 * 64 }, (_, i) => (i % 64 < 32 ? [200, 60, 50] : [60, 90, 210])).flat(),
  );
  const file = sharp(data, { raw: { width: 64, height: 64, channels: 3 } });
  await file
    .withExif({ IFD0: { ImageDescription: 'Harvest' } })
    .png()
    .toFile(join(source, 'color.png'));
  await writeFile(join(source, 'grey.tif'), tiff(page(120)));
  const [coloredAgain, kept] = [join(folder, 'again'), join(folder, 'kept')];
  const first = await koalarize([source, '-o', coloredAgain, '--weights', weights]);
  expect(first.stderr).toContain(
    'color.png: has colors already, which are replaced – --keep-color leaves such pictures as they are',
  );
  expect(first.stderr).not.toContain('grey.tif: has colors');
  const second = await koalarize([source, '-o', kept, '--weights', weights, '--keep-color']);
  expect(second.code, second.stderr).toBe(0);
  expect(second.stderr).toContain('color.png: has colors already – left as it is');
  const [before, after, changed] = await Promise.all(
    [source, kept, coloredAgain].map((at) => readImage(join(at, 'color.png'))),
  );
  expect(after!.data).toEqual(before!.data);
  expect(Buffer.from(after!.metadata.exif!).toString('latin1')).toContain('Harvest');
  expect(changed!.data).not.toEqual(before!.data);
  expect(await visible(kept)).toEqual(['color.png', 'grey.tif']);
});

test('.jfif and .bmp of a folder are taken, what cannot be read is named by what it is', async () => {
  const source = join(folder, 'other');
  const out = join(folder, 'other-out');
  await mkdir(source);
  const grey = sharp(Buffer.alloc(256, 99), { raw: { width: 16, height: 16, channels: 1 } });
  await writeFile(join(source, 'old.jfif'), await grey.jpeg().toBuffer());
  const bmp = Buffer.alloc(54 + 16 * 48, 120);
  bmp.fill(0, 0, 54);
  bmp.write('BM');
  for (const [at, value] of [
    [10, 54],
    [14, 40],
    [18, 16],
    [22, 16],
    [26, 1 + (24 << 16)],
  ] as const)
    bmp.writeUInt32LE(value, at);
  await writeFile(join(source, 'scan.bmp'), bmp);
  const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1');
  await writeFile(join(source, 'phone.heic'), Buffer.concat([heic, Buffer.alloc(64)]));
  const { code, stderr } = await koalarize([source, '-o', out, '--weights', weights]);
  expect(code, stderr).toBe(1);
  expect((await visible(out)).length, stderr).toBe(2);
  expect(stderr).toMatch(
    /phone\.heic: expected an image file, got a HEIC picture \(HEVC\) – convert it to JPEG or PNG/,
  );
  expect(stderr).not.toContain('undamaged');
});
