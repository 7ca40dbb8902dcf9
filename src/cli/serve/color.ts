/** Coloring of one picture file in memory: decoded, colored, encoded. */
import { type ImageFile, readImage } from '../../image/node.ts';
import type { Colorizer } from '../../model/colorizer.ts';
import { colored, fileOf, type Neutral, ownColors } from '../shared/coloring.ts';
import { FORMATS, type Format, type PictureRequest } from './query.ts';

/** A picture file that was made. */
export interface ColoredFile extends Neutral {
  readonly bytes: Uint8Array;
  readonly format: Format;
  readonly width: number;
  readonly height: number;
  /** One line each. */
  readonly warnings: readonly string[];
}

/** Colors a picture file. @param gone aborted when nobody waits any more: then nothing more is begun */
export type Color = (body: Uint8Array, request: PictureRequest, gone: AbortSignal) => Promise<ColoredFile>;

const NAME = 'picture';

/** The coloring that a colorizer does. @param mostPixels what is allowed, checked before decoding */
export function colorWith(colorizer: Pick<Colorizer, 'chroma'>, mostPixels: number): Color {
  return async (body, { ask, apply, keepColor, mark, format: asked, page }, gone) => {
    const image = await readImage(body, { name: NAME, page: (page ?? 1) - 1, mostPixels });
    gone.throwIfAborted();
    const { pages, width, height } = image;
    const several = `${NAME}: has ${pages} pages or frames, of which the first was taken – page=N takes another`;
    const { kept, warnings } = await ownColors(image, NAME, { keepColor, option: 'keep-color' });
    const { picture, ...neutral } = kept
      ? { picture: image }
      : await colored(image, await colorizer.chroma(image, ask), apply);
    gone.throwIfAborted();
    const format = asked ?? formatOf(image);
    const written = await fileOf(`${NAME}.${format}`, picture, image, mark);
    const told = [...(pages > 1 && page === undefined ? [several] : []), ...warnings, ...written.warnings];
    return { bytes: written.bytes, format, width, height, warnings: told, ...neutral };
  };
}

/** The format that a picture came in, where it can be written; else PNG. */
function formatOf({ format }: ImageFile): Format {
  const name = format === 'heif' ? 'avif' : format;
  return FORMATS.find((each) => each === name) ?? 'png';
}
