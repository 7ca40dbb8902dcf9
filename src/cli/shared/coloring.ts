/** Coloring of one picture that was read: what becomes of its own colors, its new ones, and the file that is made. */
import { type ApplyChromaOptions, applyChromaInTurns, type Chroma } from '../../image/color/chroma.ts';
import { hasColor } from '../../image/color/has_color.ts';
import { encodeImage, type ImageFile } from '../../image/node.ts';
import { borderPixels, cornerPixels } from '../../image/raster/border.ts';
import type { Picture } from '../../image/raster/picture.ts';
import { turn } from '../../util/turn.ts';

/** What was left neutral, in pixels; absent where nothing was. */
export interface Neutral {
  /** Top, right, bottom, left. */
  readonly border?: readonly number[];
  /** Radii of round corners inside of the border, across and down. */
  readonly corners?: readonly number[];
}

/**
 * Decides whether a picture stays as it is, and says what is to be told of its own colors.
 *
 * @param option the name of the option that keeps colors, for messages
 */
export async function ownColors(
  image: Picture,
  name: string,
  { keepColor, option }: { keepColor: boolean; option: string },
): Promise<{ readonly kept: boolean; readonly warnings: readonly string[] }> {
  const has = hasColor(image);
  // That of a large picture takes a second, and so does what follows.
  await turn();
  if (!has) return { kept: false, warnings: [] };
  if (keepColor) return { kept: true, warnings: [`${name}: has colors already – left as it is`] };
  const warning = `${name}: has colors already, which are replaced – ${option} leaves such pictures as they are`;
  return { kept: false, warnings: [warning] };
}

/** Puts the network's colors on a picture. */
export async function colored(
  image: Picture,
  chroma: Chroma,
  apply: ApplyChromaOptions,
): Promise<Neutral & { picture: Picture }> {
  const border = chroma.border && borderPixels(chroma.border, image);
  const corners = chroma.border && cornerPixels(chroma.border, image);
  const picture = await applyChromaInTurns(image, chroma, apply);
  return { picture, ...(border && { border }), ...(corners && { corners }) };
}

/** Encodes a picture with all that its file said. @returns the warnings of reading and of writing */
export async function fileOf(path: string, picture: Picture, { metadata, warnings }: ImageFile, mark: boolean) {
  const written = await encodeImage(path, picture, { metadata, mark });
  return { bytes: written.bytes, warnings: [...warnings, ...written.warnings] };
}
