/** Reading of files that must not have changed since they were found. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { EnvironmentError, FormatError } from '../../runtime/errors.ts';
import type { PictureFile } from './scan.ts';

/** Reads a picture's file. @throws EnvironmentError when it is gone, FormatError when it is not the one with that hash. */
export async function readUnchanged(path: string, hash: string): Promise<Uint8Array> {
  const file = await readFile(path).catch((cause: Error) => {
    throw new EnvironmentError(
      { where: path, expected: 'the picture found before', got: `'${cause.message}'`, hint: 'put it back' },
      { cause },
    );
  });
  if (createHash('sha256').update(file).digest('hex') !== hash) {
    throw new FormatError({
      where: path,
      expected: 'the picture found before',
      got: 'another one',
      hint: 'put it back, or start again',
    });
  }
  return file;
}

/** Reads a picture, wherever it lies. @throws as `readUnchanged` */
export function bytesOf({ path, hash, read }: PictureFile): Promise<Uint8Array> {
  return read ? read() : readUnchanged(path, hash);
}
