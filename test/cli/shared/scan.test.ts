import { copyFile, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Findings, isForValidation, scan } from '../../../src/cli/shared/scan.ts';
import { datasetOf, PictureCache } from '../../../src/cli/train/pictures.ts';
import { sourceSize } from '../../../src/train/data/batch.ts';
import { writePicture, writePictures } from '../../support/pictures.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'koalarize-scan-'));
});
afterAll(() => rm(root, { recursive: true }));

/** Of squares, and of the pictures they are cut from. */
const SIZE = 28;
const SHORTER = 32;
const look = (dirs: string[], findings: Findings = new Map(), decoded: (hash: string) => void = () => undefined) =>
  scan(dirs, { shorter: SHORTER, findings, decoded, progress: () => undefined });

test('finds every kind of picture, in any case, in any folder; leaves out and counts the rest', async () => {
  const dir = join(root, 'kinds');
  const good = ['a.JPG', 'b.jpeg', 'c.Png', 'deep/er/d.webp', 'deep/e.TIFF', 'f.tif', 'g.jpg', 'ü ß.png'];
  for (const [i, name] of good.entries()) await writePicture(join(dir, name), i);
  await writeFile(join(dir, 'damaged.jpg'), 'no picture');
  await writeFile(join(dir, 'empty.png'), '');
  await writePicture(join(dir, 'whole.jpg'), 20, 400, 300);
  const whole = await sharp(join(dir, 'whole.jpg')).toBuffer();
  await writeFile(join(dir, 'whole.jpg'), whole.subarray(0, whole.length / 2));
  await sharp(join(dir, 'c.Png')).greyscale().toFile(join(dir, 'grey.png'));
  await copyFile(join(dir, 'a.JPG'), join(dir, 'deep/again.jpg'));
  await writePicture(join(dir, '.hidden.png'), 9);
  await writePicture(join(dir, '.hidden/i.png'), 10);
  await writeFile(join(dir, 'notes.txt'), 'no picture');
  await symlink('..', join(dir, 'deep/loop'));
  await symlink('nowhere.png', join(dir, 'broken.png'));

  const { pictures, grey, unreadable, repeated } = await look([dir]);
  expect(pictures.map(({ path }) => basename(path)).sort()).toEqual(good.map((name) => basename(name)).sort());
  expect(grey).toBe(1);
  expect(unreadable.map((path) => basename(path)).sort()).toEqual(['damaged.jpg', 'empty.png', 'whole.jpg']);
  expect(repeated).toBe(1);
});

test('names and places make no difference, and one folder given twice is one', async () => {
  const [one, two] = [join(root, 'one'), join(root, 'two')];
  await writePictures(one, 6);
  await mkdir(join(two, 'sub'), { recursive: true });
  for (let i = 0; i < 6; i++) await copyFile(join(one, `${i}.png`), join(two, i % 2 ? 'sub' : '', `x${9 - i}.png`));
  const hashes = async (...dirs: string[]) => (await look(dirs)).pictures.map(({ hash }) => hash);
  const expected = await hashes(one);
  expect(expected).toEqual([...expected].sort());
  expect(await hashes(two)).toEqual(expected);
  expect(await hashes(one, one)).toEqual(expected);
  expect((await look([one, two])).repeated).toBe(6);
});

test('the split stays when pictures are added, and takes about a tenth', async () => {
  const dir = join(root, 'split');
  const split = async () => (await look([dir])).pictures.map((file) => [file.path, isForValidation(file)] as const);
  for (let i = 0; i < 15; i++) await writePicture(join(dir, `${i}.png`), i, 32 + i, 32);
  const before = await split();
  for (let i = 15; i < 60; i++) await writePicture(join(dir, `${i}.png`), i, 32 + i, 32);
  const after = new Map(await split());
  for (const [path, validation] of before) expect(after.get(path)).toBe(validation);
  const hash = (i: number) => ({ path: '', hash: ((i * 0x9e3779b9) >>> 0).toString(16).padStart(8, '0') });
  const share = Array.from({ length: 10_000 }, (_, i) => hash(i)).filter(isForValidation).length;
  expect(share).toBeGreaterThan(950);
  expect(share).toBeLessThan(1050);
});

test('a file is read again only when its size or time has changed', async () => {
  const dir = join(root, 'again');
  await writePictures(dir, 3);
  const findings: Findings = new Map();
  const decoded: string[] = [];
  const again = async () => {
    decoded.length = 0;
    await look([dir], findings, (hash) => void decoded.push(hash));
    return decoded.length;
  };
  expect(await again()).toBe(3);
  expect(await again()).toBe(0);
  await utimes(join(dir, '1.png'), 1, 1);
  expect(await again()).toBe(1);
});

test('the cache keeps what fits, and the rest is decoded to the same bytes', async () => {
  const dir = join(root, 'cache');
  await writePictures(dir, 4);
  const { pictures } = await look([dir]);
  const bytes = SHORTER * Math.round((SHORTER * 48) / 40) * 4;
  expect(sourceSize(SIZE)).toBe(SHORTER);
  const cache = new PictureCache(2.5 * bytes);
  const dataset = datasetOf(pictures, SIZE, 'none', cache);
  const first = await Promise.all(pictures.map((_, i) => dataset.picture(i)));
  expect(pictures.filter(({ hash }) => cache.get(hash))).toHaveLength(2);
  for (const [i, { data, width, height }] of first.entries()) {
    expect(Math.min(width, height)).toBe(SHORTER);
    expect((await dataset.picture(i)).data).toEqual(data);
  }
  await writePicture(pictures[3]!.path, 99);
  const changed = datasetOf(pictures, SIZE, 'none', new PictureCache(0));
  await expect(changed.picture(3)).rejects.toThrow('expected the picture found before, got another one');
  await rm(pictures[3]!.path);
  await expect(changed.picture(3)).rejects.toThrow('expected the picture found before, got');
});

test('nothing to train with is an error that says why', async () => {
  const dir = join(root, 'none');
  await mkdir(dir);
  const failure = (path: string) => look([path]).catch((cause: Error) => cause);
  expect(await failure(join(root, 'missing'))).toMatchObject({ expected: 'a folder', got: 'nothing' });
  expect(await failure(dir)).toMatchObject({ expected: 'pictures', got: 'none' });
  await writeFile(join(dir, 'a.jpg'), 'no picture');
  expect(await failure(join(dir, 'a.jpg'))).toMatchObject({ expected: 'a folder', got: 'a file' });
  expect(String(await failure(dir)).replaceAll(root, 'ROOT')).toMatchInlineSnapshot(
    `"FormatError: 'ROOT/none': expected color pictures, got 1 unreadable and 0 grey ones – name another folder"`,
  );
});
