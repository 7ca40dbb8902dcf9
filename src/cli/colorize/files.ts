/** Coloring of image files, one after the other: each is read, colored, written, and then noted in the ledger. */
import { performance } from 'node:perf_hooks';
import type { Picture } from '../../image/raster/picture.ts';
import type { Colorizer, ColorizerOptions } from '../../model/colorizer.ts';
import type { KoalarizeError } from '../../runtime/errors.ts';
import type { DoneLine } from '../ledger/line.ts';
import { colored, fileOf, type Neutral, ownColors } from '../shared/coloring.ts';
import { isExpected } from '../shared/messages.ts';
import type { Recorder, Stamp } from './ledger_line.ts';
import type { ColorizeRequest } from './options.ts';
import type { Job } from './plan.ts';
import { DISK, hash, type PictureFiles, type Source, SourceReader } from './source.ts';

/** What became of a photograph: it was colored or kept, it failed, or none can be done, as there is no device or no weights. */
export type Outcome =
  | (Neutral & {
      readonly result: DoneLine['result'];
      readonly image: { readonly width: number; readonly height: number };
      readonly ms: number;
      readonly warnings: readonly string[];
    })
  | {
      readonly result: 'failed' | 'unable';
      readonly error: KoalarizeError;
      /** Of the file, where it could be read. */
      readonly stamp: Stamp | undefined;
      readonly seconds: number;
    };

/** What colors: a `Colorizer`. */
export type Painter = Pick<Colorizer, 'chroma' | 'close'>;

/** Colors the files of one request. */
export class FileColorizer {
  readonly #request: ColorizeRequest;
  readonly #open: (options: ColorizerOptions) => Promise<Painter>;
  readonly #recorder: Recorder | undefined;
  readonly #files: PictureFiles;
  readonly #sources: SourceReader;
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
    this.#sources = new SourceReader(files);
  }

  /** Colors one file. Errors that a user can cause are outcomes; all others are thrown. */
  async color(job: Job): Promise<Outcome> {
    const start = performance.now();
    const seconds = () => Math.round(performance.now() - start) / 1000;
    const { pages, keepColor, mark, ask, apply, load } = this.#request;
    let stamp: Stamp | undefined;
    /** Writes the picture, then its line. */
    const write = async (result: DoneLine['result'], picture: Picture, { image, stamp }: Source) => {
      const { bytes, warnings } = await fileOf(job.output, picture, image, mark);
      await this.#files.write(job, bytes);
      await this.#recorder?.done(result, job, stamp, { sha256: hash(bytes), bytes: bytes.length }, seconds());
      return warnings;
    };
    try {
      // Read first: a folder of unreadable files needs no device.
      const source = await this.#sources.read(job, pages && 0, (found) => (stamp = found));
      const { image } = source;
      const { kept, warnings } = await ownColors(image, job.input, { keepColor, option: '--keep-color' });
      if (kept) {
        const begun = performance.now();
        const written = await write('kept', image, source);
        return { result: 'kept', image, ms: performance.now() - begun, warnings: [...warnings, ...written] };
      }
      this.#painter ??= this.#open(load);
      const painter = await this.#painter.catch((error: Error) => error);
      if (painter instanceof Error) {
        this.#painter = undefined;
        if (!isExpected(painter)) throw painter;
        return { result: 'unable', error: painter, stamp, seconds: seconds() };
      }
      const begun = performance.now();
      const { picture, ...neutral } = await colored(image, await painter.chroma(image, ask), apply);
      const written = await write('colored', picture, source);
      const ms = performance.now() - begun;
      return { result: 'colored', image, ms, warnings: [...warnings, ...written], ...neutral };
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
