/** Storage in a folder: what is written is whole, what is missing is told, names are those below it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderByFolder } from '../../../src/cli/paths/bucket.ts';
import { FolderStore } from '../../../src/cli/storage/folder.ts';
import { absolutePlace, isBucket, openStore } from '../../../src/cli/storage/open.ts';
import type { ListedFile } from '../../../src/cli/storage/store.ts';
import { temporaryFolder, visible } from '../../support/run.ts';

async function* textsOf(...texts: string[]) {
  yield* texts;
}

test('files are written with the folders above them, read whole and in part, and listed with all below', async () => {
  const folder = await temporaryFolder();
  const store = new FolderStore(folder);
  await store.write('sub/é 1.bin', Buffer.from('0123456789'));
  await store.writeTexts('sub/deep/b.txt', textsOf('one\n', 'two\n'));
  expect(Buffer.from((await store.read('sub/é 1.bin', 'a file')).data).toString()).toBe('0123456789');
  const part = async (at: number, bytes: number) =>
    Buffer.from(await store.readPart('sub/é 1.bin', 'a file', at, bytes)).toString();
  expect([await part(2, 3), await part(8, 10), await part(20, 5)]).toEqual(['234', '89', '']);
  expect((await store.stat('sub/é 1.bin'))!.bytes).toBe(10);
  expect((await store.stat('sub/é 1.bin'))!.modified).toBe((await store.read('sub/é 1.bin', 'a file')).modified);
  expect(await store.stat('none')).toBeUndefined();
  await writeFile(join(folder, '.koalarize-a.jsonl'), '');
  await mkdir(join(folder, '.koalarize-b'));
  expect(await store.top('.koalarize')).toEqual(['.koalarize-a.jsonl', '.koalarize-b']);
  const names: string[] = [];
  for await (const files of store.list()) for (const { name } of files) names.push(name);
  expect(names.sort()).toEqual(['.koalarize-a.jsonl', 'sub/deep/b.txt', 'sub/é 1.bin']);
  const isThere = await store.presence();
  expect(['sub/deep/b.txt', 'b.txt'].map(isThere)).toEqual([true, false]);
  expect(store.inside(store.place('sub/deep/b.txt'))).toBe('sub/deep/b.txt');
  await store.remove('sub/deep/b.txt');
  await store.remove('sub/deep/b.txt');
  expect(isThere('sub/deep/b.txt')).toBe(false);
});

test('nothing is written of texts that end in an error, and what is missing is named', async () => {
  const folder = await temporaryFolder();
  const store = new FolderStore(folder);
  async function* broken() {
    yield 'x'.repeat(3_000_000);
    throw new Error('no more');
  }
  await expect(store.writeTexts('a', broken())).rejects.toThrow('no more');
  expect(await visible(folder)).toEqual([]);
  await expect(store.read('a', 'an image file')).rejects.toThrow(
    `${join(folder, 'a')}: expected an image file, got no such file`,
  );
  await expect(store.readPart('a', 'a manifest', 0, 1)).rejects.toThrow('expected a manifest, got no such file');
  await expect(new FolderStore(join(folder, 'none')).list().next()).rejects.toThrow(
    'expected a folder, got no such file',
  );
  expect(await new FolderStore(join(folder, 'none')).top('a')).toEqual([]);
});

test('names tell folders from buckets', async () => {
  expect(['s3://b', 's3://b/p', 's3', '/s3://b', 'S3://b'].map(isBucket)).toEqual([true, true, false, false, false]);
  expect([absolutePlace('s3://b/p//'), absolutePlace('a/../b')]).toEqual(['s3://b/p', join(process.cwd(), 'b')]);
  expect(await openStore('/a')).toMatchObject({ name: '/a', folder: '/a' });
  await expect(openStore('s3://')).rejects.toThrow("expected s3://BUCKET/PREFIX, got 's3:'");
});

test('a listing in the order of names becomes folders, each whole and once; another order is refused', async () => {
  async function* listed(...pages: string[][]): AsyncGenerator<ListedFile[]> {
    for (const names of pages) yield names.map((name) => ({ name }));
  }
  const folders = async (...pages: string[][]) => {
    const found: string[][] = [];
    for await (const files of folderByFolder(listed(...pages), 's3://b')) found.push(files.map(({ name }) => name));
    return found;
  };
  // As bytes: '!' before '/', '0' behind it; U+FF5E before U+1D11E, though not in UTF-16.
  expect(
    await folders(
      ['a!b.jpg', 'a/1.jpg', 'a/b/2.jpg'],
      ['a/b/c/3.jpg', 'a/b/d.jpg', 'a/z.jpg', 'a0.jpg'],
      [],
      ['b/～.jpg', 'b/𝄞.jpg', 'c/d/e.jpg'],
    ),
  ).toEqual([
    ['a/b/c/3.jpg'],
    ['a/b/2.jpg', 'a/b/d.jpg'],
    ['a/1.jpg', 'a/z.jpg'],
    ['b/～.jpg', 'b/𝄞.jpg'],
    ['c/d/e.jpg'],
    ['a!b.jpg', 'a0.jpg'],
  ]);
  await expect(folders(['b.jpg'], ['a.jpg'])).rejects.toThrow(
    "s3://b: expected names in order, got 'a.jpg' behind 'b.jpg'",
  );
});
