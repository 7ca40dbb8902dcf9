/** Why a file could not be read or written, in one line with what to do. */
import { FormatError } from '../runtime/errors.ts';
import { readError as fileReadError, oneLine } from '../runtime/file_errors.ts';

export { oneLine };

const READABLE = 'JPEG, PNG, WebP, TIFF, GIF, AVIF or SVG';

function notAnImage(name: string, got: string, todo: string, cause?: Error): FormatError {
  return new FormatError(`${name}: expected an image file, got ${got} – ${todo}`, { cause });
}

/** For a file that the file system does not give. */
export function readError(name: string, cause: Error): FormatError {
  return fileReadError(name, 'an image file', cause);
}

/** For a file of no bytes. */
export function emptyError(name: string): FormatError {
  return notAnImage(name, 'an empty file', 'get an undamaged copy');
}

/** For a file whose first bytes are those of no image that can be read. */
export function headerError(name: string, cause: Error): FormatError {
  const reason = oneLine(cause);
  return reason.includes('unsupported image format')
    ? notAnImage(name, 'a file of another kind', `give a ${READABLE}`, cause)
    : notAnImage(name, `'${reason}'`, `get an undamaged copy, or convert it to ${READABLE}`, cause);
}

/** For an image that begins well and then fails. */
export function damageError(name: string, cause: Error): FormatError {
  return new FormatError(`${name}: expected a whole image, got '${oneLine(cause)}' – get an undamaged copy`, { cause });
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
