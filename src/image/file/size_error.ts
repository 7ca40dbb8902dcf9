/** Refusal of pictures with more pixels than are allowed, told by their headers. */
import { FormatError } from '../../runtime/errors.ts';

/** A picture with more pixels than are allowed. Nothing of it was decoded. */
export class SizeError extends FormatError {}

/** The error of a picture of `width` x `height` pixels where at most `most` are allowed. */
export function sizeError(name: string, width: number, height: number, most: number): SizeError {
  const got = `${width} x ${height} = ${width * height}`;
  return new SizeError({ where: name, expected: `at most ${most} pixels`, got, hint: 'make it smaller first' });
}
