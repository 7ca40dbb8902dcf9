/** Pair of pictures for the metrics: two 8-bit RGBA pictures of one size. Alpha is never looked at. */

import { channelsOf, type Picture } from '../../image/raster/picture.ts';
import { ShapeError } from '../../runtime/errors.ts';

/** RGBA, 8 bits a component. */
export type BytePicture = Picture<Uint8Array | Uint8ClampedArray>;

/** Checks that two pictures are RGBA and of one size. @param where the caller's name. @throws ShapeError */
export function checkPair(where: string, one: BytePicture, other: BytePicture): void {
  channelsOf(where, one, 4);
  channelsOf(where, other, 4);
  if (one.width === other.width && one.height === other.height) return;
  throw new ShapeError({
    where,
    expected: 'two pictures of one size',
    got: `${one.width} x ${one.height} and ${other.width} x ${other.height}`,
    hint: 'resize one',
  });
}
