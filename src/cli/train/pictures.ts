/** Decoded pictures of files: kept in memory up to a budget, decoded again beyond it. */
import { totalmem } from 'node:os';
import { decodeForTraining } from '../../image/node.ts';
import { type Crop, type Dataset, type DecodedPicture, type PadMode, sourceSize } from '../../train/data/batch.ts';
import { bytesOf } from '../shared/read_unchanged.ts';
import type { PictureFile, PictureList } from '../shared/scan.ts';
import { Usable } from './archives/usable.ts';
import type { Features } from './features/extractor.ts';

/** What a run learns from, and what it is judged by. */
export interface Pictures {
  readonly train: PictureList;
  readonly validation: readonly PictureFile[];
  /** Of all that are used; undefined without a feature extractor. */
  readonly features?: Features | undefined;
  /** How often each color occurs in those to train with; undefined where all weigh alike. */
  readonly colors?: readonly number[] | undefined;
}

/** Pictures by hash. What is in stays in: each is asked for once an epoch, in random order, so none is worth more. */
export class PictureCache {
  readonly #pictures = new Map<string, DecodedPicture>();
  #bytesLeft: number;

  constructor(bytes: number) {
    this.#bytesLeft = bytes;
  }

  get(hash: string): DecodedPicture | undefined {
    return this.#pictures.get(hash);
  }

  /** Keeps a picture if there is room. */
  offer(hash: string, picture: DecodedPicture): void {
    const { byteLength } = picture.data;
    if (byteLength > this.#bytesLeft || this.#pictures.has(hash)) return;
    this.#bytesLeft -= byteLength;
    this.#pictures.set(hash, picture);
  }
}

/** The default budget for decoded pictures: a quarter of the memory this process may use, in MB. */
export function defaultCacheMegabytes(): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
  return Math.round(memory / 4 / 1e6);
}

/**
 * The pictures of `files` for squares of `size` pixels, and their features where there are any.
 *
 * @param cache holds no picture of `files` that was decoded for another `pad`
 * @param views of each picture, where the features have several
 */
export function datasetOf(
  files: PictureList,
  size: number,
  pad: PadMode,
  cache: PictureCache,
  features?: Features,
  views = 1,
): Dataset {
  const side = pad === 'white' ? { longer: size } : { shorter: sourceSize(size, features?.cell) };
  const usable = new Usable(files);
  return {
    length: files.length,
    pad,
    parts: files.parts,
    picture: (index, view = 0) =>
      usable.first(index, async (file) => {
        const key = view ? `${file.hash} ${view}` : file.hash;
        const kept = cache.get(key);
        if (kept) return kept;
        const picture =
          view && features?.picture
            ? await features.picture(file, view)
            : await decodeForTraining(await bytesOf(file), { ...side, name: file.path });
        cache.offer(key, picture);
        return picture;
      }),
    ...(features && {
      cell: features.cell,
      features: (index: number, mirror: boolean, crop: Crop, view = 0) =>
        features.get(usable.at(index), mirror, crop, view),
    }),
    ...(features?.view && {
      views,
      tone: (index: number, view: number) => features.view!(usable.at(index), view).tone,
    }),
  };
}
