/** Pictures of archives that can be learned from: nobody has looked at them before they are asked for. */
import { decodeForTraining } from '../../../image/node.ts';
import { isGrey } from '../../../image/raster/picture.ts';
import { FormatError } from '../../../runtime/errors.ts';
import type { DecodedPicture } from '../../../train/data/batch.ts';
import { bytesOf } from '../../shared/read_unchanged.ts';
import type { PictureFile, PictureList } from '../../shared/scan.ts';

/** Pictures in a row that cannot be used, of which it is enough. */
const MOST_UNUSABLE = 100;

/** Pixels of the shorter side, by which it is seen whether a picture can be decoded and has colors. */
const LOOK = 32;

/**
 * Pictures of archives, in place of one that turns out to be damaged or grey the next that is neither. Files were looked
 * at before: there it is an error.
 */
export class Usable {
  readonly #files: PictureList;
  readonly #instead = new Map<number, number>();

  constructor(files: PictureList) {
    this.#files = files;
  }

  /** The picture in the place of `index`, as `first` has found. */
  at(index: number): PictureFile {
    return this.#files.at(this.#instead.get(index) ?? index)!;
  }

  /** The first picture from `index` on that `decode` can use. @throws what it throws, where there is none */
  async first<T extends DecodedPicture>(index: number, decode: (file: PictureFile) => Promise<T>): Promise<T> {
    let at = this.#instead.get(index) ?? index;
    for (let tried = 1; ; tried++) {
      const file = this.#files.at(at)!;
      try {
        const picture = await decode(file);
        if (!file.read || !isGrey(picture)) return picture;
        if (tried >= MOST_UNUSABLE) throw unusable(file);
      } catch (error) {
        if (!file.read || !(error instanceof FormatError) || tried >= MOST_UNUSABLE) throw error;
      }
      at = (at + 1) % this.#files.length;
      this.#instead.set(index, at);
    }
  }
}

/** The first `count` pictures that can be used; of files all can. */
export async function firstUsable(files: PictureList, count: number): Promise<PictureFile[]> {
  const found: PictureFile[] = [];
  for (let i = 0; i < files.length && found.length < count; i++) {
    const file = files.at(i)!;
    const isUsable = async () =>
      !isGrey(await decodeForTraining(await bytesOf(file), { shorter: LOOK, name: file.path }));
    if (!file.read || (await isUsable().catch(() => false))) found.push(file);
  }
  return found;
}

function unusable({ path }: PictureFile): FormatError {
  return new FormatError({
    where: path,
    expected: 'a color picture among the archives',
    got: `${MOST_UNUSABLE} in a row that are damaged or grey`,
    hint: 'look at what the archives hold',
  });
}
