/** Identity of files, whichever way their paths are written. */
import { link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { expectApart, isSameFile, Originals, realTarget } from '../../../src/cli/paths/identity.ts';
import { temporaryFolder } from '../../support/fixtures.ts';

let root: string;
beforeEach(async () => {
  root = await realTarget(await temporaryFolder());
  await mkdir(join(root, 'photos'));
  for (const name of ['photos/a.jpg', 'photos/b.jpg']) await writeFile(join(root, name), name);
  await symlink('photos', join(root, 'link'));
  await symlink('photos/a.jpg', join(root, 'soft.jpg'));
  await symlink('nowhere/x.jpg', join(root, 'broken.jpg'));
  await link(join(root, 'photos/a.jpg'), join(root, 'hard.jpg'));
});

const at = (name: string) => join(root, name);

test.each(['link/a.jpg', 'soft.jpg', 'hard.jpg', 'photos/../link/a.jpg', 'photos/A.JPG'])(
  '%s is a.jpg',
  async (name) => {
    expect(await isSameFile(at('photos/a.jpg'), `${root}/${name}`)).toBe(true);
  },
);

test.each(['photos/b.jpg', 'photos/c.jpg', 'broken.jpg', 'a.jpg'])('%s is not', async (name) => {
  expect(await isSameFile(at('photos/a.jpg'), at(name))).toBe(false);
});

test('accents are the same in both ways to write them', async () => {
  expect(await isSameFile(at('caf\u00e9.jpg'), at('cafe\u0301.jpg'))).toBe(true);
});

test('what is not there yet lies where its folder leads; a link to nowhere is a name of its own', async () => {
  expect(await realTarget(at('link/new/x.png'))).toBe(at('photos/new/x.png'));
  expect(await realTarget(at('broken.jpg'))).toBe(at('broken.jpg'));
  expect(await realTarget('/')).toBe('/');
});

test('an output that is an input is refused by its option', async () => {
  const originals = await Originals.of([at('photos/a.jpg')]);
  await expectApart(originals, { '--sheet': undefined, '--html': at('photos/new.html') });
  await expect(expectApart(originals, { '--sheet': at('hard.jpg') })).rejects.toThrow(
    `--sheet ${root}/hard.jpg: expected another file than those that are read, got one – name another`,
  );
});
