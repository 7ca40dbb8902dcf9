/** Picture files as they are read: with hash and time, and only once for several pages. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { type ImageFile, readImage } from '../../image/node.ts';
import { FormatError } from '../../runtime/errors.ts';
import { readError } from '../../runtime/file_errors.ts';
import type { Stamp } from './ledger_line.ts';
import type { Job } from './plan.ts';

/** A picture, and what is known of its file. */
export interface Source {
  readonly image: ImageFile;
  readonly stamp: Stamp;
}

interface FileBytes {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly stamp: Stamp;
}

/** Reads the pictures of jobs. */
export class SourceReader {
  /** The last file of which pages are wanted: the next page is likely to be its. */
  #last: FileBytes | undefined;

  /**
   * Reads a picture.
   *
   * @param page what is taken where the job names none, from 0; undefined: the first, with a warning if there are several
   * @param stamped is told of the file before it is decoded
   * @throws EnvironmentError or FormatError for what cannot be read
   */
  async read(
    { input, error, ...job }: Job,
    page: number | undefined,
    stamped: (stamp: Stamp) => void,
  ): Promise<Source> {
    if (error) throw new FormatError(error);
    const { bytes, stamp } = await this.#fileOf(input, job.page !== undefined);
    stamped(stamp);
    const wanted = job.page ?? page;
    return { image: await readImage(bytes, { name: input, ...(wanted !== undefined && { page: wanted }) }), stamp };
  }

  async #fileOf(path: string, keep: boolean): Promise<FileBytes> {
    const failed = (cause: Error) => {
      throw readError(path, 'an image file', cause);
    };
    // Before the bytes: of what changes meanwhile the older time is noted, and it is looked at again.
    const { mtimeMs: modified, size } = await stat(path).catch(failed);
    const last = this.#last;
    if (last?.path === path && last.stamp.modified === modified && last.stamp.bytes === size) return last;
    this.#last = undefined;
    const bytes = await readFile(path).catch(failed);
    const file = { path, bytes, stamp: { sha256: hash(bytes), bytes: bytes.length, modified } };
    if (keep) this.#last = file;
    return file;
  }
}

/** SHA-256 in hexadecimal digits. */
export function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
