/** Picture files as they are read: with hash and time, and only once for several pages. */
import { createHash } from 'node:crypto';
import { type ImageFile, readImage } from '../../image/node.ts';
import { FormatError } from '../../runtime/errors.ts';
import { readStored, statStored, writeStored } from '../storage/folder.ts';
import type { FileStat, StoredFile } from '../storage/store.ts';
import type { Stamp } from './ledger_line.ts';
import type { Job } from './plan.ts';

/** Where the files of pictures are. */
export interface PictureFiles {
  /** What tells whether the input has changed. @throws EnvironmentError */
  stat(job: Job): Promise<FileStat | undefined>;
  /** Reads the input. @throws EnvironmentError */
  read(job: Job): Promise<StoredFile>;
  /** Writes the output, whole or not at all. @throws EnvironmentError */
  write(job: Job, data: Uint8Array): Promise<void>;
}

/** On this machine's disks. */
export const DISK: PictureFiles = {
  stat: ({ input }) => statStored(input),
  read: ({ input }) => readStored(input, 'an image file'),
  write: ({ output }, data) => writeStored(output, data),
};

/** A picture, and what is known of its file. */
export interface Source {
  readonly image: ImageFile;
  readonly stamp: Stamp;
}

interface FileBytes {
  readonly path: string;
  readonly data: Uint8Array;
  readonly stamp: Stamp;
}

/** Reads the pictures of jobs. */
export class SourceReader {
  readonly #files: PictureFiles;
  /** The last file of which pages are wanted: the next page is likely to be its. */
  #last: FileBytes | undefined;

  constructor(files: PictureFiles) {
    this.#files = files;
  }

  /**
   * Reads a picture.
   *
   * @param page what is taken where the job names none, from 0; undefined: the first, with a warning if there are several
   * @param stamped is told of the file before it is decoded
   * @throws EnvironmentError or FormatError for what cannot be read
   */
  async read(job: Job, page: number | undefined, stamped: (stamp: Stamp) => void): Promise<Source> {
    if (job.error) throw new FormatError(job.error);
    const { data, stamp } = await this.#fileOf(job);
    stamped(stamp);
    const wanted = job.page ?? page;
    return { image: await readImage(data, { name: job.input, ...(wanted !== undefined && { page: wanted }) }), stamp };
  }

  async #fileOf(job: Job): Promise<FileBytes> {
    const last = this.#last;
    if (last?.path === job.input) {
      const now = await this.#files.stat(job);
      if (last.stamp.modified === now?.modified && last.stamp.bytes === now.bytes) return last;
    }
    this.#last = undefined;
    const { data, modified } = await this.#files.read(job);
    const file = { path: job.input, data, stamp: { sha256: hash(data), bytes: data.length, modified } };
    if (job.page !== undefined) this.#last = file;
    return file;
  }
}

/** SHA-256 in hexadecimal digits. */
export function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
