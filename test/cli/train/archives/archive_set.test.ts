/** Pictures in archives: found without being read, and read where they lie. */
import { execFileSync } from 'node:child_process';
import { mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PictureList } from '../../../../src/cli/shared/scan.ts';
import { ArchiveSet, archivePaths } from '../../../../src/cli/train/archives/archive_set.ts';
import { temporaryFolder } from '../../../support/run.ts';
import { tar } from '../../../support/tar.ts';

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
const find = (...names: string[]) => ArchiveSet.find(names.map(at), () => undefined);
const texts = (set: PictureList) =>
  Promise.all(Array.from({ length: set.length }, async (_, i) => String(Buffer.from(await set.at(i)!.read!()))));

test('finds the pictures among the other files, in order, and reads each', async () => {
  await writeFile(
    at('a.tar'),
    tar([
      ['1.jpg', 'one'],
      ['1.cls', '7'],
      ['2.PNG', 'x'.repeat(600)],
      ['3.gif', 'gif'],
    ]),
  );
  await writeFile(
    at('b.tar'),
    tar([
      ['n/4.webp', 'four'],
      ['n/empty.jpg', ''],
      ['n/5.json', '{}'],
    ]),
  );
  const set = await find('a.tar', 'b.tar');
  expect(set.length).toBe(3);
  expect(set.parts).toEqual([2, 1]);
  expect(await texts(set)).toEqual(['one', 'x'.repeat(600), 'four']);
  expect(set.at(2).path).toBe(`${at('b.tar')}, picture 1`);
  expect(new Set([0, 1, 2].map((i) => set.at(i).hash)).size).toBe(3);
});

test.for(['gnu', 'pax', 'ustar'])('reads what tar writes in the form %s', async (format) => {
  const long = `${'deep/'.repeat(30)}${'n'.repeat(80)}.jpg`;
  await mkdir(at(`tree/${'deep/'.repeat(30)}`), { recursive: true });
  await writeFile(at(`tree/${long}`), 'long name');
  await writeFile(at('tree/ä.jpg'), 'umlaut');
  execFileSync('tar', [`--format=${format}`, '-C', at('tree'), '--sort=name', '-cf', at(`${format}.tar`), '.']);
  expect((await texts(await find(`${format}.tar`))).sort()).toEqual(['long name', 'umlaut']);
});

test('a tenth is kept for validation, always the same, and each picture is in one of the two', async () => {
  await writeFile(at('c.tar'), tar(Array.from({ length: 300 }, (_, i) => [`${i}.jpg`, `${i}`] as const)));
  await writeFile(at('d.tar'), tar([['x.jpg', 'x']]));
  const { train, validation } = (await find('c.tar', 'd.tar')).split();
  expect(validation.length).toBeGreaterThan(12);
  expect(validation.length).toBeLessThan(54);
  expect(train.parts!.reduce((sum, part) => sum + part)).toBe(train.length);
  const all = [...(await texts(train)), ...(await texts(validation))];
  expect(new Set(all).size).toBe(301);
  expect(all).toHaveLength(301);
});

test('an archive that is cut short is refused at once, and one that is later, when it is read', async () => {
  const whole = tar([
    ['1.jpg', 'x'.repeat(5000)],
    ['2.jpg', 'two'],
  ]);
  await writeFile(at('e.tar'), whole.subarray(0, 3000));
  await expect(find('e.tar')).rejects.toThrow(/e\.tar: expected a whole tar archive, got one cut short after 3000/);
  await writeFile(at('f.tar'), whole);
  const set = await find('f.tar');
  await truncate(at('f.tar'), 3000);
  await expect(set.at(0).read!()).rejects.toThrow(/f\.tar: expected the archive found before, got one cut short/);
});

test('archives are named themselves or by their folder, and not beside folders of photographs', async () => {
  await mkdir(at('many/photos'), { recursive: true });
  await mkdir(at('photos'), { recursive: true });
  for (const name of ['many/2.tar', 'many/1.tar', 'many/.hidden.tar', 'many/x.txt']) await writeFile(at(name), '');
  expect(await archivePaths([at('many')])).toEqual([at('many/1.tar'), at('many/2.tar')]);
  expect(await archivePaths([at('many/2.tar'), at('many')])).toEqual([at('many/2.tar'), at('many/1.tar')]);
  expect(await archivePaths([at('photos')])).toBeUndefined();
  await expect(archivePaths([at('many'), at('photos')])).rejects.toThrow(/expected archives \(\.tar\), as the others/);
  await expect(find('many/1.tar')).rejects.toThrow(/expected pictures in the archive, got none/);
});

/** What other tests left behind is not to be counted. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

test('memory is by the place of a picture, not by its name or content', async () => {
  const count = 20_000;
  const members = Array.from({ length: count }, (_, i) => [`${'n'.repeat(60)}${i}.jpg`, 'tiny'] as const);
  await writeFile(at('g.tar'), tar(members));
  collectGarbage();
  const before = process.memoryUsage();
  const set = await find('g.tar');
  const after = process.memoryUsage();
  expect(set.length).toBe(count);
  // 12 bytes a picture, in arrays that grew to twice as many.
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(count * 60 + 2 ** 20);
  expect(String(Buffer.from(await set.at(count - 1).read!()))).toBe('tiny');
});
