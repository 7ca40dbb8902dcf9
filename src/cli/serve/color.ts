/** Coloring of one picture file in memory: decoded, colored, encoded. */
import { applyChroma } from '../../image/color/chroma.ts';
import { hasColor } from '../../image/color/has_color.ts';
import { encodeImage, type ImageFile, readImage } from '../../image/node.ts';
import { borderPixels } from '../../image/raster/border.ts';
import type { Colorizer } from '../../model/colorizer.ts';
import { FORMATS, type Format, type PictureRequest } from './query.ts';

/** A picture file that was made. */
export interface ColoredFile {
  readonly bytes: Uint8Array;
  readonly format: Format;
  readonly width: number;
  readonly height: number;
  /** Top, right, bottom, left, in pixels; none where no border was found. */
  readonly border?: readonly number[] | undefined;
  /** One line each. */
  readonly warnings: readonly string[];
}

/** Colors a picture file. @param gone aborted when nobody waits any more: then nothing more is begun */
export type Color = (body: Uint8Array, request: PictureRequest, gone: AbortSignal) => Promise<ColoredFile>;

const NAME = 'picture';

/** The coloring that a colorizer does. @param mostPixels what is allowed, checked before decoding */
export function colorWith(colorizer: Colorizer, mostPixels: number): Color {
  return async (body, { ask, apply, keepColor, mark, format: asked, page }, gone) => {
    const picture = await readImage(body, { name: NAME, page: (page ?? 1) - 1, mostPixels });
    gone.throwIfAborted();
    const warnings = [...picture.warnings];
    if (picture.pages > 1 && page === undefined) {
      warnings.push(
        `${NAME}: has ${picture.pages} pages or frames, of which the first was taken – page=N takes another`,
      );
    }
    const format = asked ?? formatOf(picture);
    const finish = async (pixels: Parameters<typeof encodeImage>[1], border?: readonly number[]) => {
      gone.throwIfAborted();
      const written = await encodeImage(`${NAME}.${format}`, pixels, { metadata: picture.metadata, mark });
      const { width, height } = picture;
      return { bytes: written.bytes, format, width, height, border, warnings: [...warnings, ...written.warnings] };
    };
    if (hasColor(picture)) {
      if (keepColor) {
        warnings.push(`${NAME}: has colors already – left as it is`);
        return finish(picture);
      }
      warnings.push(`${NAME}: has colors already, which are replaced – keep-color leaves such pictures as they are`);
    }
    const chroma = await colorizer.chroma(picture, ask);
    gone.throwIfAborted();
    return finish(applyChroma(picture, chroma, apply), chroma.border && borderPixels(chroma.border, picture));
  };
}

/** The format that a picture came in, where it can be written; else PNG. */
function formatOf({ format }: ImageFile): Format {
  const name = format === 'heif' ? 'avif' : format;
  return FORMATS.find((each) => each === name) ?? 'png';
}
