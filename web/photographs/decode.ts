/** Image files to pixels, by the browser's own decoders: upright (EXIF), in sRGB, at full size. */
import type { Picture } from '../../src/image/raster/picture.ts';
import { FormatError } from '../../src/runtime/errors.ts';
import { whyUnreadable } from './unreadable.ts';

type Rgba = Picture<Uint8ClampedArray<ArrayBuffer>>;

/** Pixels that are read back at once: some browsers' canvases are small, and the copy is short-lived. */
const STRIP_PIXELS = 2 ** 22;

/**
 * Decodes an image file. Transparent pixels lose precision, as a canvas multiplies colors by alpha; opaque ones don't.
 *
 * @param name is for messages
 * @returns RGBA
 * @throws FormatError for what is no picture, or damaged, or too large for this browser
 */
export async function decode(file: Blob, name: string): Promise<Rgba> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch(async (cause: Error) => {
    throw await whyUnreadable(file, name, cause);
  });
  const { width, height } = bitmap;
  try {
    expectHonestCanvas(name);
    return readPixels(bitmap);
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    const megapixels = ((width * height) / 1e6).toFixed(0);
    throw new FormatError(
      {
        where: name,
        expected: `memory for ${width} x ${height} (${megapixels} megapixels)`,
        got: `'${(cause as Error).message}'`,
        hint: 'make it smaller first, or use the command line',
      },
      { cause },
    );
  } finally {
    bitmap.close();
  }
}

function readPixels(bitmap: ImageBitmap): Rgba {
  const { width, height } = bitmap;
  const data = new Uint8ClampedArray(width * height * 4);
  const rows = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)));
  const context = canvasOf(width, rows);
  context.globalCompositeOperation = 'copy';
  for (let y = 0; y < height; y += rows) {
    context.drawImage(bitmap, 0, -y);
    const strip = context.getImageData(0, 0, width, Math.min(rows, height - y));
    data.set(strip.data, y * width * 4);
  }
  return { data, width, height };
}

let honest: boolean | undefined;

/** Protection against fingerprinting changes what is read back, or all of it: that would be a wrong picture, silently. */
function expectHonestCanvas(name: string): void {
  if (honest === undefined) {
    const context = canvasOf(16, 16);
    const sent = context.createImageData(16, 16);
    for (let i = 0; i < sent.data.length; i++) sent.data[i] = i % 4 === 3 ? 255 : (i * 37) % 256;
    context.putImageData(sent, 0, 0);
    const got = context.getImageData(0, 0, 16, 16).data;
    honest = got.every((value, i) => value === sent.data[i]);
  }
  if (honest) return;
  throw new FormatError({
    where: name,
    expected: "the picture's own pixels",
    got: 'ones that this browser has changed against fingerprinting',
    hint: 'allow this page to read canvases',
  });
}

export function canvasOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new RangeError(`no canvas of ${width} x ${height}`);
  return context;
}
