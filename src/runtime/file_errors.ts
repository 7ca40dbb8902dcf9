/** Errors of the file system in words: what was found, and what to do about it. Nothing is read or written here. */
import { EnvironmentError, FormatError } from './errors.ts';
import { isLfsPointer } from './lfs_pointer.ts';

type Reason = readonly [got: string, todo: string];

const NO_SUCH_FILE: Reason = ['no such file', 'check the path'];
const NAME_TOO_LONG: Reason = ['a name that is longer than the disk allows', 'choose a shorter one'];
const BROKEN_DISK: Reason = ['an error of the disk', 'check the disk, and copy the file from it while that works'];

const READ_REASONS = new Map<string, Reason>([
  ['ENOENT', NO_SUCH_FILE],
  ['ENOTDIR', NO_SUCH_FILE],
  ['EISDIR', ['a folder', 'name the files in it']],
  ['EACCES', ['no permission to read it', 'allow it (chmod u+r, and u+x for its folders), or ask its owner']],
  ['EPERM', ['no permission to read it', 'allow it, or ask its owner']],
  ['ENAMETOOLONG', ['a path that is longer than the system allows', 'check the path']],
  ['ELOOP', ['links that lead in a circle', 'name the file itself']],
  ['EMFILE', ['too many open files', 'allow more (ulimit -n), or give fewer at a time']],
  ['EIO', BROKEN_DISK],
]);

const WRITE_REASONS = new Map<string, Reason>([
  ['ENOENT', ['no such folder', 'create it']],
  ['EISDIR', ['a folder of that name', 'choose another name']],
  ['ENOTDIR', ['a file where a folder should be', 'choose another folder']],
  ['EEXIST', ['a file where a folder should be', 'choose another folder']],
  ['EACCES', ['no permission to write', 'allow it (chmod u+wx on the folder), or choose another folder']],
  ['EPERM', ['no permission to write', 'choose another folder']],
  ['EROFS', ['a read-only disk', 'choose another folder']],
  ['ENOSPC', ['a full disk', 'make room']],
  ['EDQUOT', ['a full disk, as far as this user may fill it', 'make room']],
  ['ENAMETOOLONG', NAME_TOO_LONG],
  ['EIO', ['an error of the disk', 'choose another disk']],
]);

/** Returns the code of the file system's error that `error` is or comes from; undefined for all others. */
export function codeOf(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code;
  }
  return undefined;
}

/** Says why `path` could not be read. @param expected what it should be: `a file` */
export function readError(path: string, expected: string, cause: Error): EnvironmentError {
  const [got, todo] = READ_REASONS.get(codeOf(cause) ?? '') ?? [`'${oneLine(cause)}'`, 'check the path'];
  return new EnvironmentError({ where: path, expected, got, hint: todo }, { cause });
}

/** Says why `path` could not be written. */
export function writeError(path: string, cause: Error): EnvironmentError {
  const [got, todo] = WRITE_REASONS.get(codeOf(cause) ?? '') ?? [`'${oneLine(cause)}'`, 'choose another folder'];
  return new EnvironmentError({ where: path, expected: 'a folder to write into', got, hint: todo }, { cause });
}

/** Returns an error's message without line breaks, and without the paths that the file system appends. */
export function oneLine(error: Error): string {
  const message = 'code' in error ? error.message.replace(/, \w+ '.*$/s, '') : error.message;
  return message.trim().replace(/\s*\n\s*/g, '; ');
}

/**
 * Refuses what Git LFS leaves in a file's place until the file is fetched.
 *
 * @throws FormatError for such a pointer; the message names the size that it tells of
 */
export function expectNoPointer(path: string, file: Uint8Array): void {
  if (!isLfsPointer(file)) return;
  const size = /^size (\d+)$/m.exec(new TextDecoder().decode(file.subarray(0, 1024)))?.[1];
  throw new FormatError({
    where: path,
    expected: 'the file itself',
    got: `a Git LFS pointer to it${size ? ` (to ${size} bytes)` : ''}`,
    hint: "fetch it with 'git lfs pull'",
  });
}
