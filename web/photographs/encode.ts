/** Pixels to image files, by the browser's own encoders. */
import { insertXmp, markXmp } from '../../src/image/file/xmp.ts';
import { flattenOverWhite, isOpaque, type Picture } from '../../src/image/raster/picture.ts';
import { FormatError } from '../../src/runtime/errors.ts';
import type { FileType } from '../worker/messages.ts';
import { canvasOf } from './decode.ts';

/** Of JPEG, 0…1. */
const QUALITY = 0.95;

/**
 * Makes the file, which says in XMP that it was colored. A JPEG's transparent pixels are laid over white.
 *
 * @param name is for messages
 * @throws FormatError when this browser can't hold a canvas of that size
 */
export async function encode(
  picture: Picture<Uint8ClampedArray<ArrayBuffer>>,
  type: FileType,
  name: string,
): Promise<Blob> {
  const { width, height, data } = type === 'image/jpeg' && !isOpaque(picture) ? flattenOverWhite(picture) : picture;
  try {
    const context = canvasOf(width, height);
    context.putImageData(new ImageData(data, width, height), 0, 0);
    // Browsers with a limit on canvases may leave one that is too large empty, and say nothing.
    const [red, green, blue, alpha] = data.subarray(-4);
    const last = context.getImageData(width - 1, height - 1, 1, 1).data;
    if (alpha === 255 && (last[0] !== red || last[1] !== green || last[2] !== blue)) throw new RangeError('no canvas');
    const file = await context.canvas.convertToBlob({ type, quality: QUALITY });
    if (file.type !== type) throw new TypeError(`no encoder for ${type}`);
    if (!picture.origin) return file;
    const bytes = new Uint8Array(await file.arrayBuffer());
    return new Blob([insertXmp(bytes, type, markXmp(undefined, picture.origin)) as Uint8Array<ArrayBuffer>], { type });
  } catch (cause) {
    const size = `${width} x ${height}`;
    throw new FormatError(
      {
        where: name,
        expected: `a canvas of ${size} to save from`,
        got: `'${(cause as Error).message}'`,
        hint: 'make the picture smaller first, or use the command line',
      },
      { cause },
    );
  }
}
