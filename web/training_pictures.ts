/** The user's colour photographs, as training reads them. */
import { flattenOverWhite, isGrey, type Picture } from '../src/image/picture.ts';
import { resizePicture } from '../src/image/resize.ts';
import { FormatError } from '../src/runtime/errors.ts';
import type { Dataset } from '../src/train/batch.ts';
import { decode } from './decode.ts';

type Rgba = Picture<Uint8ClampedArray<ArrayBuffer>>;

/** Longer pictures are squeezed to this, as `koalarize train` would cut them. */
const LONGEST = 4;

/**
 * Decodes a photograph: laid over white, its shorter side `shorter` pixels.
 *
 * @throws FormatError for what can't be read, and for a grey one, from which no colours can be learnt
 */
export async function trainingPicture(file: File, shorter: number): Promise<Rgba> {
  const { name } = file;
  const whole = flattenOverWhite(await decode(file, name)) as Rgba;
  const scale = shorter / Math.min(whole.width, whole.height);
  const side = (pixels: number) => Math.min(Math.max(Math.round(pixels * scale), shorter), shorter * LONGEST);
  const small = resizePicture(whole, { width: side(whole.width), height: side(whole.height) });
  if (isGrey(small)) throw new FormatError(`${name}: expected a colour photograph, got a grey one – leave it out`);
  return small;
}

export function datasetOf(pictures: readonly Rgba[]): Dataset {
  return { length: pictures.length, picture: async (index) => pictures[index]! };
}

/** Takes every sixth out, to be judged by; of fewer than six none: then it is judged by what it learns from. */
export function holdOut(pictures: readonly Rgba[]): { learn: Rgba[]; judge: Rgba[]; held: boolean } {
  const judge = pictures.filter((_, i) => i % 6 === 5);
  if (judge.length === 0) return { learn: [...pictures], judge: [...pictures], held: false };
  return { learn: pictures.filter((_, i) => i % 6 !== 5), judge, held: true };
}
