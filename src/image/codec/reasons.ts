/** Reasons why an image file could not be read or written, in one line with what to do. */
import { EnvironmentError, FormatError, KoalarizeError } from '../../runtime/errors.ts';
import { readError as fileReadError, oneLine } from '../../runtime/file_errors.ts';

export { sizeError } from '../file/size_error.ts';
export { oneLine };

import { foreignKind, type Kind } from '../file/kinds.ts';

const READABLE = 'JPEG, PNG, WebP, TIFF, GIF, AVIF, BMP or SVG';

function notAnImage(name: string, got: string, todo: string, cause?: Error): FormatError {
  return new FormatError({ where: name, expected: 'an image file', got, hint: todo }, { cause });
}

/** For a file that the file system does not give. */
export function readError(name: string, cause: Error): EnvironmentError {
  return fileReadError(name, 'an image file', cause);
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
export function damageError(name: string, file: Uint8Array, cause: Error): KoalarizeError {
  if (cause instanceof KoalarizeError) return cause;
  const kind = foreignKind(file);
  if (kind) return kindError(name, kind, cause);
  return new FormatError(
    { where: name, expected: 'a whole image', got: `'${oneLine(cause)}'`, hint: 'get an undamaged copy' },
    { cause },
  );
}

/** For a page that is asked for and not there. */
export function pageError(name: string, page: number, pages: number): FormatError {
  return new FormatError({ where: name, expected: `page 1 to ${pages}`, got: page, hint: 'choose another' });
}

/** For a picture that the encoder refuses. */
export function encodeError(path: string, format: string, width: number, height: number, cause: Error): FormatError {
  const got = `${width} x ${height}: '${oneLine(cause)}'`;
  return new FormatError(
    { where: path, expected: `a picture that ${format} can hold`, got, hint: 'try .png or .tif' },
    {
      cause,
    },
  );
}

/** For an installation without the optional package, or without its binary. */
export function missingSharp(cause: Error): EnvironmentError {
  const got = oneLine(cause);
  return new EnvironmentError(
    { where: 'image files', expected: "the package 'sharp'", got: `'${got}'`, hint: 'install it: npm i sharp' },
    {
      cause,
    },
  );
}
