/** Storage of files by their names: what a folder and a bucket have in common. */

/** What tells that a file has changed. */
export interface FileStat {
  readonly bytes: number;
  /** When it was last changed, in milliseconds since 1970; of an object in a bucket, in whole seconds. */
  readonly modified: number;
}

/** A file that was read. */
export interface StoredFile {
  readonly data: Uint8Array;
  readonly modified: number;
}

/** A file of a listing; its size and time where the listing tells them. */
export interface ListedFile extends Partial<FileStat> {
  readonly name: string;
}

/**
 * Where files are: below a folder, or below a prefix of a bucket. Names are inside of that, with `/` between folders. Every
 * method throws EnvironmentError for what the disk or the server refuses.
 */
export interface FileStore {
  /** A folder's path, or `s3://BUCKET/PREFIX`, without a `/` at its end. */
  readonly name: string;
  /** The path, where it is a folder of this machine. */
  readonly folder?: string;
  /** The path or address of a file, for messages and jobs. */
  place(file: string): string;
  /** The name of a file of that path or address. */
  inside(place: string): string;
  /** Undefined for a file that is not there. */
  stat(file: string): Promise<FileStat | undefined>;
  /** Reads a file. @param expected what it should be, for messages: `an image file` */
  read(file: string, expected: string): Promise<StoredFile>;
  /** Reads a part of a file; less of one that ends before. @param bytes how many */
  readPart(file: string, expected: string, at: number, bytes: number): Promise<Uint8Array>;
  /** Reads a file piece by piece. */
  stream(file: string, expected: string): AsyncIterable<Uint8Array>;
  /** Writes a file, whole or not at all. */
  write(file: string, data: Uint8Array): Promise<void>;
  /** The same, of texts one after the other. What `texts` throws is thrown, and nothing is written. */
  writeTexts(file: string, texts: AsyncIterable<string>): Promise<void>;
  /** Removes a file; one that is not there is no error. */
  remove(file: string): Promise<void>;
  /** Names of files, in no folder below, that begin so. */
  top(beginning: string): Promise<string[]>;
  /** All files, those of folders below too, some at a time. Links to folders are not followed. */
  list(): AsyncIterable<readonly ListedFile[]>;
  /** Whether files are there, for asking of many. */
  presence(): Promise<(file: string) => boolean>;
}
