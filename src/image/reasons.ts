/** Why a file could not be read or written, in one line with what to do. */
import { FormatError } from '../runtime/errors.ts';
import { foreignKind, type Kind } from './file/kinds.ts';

const READABLE = 'JPEG, PNG, WebP, TIFF, GIF, AVIF, BMP or SVG';

/** Returns an error's message without line breaks, and without the paths that the file system appends. */
export function oneLine(error: Error): string {
  const message = 'code' in error ? error.message.replace(/, \w+ '.*$/s, '') : error.message;
  return message.trim().replace(/\s*\n\s*/g, '; ');
}

function notAnImage(name: string, got: string, todo: string, cause?: Error): FormatError {
  return new FormatError(`${name}: expected an image file, got ${got} – ${todo}`, { cause });
}

/** For a file that the file system does not give. */
export function readError(name: string, cause: Error): FormatError {
  const code = 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT') return notAnImage(name, 'no such file', 'check the path', cause);
  if (code === 'EISDIR') return notAnImage(name, 'a folder', 'name the files in it', cause);
  return notAnImage(name, `'${oneLine(cause)}'`, 'check the path and its permissions', cause);
}

/** For a file of no bytes. */
export function emptyError(name: string): FormatError {
  return notAnImage(name, 'an empty file', 'get an undamaged copy');
}

/** For a file of a kind that is known, and not read. */
export function kindError(name: string, { what, todo }: Kind, cause?: Error): FormatError {
  return notAnImage(name, what, todo, cause);
}

/** For a file whose first bytes are those of no image that can be read. */
export function headerError(name: string, file: Uint8Array, cause: Error): FormatError {
  const kind = foreignKind(file);
  if (kind) return kindError(name, kind, cause);
  const reason = oneLine(cause);
  return reason.includes('unsupported image format')
    ? notAnImage(name, 'a file of another kind', `give a ${READABLE}`, cause)
    : notAnImage(name, `'${reason}'`, `get an undamaged copy, or convert it to ${READABLE}`, cause);
}

/** For an image that begins well and then fails. */
export function damageError(name: string, file: Uint8Array, cause: Error): FormatError {
  if (cause instanceof FormatError) return cause;
  const kind = foreignKind(file);
  if (kind) return kindError(name, kind, cause);
  return new FormatError(`${name}: expected a whole image, got '${oneLine(cause)}' – get an undamaged copy`, { cause });
}

/** For a page that is asked for and not there. */
export function pageError(name: string, page: number, pages: number): FormatError {
  return new FormatError(`${name}: expected page 1 to ${pages}, got ${page} – choose another`);
}

/** For an image whose header promises too many pixels. */
export function sizeError(name: string, width: number, height: number, most: number): FormatError {
  const got = `${width} x ${height} = ${width * height}`;
  return new FormatError(`${name}: expected at most ${most} pixels, got ${got} – make it smaller first`);
}

/** For a picture that the encoder refuses. */
export function encodeError(path: string, format: string, width: number, height: number, cause: Error): FormatError {
  const got = `${width} x ${height}: '${oneLine(cause)}'`;
  return new FormatError(`${path}: expected a picture that ${format} can hold, got ${got} – try .png or .tif`, {
    cause,
  });
}

/** For an installation without the optional package, or without its binary. */
export function missingSharp(cause: Error): FormatError {
  const got = oneLine(cause);
  return new FormatError(`image files: expected the package 'sharp', got '${got}' – install it: npm i sharp`, {
    cause,
  });
}

/** For a file that cannot be written. */
export function writeError(path: string, cause: Error): FormatError {
  const code = 'code' in cause ? String(cause.code) : '';
  const [got, todo] = WRITE_REASONS[code] ?? [`'${oneLine(cause)}'`, 'choose another folder'];
  return new FormatError(`${path}: expected a folder to write into, got ${got} – ${todo}`, { cause });
}

const WRITE_REASONS: Readonly<Record<string, readonly [got: string, todo: string]>> = {
  ENOENT: ['no such folder', 'create it'],
  EISDIR: ['a folder of that name', 'choose another name'],
  ENOTDIR: ['a file where a folder should be', 'choose another folder'],
  EACCES: ['no permission to write', 'choose another folder'],
  EPERM: ['no permission to write', 'choose another folder'],
  EROFS: ['a read-only disk', 'choose another folder'],
  ENOSPC: ['a full disk', 'make room'],
};
