/** Pictures of any kind as RGBA bytes, for upload. */
import { channelsOf, isDeep, maxCode, type Picture } from './picture.ts';

/**
 * Returns a picture as RGBA, 8 bits a component, rounded to the nearest; alpha is kept, opaque where there was none.
 *
 * @param picture - RGBA, RGB, grey or grey and alpha; one that is RGBA of 8 bits is returned as it is
 * @throws ShapeError when data and size disagree
 */
export function toRgba8(picture: Picture): Picture<Uint8Array | Uint8ClampedArray> {
  const channels = channelsOf('toRgba8', picture);
  const { data, width, height } = picture;
  if (channels === 4 && !isDeep(data)) return { data, width, height };
  const scale = 255 / maxCode(picture);
  const colors = channels < 3 ? [0, 0, 0] : [0, 1, 2];
  const alpha = channels % 2 === 0 ? channels - 1 : undefined;
  // Uint8ClampedArray rounds by itself.
  const bytes = new Uint8ClampedArray(width * height * 4);
  for (let from = 0, to = 0; to < bytes.length; from += channels, to += 4) {
    for (let c = 0; c < 3; c++) bytes[to + c] = data[from + colors[c]!]! * scale;
    bytes[to + 3] = alpha === undefined ? 255 : data[from + alpha]! * scale;
  }
  return { data: bytes, width, height };
}
