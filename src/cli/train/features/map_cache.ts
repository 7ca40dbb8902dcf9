/**
 * Cache of feature maps on disk, so that each picture is shown to the extractor once: a folder for each map of each
 * extractor, a file for each picture in it. A file holds SHA-256 (32 bytes) over the map's key, the picture's hash and the
 * rest; then the map's height and width (uint32), and its numbers in float16, [h, w, C]: the picture's, then its mirror
 * image's. What runs past the picture is of its edge, repeated.
 */
import { createHash } from 'node:crypto';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeForTraining } from '../../../image/node.ts';
import type { Picture } from '../../../image/raster/picture.ts';
import { renderGrey, renderSize } from '../../../image/raster/render.ts';
import { resizePicture } from '../../../image/raster/resize.ts';
import { withTone } from '../../../image/raster/tone.ts';
import { packTone, type Tone } from '../../../kernels/image/lightness.ts';
import { featuresOf, type MapInfo, type MapsInfo } from '../../../model/embedding.ts';
import type { MapExtractor } from '../../../model/maps.ts';
import { sizeMultiple } from '../../../model/network.ts';
import type { Precision } from '../../../runtime/adapter.ts';
import { FormatError } from '../../../runtime/errors.ts';
import { makeFolder, writeWhole } from '../../../runtime/node/whole_file.ts';
import type { Crop } from '../../../train/data/batch.ts';
import { type CellSquare, cropMap, FLOATS, type StoredMap } from '../../../train/data/crop_map.ts';
import { IDENTITY_TONE, randomTone, type ToneAugmentation } from '../../../train/data/sampler.ts';
import { worn } from '../../../train/data/wear.ts';
import { toHalf } from '../../../util/float16.ts';
import { Random, seedOf } from '../../../util/random.ts';
import { bytesOf } from '../../shared/read_unchanged.ts';
import { eachOf, type PictureFile } from '../../shared/scan.ts';
import { duration, type Progress } from '../progress.ts';

/** Changes with how pictures become the extractor's input. */
const VERSION = 1;
const DIGEST_BYTES = 32;
const HEADER_BYTES = DIGEST_BYTES + 8;
/** Files looked at together. */
const FILES_AT_ONCE = 16;
/** Pictures decoded together: enough to keep the device busy. */
const PICTURES_AT_ONCE = 3;
/** Pictures by which the deviations are measured. */
export const MEASURED = 64;

/** One of the ways in which a picture is shown. */
export interface MapView {
  /** Pixels of its shorter side. */
  readonly shorter: number;
  readonly tone: Tone;
  /** Seed of its grain, dust, scratches and border; undefined: none. */
  readonly wear: number | undefined;
}

/** Shares of the views, beside the first, that are shown otherwise. */
export interface ViewAugmentation extends ToneAugmentation {
  /** With the wear of an old print. */
  readonly wear: number;
}

/** A view is enlarged by up to this share, so that squares of it have room to move, and things other sizes. */
const ENLARGED = 0.25;

/** The maps by one extractor, for pictures of one size. */
export class MapCache {
  /** Squares begin at multiples of so many pixels. */
  readonly cell: number;
  readonly #info: MapsInfo;
  readonly #size: number;
  readonly #augmentation: ViewAugmentation;
  readonly #folders: readonly { readonly map: MapInfo; readonly key: string; readonly path: string }[];

  /**
   * @param root holds the folders of all extractors
   * @param size pixels of a picture's shorter side in the network
   * @param augmentation of the views beside the first
   * @param precision at which the extractor runs: float16 gives other numbers
   */
  constructor(
    root: string,
    info: MapsInfo,
    size: number,
    augmentation: ViewAugmentation = { film: 0, tone: 0, wear: 0 },
    precision: Precision = 'f32',
  ) {
    this.cell = sizeMultiple(featuresOf(info));
    this.#info = info;
    this.#size = size;
    this.#augmentation = augmentation;
    const { sha256, scale, range, size: squeezed } = info;
    this.#folders = info.maps.map((map) => {
      const told = JSON.stringify([
        VERSION,
        sha256,
        map.output,
        size,
        scale,
        range,
        this.cell,
        precision,
        ...(squeezed ? [squeezed] : []),
      ]);
      const key = createHash('sha256').update(told).digest('hex');
      return { map, key, path: join(root, key.slice(0, 16)) };
    });
  }

  /**
   * The maps of a square of a view of a picture, or of its mirror image, divided by their deviations.
   *
   * @returns for each map [size / stride, size / stride, channels]
   * @throws FormatError when one has gone since `complete`.
   */
  async get(file: PictureFile, mirror: boolean, crop: Crop, view = 0): Promise<Float32Array[]> {
    return Promise.all(
      this.#folders.map(async (folder) => {
        const { stride, deviation } = folder.map;
        const stored = await this.#read(folder, this.#nameOf(file, view));
        return cropMap(stored, mirror, this.#squareOf(crop, stride), deviation);
      }),
    );
  }

  /**
   * The same as `get`, computed anew: for pictures of archives, of which there are too many to keep their maps.
   *
   * @throws FormatError for a picture that cannot be decoded
   */
  async compute(
    file: PictureFile,
    mirror: boolean,
    crop: Crop,
    view: number,
    extractor: Pick<MapExtractor, 'extract'>,
  ): Promise<Float32Array[]> {
    const { width, height, maps } = await this.#extract(file, view, [mirror], extractor);
    return this.#info.maps.map(({ channels, stride, deviation }, i) => {
      const halves = Uint16Array.from(maps[i]!, toHalf);
      const stored = { height: height / stride, width: width / stride, channels, halves };
      return cropMap(stored, false, this.#squareOf(crop, stride), deviation);
    });
  }

  /** How a view shows a picture: the first as it is. The same whatever else is trained on. */
  view({ hash }: PictureFile, view: number): MapView {
    if (view === 0) return { shorter: this.#size, tone: IDENTITY_TONE, wear: undefined };
    const random = new Random(seedOf(Number.parseInt(hash.slice(0, 8), 16), view));
    const shorter = Math.round(this.#size * (1 + ENLARGED * random.uniform()));
    const tone = randomTone(random, this.#augmentation);
    return { shorter, tone, wear: random.uniform() < this.#augmentation.wear ? random.next() : undefined };
  }

  /** What a view shows to the network, but for the tone: RGBA. @throws FormatError for one that cannot be decoded */
  async picture(file: PictureFile, view: number): Promise<Picture<Uint8Array | Uint8ClampedArray>> {
    const { shorter, wear } = this.view(file, view);
    if (wear === undefined) return decodeForTraining(await bytesOf(file), { shorter, name: file.path });
    const fine = await this.#fine(file, view);
    return resizePicture(fine, renderSize(fine.width, fine.height, shorter));
  }

  /** Computes what is missing of so many views of `files`, and of `plain` as they are, and says so. */
  async complete(
    files: readonly PictureFile[],
    extractor: Pick<MapExtractor, 'extract'>,
    progress: Progress,
    views = 1,
    plain: readonly PictureFile[] = [],
  ): Promise<void> {
    const start = performance.now();
    const missing: { file: PictureFile; view: number }[] = [];
    // By name: repeated pictures, and views of one picture that happen to be alike, share a file.
    const all = new Map<string, { file: PictureFile; view: number }>();
    const want = (file: PictureFile, view: number) => all.set(this.#nameOf(file, view), { file, view });
    for (const file of files) for (let view = 0; view < views; view++) want(file, view);
    for (const file of plain) want(file, 0);
    await eachOf([...all], FILES_AT_ONCE, async ([name, { file, view }]) => {
      const found = this.#folders.map((folder) => stat(pathOf(folder.path, name)).catch(() => undefined));
      if ((await Promise.all(found)).some((each) => !each)) missing.push({ file, view });
    });
    for (const { path } of this.#folders) await makeFolder(path);
    let done = 0;
    await eachOf(missing, PICTURES_AT_ONCE, async ({ file, view }) => {
      await this.#write(file, view, extractor);
      progress.embedding(++done, missing.length);
    });
    const took = missing.length ? `, in ${duration((performance.now() - start) / 1000)}` : '';
    const names = this.#info.maps.map(({ output }) => output).join(', ');
    progress.say(
      `maps     ${names} of ${files.length + plain.length} pictures${views > 1 ? ` in ${views} views` : ''} and their mirror images: ${missing.length} computed${took}, ${all.size - missing.length} from ${join(this.#folders[0]!.path, '..')}`,
    );
  }

  /** The extractor with its maps' deviations on `some` pictures; computes those that are missing. */
  async measured(some: readonly PictureFile[], extractor: MapExtractor, progress: Progress): Promise<MapsInfo> {
    await this.complete(some, extractor, progress);
    const maps: MapInfo[] = [];
    for (const folder of this.#folders) {
      let [count, sum, squares] = [0, 0, 0];
      for (const file of some) {
        const { halves } = await this.#read(folder, this.#nameOf(file, 0));
        for (const half of halves) {
          sum += FLOATS[half]!;
          squares += FLOATS[half]! ** 2;
        }
        count += halves.length;
      }
      const deviation = Number(Math.sqrt(squares / count - (sum / count) ** 2).toPrecision(4));
      if (!(deviation > 0)) {
        throw new FormatError({
          where: `'${folder.map.output}'`,
          expected: 'a map that differs from picture to picture',
          got: 'one that is the same everywhere',
          hint: 'name another map',
        });
      }
      maps.push({ ...folder.map, deviation });
    }
    return { ...this.#info, maps };
  }

  /** What a view's files are called: by all that decides what is in them. */
  #nameOf(file: PictureFile, view: number): string {
    if (view === 0) return file.hash;
    const { shorter, tone, wear } = this.view(file, view);
    const plain = `${file.hash}-${shorter}-${packTone(tone).toString(16).padStart(8, '0')}`;
    return wear === undefined ? plain : `${plain}-${wear.toString(16)}`;
  }

  /** The maps of a view of a picture, of its mirror image or of both, and the extent of what the extractor was shown. */
  async #extract(
    file: PictureFile,
    view: number,
    mirrors: readonly boolean[],
    extractor: Pick<MapExtractor, 'extract'>,
  ): Promise<{ width: number; height: number; maps: Float32Array[] }> {
    const { scale } = this.#info;
    const { shorter, tone } = this.view(file, view);
    const seen = withTone(await this.#fine(file, view), tone);
    const planes = mirrors.map((mirror) => renderGrey(seen, shorter, { multiple: this.cell, scale, mirror }).fine);
    const { width, height } = planes[0]!;
    return { width, height, maps: await extractor.extract(planes) };
  }

  /** What a view shows to the extractor, but for the tone. */
  async #fine(file: PictureFile, view: number): Promise<Picture<Uint8Array | Uint8ClampedArray>> {
    const { shorter, wear } = this.view(file, view);
    const options = { shorter: shorter * this.#info.scale, name: file.path };
    const picture = await decodeForTraining(await bytesOf(file), options);
    return wear === undefined ? picture : worn(picture, wear);
  }

  async #write(file: PictureFile, view: number, extractor: Pick<MapExtractor, 'extract'>): Promise<void> {
    const { width, height, maps } = await this.#extract(file, view, [false, true], extractor);
    const name = this.#nameOf(file, view);
    await Promise.all(
      this.#folders.map(async ({ map: { stride }, key, path }, i) => {
        const body = new Uint8Array(8 + maps[i]!.length * 2);
        new Uint32Array(body.buffer, 0, 2).set([height / stride, width / stride]);
        new Uint16Array(body.buffer, 8).set(maps[i]!.map(toHalf));
        await writeWhole(pathOf(path, name), Buffer.concat([digestOf(key, name, body), body]), { sync: false });
      }),
    );
  }

  /** A square of pixels in the cells of a map. */
  #squareOf({ top, left, size }: Crop, stride: number): CellSquare {
    const cell = stride / this.#info.scale;
    return { top: top / cell, left: left / cell, side: size / cell };
  }

  async #read(
    { map, key, path }: { readonly map: MapInfo; readonly key: string; readonly path: string },
    hash: string,
  ): Promise<StoredMap> {
    const name = pathOf(path, hash);
    const file = await readFile(name).catch(() => undefined);
    const body = new Uint8Array(file?.subarray(DIGEST_BYTES) ?? []);
    if (file && file.length >= HEADER_BYTES && file.subarray(0, DIGEST_BYTES).equals(digestOf(key, hash, body))) {
      const [height, width] = new Uint32Array(body.buffer, 0, 2) as unknown as [number, number];
      const halves = new Uint16Array(body.buffer, 8);
      const { channels } = map;
      if (halves.length === 2 * height * width * channels) return { height, width, channels, halves };
    }
    await rm(name, { force: true });
    throw new FormatError({
      where: name,
      expected: 'the feature maps of a picture',
      got: file ? 'a damaged file, now removed' : 'none',
      hint: 'go on with --resume, which computes it again',
    });
  }
}

function pathOf(folder: string, hash: string): string {
  return join(folder, `${hash}.f16`);
}

function digestOf(key: string, hash: string, body: Uint8Array): Buffer {
  return createHash('sha256').update(key).update(hash).update(body).digest();
}
