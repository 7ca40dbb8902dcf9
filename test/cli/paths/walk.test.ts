/** Walks through folders of pictures: kinds, links, loops, what is left out. */
import fs, { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join, relative } from 'node:path';
import sharp from 'sharp';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { leftOutText, listPictures, Walk } from '../../../src/cli/paths/walk.ts';
import { temporaryFolder } from '../../support/fixtures.ts';

/** Lets a folder be one that cannot be listed: root may list all there are, so that permissions prove nothing. */
function close(folder: string): void {
  const { readdir } = fs;
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  const refusing = (path: string, ...rest: []) => (path === folder ? Promise.reject(denied) : readdir(path, ...rest));
  const spy = vi.spyOn(fs, 'readdir').mockImplementation(refusing as typeof readdir);
  syncBuiltinESMExports();
  onTestFinished(() => {
    spy.mockRestore();
    syncBuiltinESMExports();
  });
}

let root: string;
beforeEach(async () => {
  root = await temporaryFolder();
});

async function put(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(root, name, '..'), { recursive: true });
    await writeFile(join(root, name), 'content');
  }
}

const walked = async (walk: Walk, dir = '') =>
  (await walk.pictures(join(root, dir))).map((path) => relative(root, path));

test('names tell what is a picture; without extension its beginning does; the rest is counted', async () => {
  await put('a.JPG', 'b.jfif', 'c/scan.bmp', 'd.heic', 'notes.txt', 'c/more.TXT', 'raw.cr2', 'README', '.hidden.jpg');
  const jpeg = await sharp({ create: { width: 4, height: 4, channels: 3, background: '#888' } })
    .jpeg()
    .toBuffer();
  for (const name of ['plain', 'summer.2019', 'really.txt', 'camera.nef']) await writeFile(join(root, name), jpeg);
  const walk = new Walk();
  expect(await walked(walk)).toEqual(['a.JPG', 'b.jfif', 'c/scan.bmp', 'd.heic', 'plain', 'summer.2019']);
  expect(walk.leftOut).toEqual(
    new Map([
      ['.txt', 3],
      ['.cr2', 1],
      ['.nef', 1],
      ['', 1],
    ]),
  );
  expect(leftOutText(walk.leftOut)).toBe('3 .txt, 1 without extension, 1 .cr2, 1 .nef');
});

test('links to files and folders are followed, each folder once and where it is; circles end', async () => {
  await put('zz/a.png', 'elsewhere/b.png', 'photos/c.png');
  const photos = join(root, 'photos');
  await symlink('../zz', join(photos, 'link'));
  await symlink('../zz/a.png', join(photos, 'file.png'));
  await symlink('.', join(photos, 'loop'));
  await symlink('../photos', join(photos, 'other loop'));
  await symlink('nowhere.png', join(photos, 'broken.png'));
  await symlink('itself', join(photos, 'itself'));
  await symlink('../elsewhere', join(root, 'zz/onwards'));
  const walk = new Walk();
  expect(await walked(walk, 'photos')).toEqual([
    'photos/c.png',
    'photos/file.png',
    'photos/link/a.png',
    'photos/link/onwards/b.png',
  ]);
  expect(leftOutText(walk.leftOut)).toBe('2 broken links');
  expect(await walked(walk, 'zz')).toEqual([]);

  await put('tree/deep/x.png');
  await symlink('deep', join(root, 'tree/alias'));
  expect(await walked(new Walk(), 'tree')).toEqual(['tree/deep/x.png']);
});

test('nothing is taken from a folder that is left out, by whichever way, unless one inside of it is asked for', async () => {
  await put('photos/a.png', 'photos/out/b.png', 'photos/out/deep/c.png');
  await symlink('out/deep', join(root, 'photos/link'));
  await symlink('out/b.png', join(root, 'photos/link.png'));
  await symlink('photos/out', join(root, 'alias'));
  const except = [join(root, 'alias')];
  expect(await walked(new Walk({ except }), 'photos')).toEqual(['photos/a.png']);
  expect(await walked(new Walk({ except }), 'photos/out/deep')).toEqual(['photos/out/deep/c.png']);
  expect(await walked(new Walk({ except: [join(root, 'not/there')] }), 'photos')).toHaveLength(4);
});

test('runs of a training are left out; of one that is named, its sheets are', async () => {
  await put('photos/a.png', 'photos/run/config.json', 'photos/run/sheets/step-000001.png', 'photos/run/mine.png');
  await mkdir(join(root, 'photos/run/checkpoints'));
  expect(await walked(new Walk(), 'photos')).toEqual(['photos/a.png']);
  expect(await walked(new Walk(), 'photos/run')).toEqual(['photos/run/mine.png']);
  // Three names make a run; a folder of sheets alone may be anybody's.
  await put('music/sheets/sonata.png', 'music/config.json');
  expect(await walked(new Walk(), 'music')).toEqual(['music/sheets/sonata.png']);
});

test('a folder that cannot be read is told, and the rest is found', async () => {
  await put('a.png', 'closed/b.png', 'open/c.png');
  close(join(root, 'closed'));
  const { pictures, unreadable } = await listPictures([root]);
  expect(pictures.map((path) => relative(root, path))).toEqual(['a.png', 'open/c.png']);
  expect(unreadable).toEqual([
    { path: join(root, 'closed'), reason: expect.stringContaining('closed: expected a folder, got no permission to') },
  ]);
  await expect(listPictures([join(root, 'closed')])).rejects.toThrow('got no permission to read it – allow it');
});

test('photographs are neither GIF nor SVG', async () => {
  await put('a.png', 'b.gif', 'c.svg', 'd.avif');
  const { pictures, leftOut } = await listPictures([root]);
  expect(pictures.map((path) => relative(root, path))).toEqual(['a.png', 'd.avif']);
  expect(leftOutText(leftOut)).toBe('1 .gif, 1 .svg');
});

test('of many extensions the most frequent are named', () => {
  const counts = Array.from({ length: 12 }, (_, i) => [`.e${i}`, 20 - i] as const);
  expect(leftOutText(new Map(counts))).toBe(
    '20 .e0, 19 .e1, 18 .e2, 17 .e3, 16 .e4, 15 .e5, 14 .e6, 13 .e7, 42 others',
  );
  expect(leftOutText(new Map())).toBe('');
});

test('a folder that goes away while it is walked through is told too', async () => {
  await put('a.png', 'gone/b.png');
  const walk = new Walk();
  await rm(join(root, 'gone'), { recursive: true });
  await walk.pictures(join(root, 'gone'));
  expect(walk.unreadable.map(({ reason }) => reason)).toEqual([
    `${root}/gone: expected a folder, got no such file – check the path`,
  ]);
});
