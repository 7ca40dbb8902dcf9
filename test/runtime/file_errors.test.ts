/** Errors of the file system in words. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { readImage } from '../../src/image/node.ts';
import { codeOf, expectNoPointer, readError, writeError } from '../../src/runtime/file_errors.ts';
import { readBytes } from '../../src/runtime/node/adapters.ts';
import { temporaryFolder } from '../support/fixtures.ts';

const failed = (code: string) => Object.assign(new Error(`${code}: something, open '/secret/place'`), { code });

test('what cannot be read: the reason and a remedy', () => {
  const codes = ['ENOENT', 'EISDIR', 'EACCES', 'ENAMETOOLONG', 'ELOOP', 'EIO', 'EFOO'];
  expect(codes.map((code) => readError('a.jpg', 'a file', failed(code)).message)).toMatchInlineSnapshot(`
    [
      "a.jpg: expected a file, got no such file – check the path",
      "a.jpg: expected a file, got a folder – name the files in it",
      "a.jpg: expected a file, got no permission to read it – allow it (chmod u+r, and u+x for its folders), or ask its owner",
      "a.jpg: expected a file, got a path that is longer than the system allows – check the path",
      "a.jpg: expected a file, got links that lead in a circle – name the file itself",
      "a.jpg: expected a file, got an error of the disk – check the disk, and copy the file from it while that works",
      "a.jpg: expected a file, got 'EFOO: something' – check the path",
    ]
  `);
});

test('what cannot be written: the reason and a remedy', () => {
  const codes = ['EACCES', 'EROFS', 'ENOSPC', 'ENAMETOOLONG', 'EFOO'];
  expect(codes.map((code) => writeError('a.jpg', failed(code)).message)).toMatchInlineSnapshot(`
    [
      "a.jpg: expected a folder to write into, got no permission to write – allow it (chmod u+wx on the folder), or choose another folder",
      "a.jpg: expected a folder to write into, got a read-only disk – choose another folder",
      "a.jpg: expected a folder to write into, got a full disk – make room",
      "a.jpg: expected a folder to write into, got a name that is longer than the disk allows – choose a shorter one",
      "a.jpg: expected a folder to write into, got 'EFOO: something' – choose another folder",
    ]
  `);
});

test('the code is found behind other errors', () => {
  expect(codeOf(writeError('a', failed('ENOSPC')))).toBe('ENOSPC');
  expect(codeOf(new Error('other'))).toBeUndefined();
  expect(codeOf('text')).toBeUndefined();
});

/** As `git lfs` writes them. */
const pointer = `version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
`;

test('a Git LFS pointer in place of weights, a model or a photograph is called what it is', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'photo.jpg');
  await writeFile(path, pointer);
  const message =
    "photo.jpg: expected the file itself, got a Git LFS pointer to it (to 12345 bytes) – fetch it with 'git lfs pull'";
  await expect(readImage(path)).rejects.toThrow(message);
  await expect(readBytes(path)).rejects.toThrow(message);
});

test('other files are not taken for pointers', async () => {
  const letter = new TextEncoder().encode('version 2 of my letter');
  expect(() => expectNoPointer('a', letter)).not.toThrow();
  expect(() => expectNoPointer('a', new Uint8Array())).not.toThrow();
  const png = await sharp({ create: { width: 1, height: 1, channels: 3, background: '#000' } })
    .png()
    .toBuffer();
  expect(() => expectNoPointer('a', png)).not.toThrow();
});
