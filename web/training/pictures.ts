/** The user's color photographs, as training reads them. */

import { flattenOverWhite, isGrey, type Picture } from '../../src/image/raster/picture.ts';
import { renderGrey } from '../../src/image/raster/render.ts';
import { resizePicture } from '../../src/image/raster/resize.ts';
import { featuresOf } from '../../src/model/embedding.ts';
import type { MapExtractor } from '../../src/model/maps.ts';
import { sizeMultiple } from '../../src/model/network.ts';
import { FormatError } from '../../src/runtime/errors.ts';
import { type Dataset, sourceSize } from '../../src/train/data/batch.ts';
import { cropMap, type StoredMap } from '../../src/train/data/crop_map.ts';
import { toHalf } from '../../src/util/float16.ts';
import { decode } from '../photographs/decode.ts';

type Rgba = Picture<Uint8ClampedArray<ArrayBuffer>>;

/** One of them. Its feature maps stay in memory: so each is shown to the extractor once. */
export interface TrainingPicture {
  readonly picture: Rgba;
  /** What the network is given beside it; none without an extractor. */
  readonly maps: readonly StoredMap[];
}

/** Longer pictures are squeezed to this, as `koalarize train` would cut them. */
const LONGEST = 4;

/**
 * Decodes a photograph, lays it over white, and shows it and its mirror image to the extractor.
 *
 * @param size pixels a side of the squares that are learned from
 * @throws FormatError for what can't be read, and for a grey one, from which no colors can be learned
 */
export async function trainingPicture(file: File, size: number, extractor?: MapExtractor): Promise<TrainingPicture> {
  const { name } = file;
  const whole = flattenOverWhite(await decode(file, name)) as Rgba;
  const picture = shrink(whole, sourceSize(size, extractor && cellOf(extractor)));
  if (isGrey(picture))
    throw new FormatError({ where: name, expected: 'a color photograph', got: 'a grey one', hint: 'leave it out' });
  return { picture, maps: extractor ? await mapsOf(whole, size, extractor) : [] };
}

/** The picture with a shorter side of `shorter` pixels. */
function shrink(picture: Rgba, shorter: number): Rgba {
  const scale = shorter / Math.min(picture.width, picture.height);
  const side = (pixels: number) => Math.min(Math.max(Math.round(pixels * scale), shorter), shorter * LONGEST);
  return resizePicture(picture, { width: side(picture.width), height: side(picture.height) });
}

async function mapsOf(whole: Rgba, size: number, extractor: MapExtractor): Promise<StoredMap[]> {
  const { scale, maps } = extractor.description;
  const multiple = cellOf(extractor);
  const fine = shrink(whole, size * scale);
  const planes = [false, true].map((mirror) => renderGrey(fine, size, { multiple, scale, mirror }).fine);
  const [{ width, height }] = planes as [(typeof planes)[0]];
  const values = await extractor.extract(planes);
  return maps.map(({ channels, stride }, i) => ({
    height: height / stride,
    width: width / stride,
    channels,
    halves: Uint16Array.from(values[i]!, toHalf),
  }));
}

/** Pixels that squares begin at multiples of: all maps' cells are whole. */
export function cellOf({ description }: MapExtractor): number {
  return sizeMultiple(featuresOf(description));
}

/** @param extractor whose maps the pictures have */
export function datasetOf(pictures: readonly TrainingPicture[], extractor?: MapExtractor): Dataset {
  const picture = async (index: number) => pictures[index]!.picture;
  if (!extractor) return { length: pictures.length, picture };
  const { scale, maps } = extractor.description;
  return {
    length: pictures.length,
    picture,
    cell: cellOf(extractor),
    features: async (index, mirror, crop) =>
      pictures[index]!.maps.map((map, i) => {
        const cell = maps[i]!.stride / scale;
        return cropMap(map, mirror, { top: crop.top / cell, left: crop.left / cell, side: crop.size / cell });
      }),
  };
}

/** Takes every sixth out, to be judged by; of fewer than six none: then it is judged by what it learns from. */
export function holdOut<T>(pictures: readonly T[]): { learn: T[]; judge: T[]; held: boolean } {
  const judge = pictures.filter((_, i) => i % 6 === 5);
  if (judge.length === 0) return { learn: [...pictures], judge: [...pictures], held: false };
  return { learn: pictures.filter((_, i) => i % 6 !== 5), judge, held: true };
}
