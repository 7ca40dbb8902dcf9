/** Coloring of image files, one after the other: each is read, colored, written, and then noted in the ledger. */
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { applyChroma } from '../../image/color/chroma.ts';
import { hasColor } from '../../image/color/has_color.ts';
import { encodeImage, type ImageFile, readImage } from '../../image/node.ts';
import { borderPixels, cornerPixels } from '../../image/raster/border.ts';
import type { Picture } from '../../image/raster/picture.ts';
import type { Colorizer, ColorizerOptions } from '../../model/colorizer.ts';
import { FormatError, type KoalarizeError } from '../../runtime/errors.ts';
import type { DoneLine } from '../ledger/line.ts';
import { isExpected } from '../shared/messages.ts';
import { readStored, writeStored } from '../storage/folder.ts';
import type { StoredFile } from '../storage/store.ts';
import type { Recorder, Stamp } from './ledger_line.ts';
import type { ColorizeRequest } from './options.ts';
import type { Job } from './plan.ts';

/** What became of a photograph: it was colored or kept, it failed, or none can be done, as there is no device or no weights. */
export type Outcome =
  | {
      readonly result: DoneLine['result'];
      readonly image: { readonly width: number; readonly height: number };
      readonly ms: number;
      readonly warnings: readonly string[];
      /** Pixels that stay neutral: top, right, bottom, left. */
      readonly border?: readonly number[];
      /** Radii of round corners inside of the border, in pixels across and down. */
      readonly corners?: readonly number[];
    }
  | {
      readonly result: 'failed' | 'unable';
      readonly error: KoalarizeError;
      /** Of the file, where it could be read. */
      readonly stamp: Stamp | undefined;
      readonly seconds: number;
    };

/** What colors: a `Colorizer`. */
export type Painter = Pick<Colorizer, 'chroma' | 'close'>;

/** Where the files of pictures are. */
export interface PictureFiles {
  /** Reads the input. @throws EnvironmentError */
  read(job: Job): Promise<StoredFile>;
  /** Writes the output, whole or not at all. @throws EnvironmentError */
  write(job: Job, data: Uint8Array): Promise<void>;
}

/** On this machine's disks. */
const DISK: PictureFiles = {
  read: ({ input }) => readStored(input, 'an image file'),
  write: ({ output }, data) => writeStored(output, data),
};

/** A picture's file, read. */
interface Source {
  readonly image: ImageFile;
  readonly stamp: Stamp;
}

/** Colors the files of one request. */
export class FileColorizer {
  readonly #request: ColorizeRequest;
  readonly #open: (options: ColorizerOptions) => Promise<Painter>;
  readonly #recorder: Recorder | undefined;
  readonly #files: PictureFiles;
  /** Shared by calls that overlap. */
  #painter: Promise<Painter> | undefined;

  /**
   * @param open opens the device and loads the weights, when they are needed first
   * @param recorder notes what is done; what failed is left to the caller
   * @param files default the disks of this machine, where jobs' inputs and outputs are paths
   */
  constructor(
    request: ColorizeRequest,
    open: (options: ColorizerOptions) => Promise<Painter>,
    recorder: Recorder | undefined,
    files: PictureFiles = DISK,
  ) {
    this.#request = request;
    this.#open = open;
    this.#recorder = recorder;
    this.#files = files;
  }

  /** Colors one file. Errors that a user can cause are outcomes; all others are thrown. */
  async color(job: Job): Promise<Outcome> {
    const start = performance.now();
    const seconds = () => Math.round(performance.now() - start) / 1000;
    const { pages, keepColor, ask, apply, load } = this.#request;
    let stamp: Stamp | undefined;
    /** Writes the picture, then its line. */
    const write = async (result: DoneLine['result'], picture: Picture, { image, stamp }: Source) => {
      const { bytes, warnings } = await encodeImage(job.output, picture, {
        metadata: image.metadata,
        mark: this.#request.mark,
      });
      await this.#files.write(job, bytes);
      await this.#recorder?.done(result, job, stamp, { sha256: hash(bytes), bytes: bytes.length }, seconds());
      return [...image.warnings, ...warnings];
    };
    try {
      // Read first: a folder of unreadable files needs no device.
      const source = await read(this.#files, pages ? { page: 0, ...job } : job, (found) => (stamp = found));
      const { image } = source;
      const colored = hasColor(image);
      if (colored && keepColor) {
        const begun = performance.now();
        const kept = `${job.input}: has colors already – left as it is`;
        const warnings = [kept, ...(await write('kept', image, source))];
        return { result: 'kept', image, ms: performance.now() - begun, warnings };
      }
      this.#painter ??= this.#open(load);
      const painter = await this.#painter.catch((error: Error) => error);
      if (painter instanceof Error) {
        this.#painter = undefined;
        if (!isExpected(painter)) throw painter;
        return { result: 'unable', error: painter, stamp, seconds: seconds() };
      }
      const begun = performance.now();
      const chroma = await painter.chroma(image, ask);
      const border = chroma.border && borderPixels(chroma.border, image);
      const corners = chroma.border && cornerPixels(chroma.border, image);
      const written = await write('colored', applyChroma(image, chroma, apply), source);
      const replaced = `${job.input}: has colors already, which are replaced – --keep-color leaves such pictures as they are`;
      const warnings = colored ? [replaced, ...written] : written;
      const neutral = { ...(border && { border }), ...(corners && { corners }) };
      return { result: 'colored', image, ms: performance.now() - begun, warnings, ...neutral };
    } catch (error) {
      if (!isExpected(error)) throw error;
      return { result: 'failed', error, stamp, seconds: seconds() };
    }
  }

  /** Frees the device; the next picture opens it again. */
  async close(): Promise<void> {
    const painter = this.#painter;
    this.#painter = undefined;
    await (await painter?.catch(() => undefined))?.close();
  }
}

/** Reads a picture. @param stamped is told of the file before it is decoded */
async function read(files: PictureFiles, job: Job, stamped: (stamp: Stamp) => void): Promise<Source> {
  const { input, error, page } = job;
  if (error) throw new FormatError(error);
  const { data, modified } = await files.read(job);
  const stamp = { sha256: hash(data), bytes: data.length, modified };
  stamped(stamp);
  return { image: await readImage(data, { name: input, ...(page !== undefined && { page }) }), stamp };
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
