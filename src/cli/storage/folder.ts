/** Storage in a folder of this machine, or one that is mounted. */
import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { codeOf, readError, writeError } from '../../runtime/file_errors.ts';
import { makeFolder, UNFINISHED, writeWhole } from '../../runtime/node/whole_file.ts';
import type { FileStat, FileStore, ListedFile, StoredFile } from './store.ts';

/** Bytes that are read at a time, and written. */
const CHUNK = 2 ** 20;

export class FolderStore implements FileStore {
  readonly name: string;
  readonly folder: string;

  constructor(folder: string) {
    this.name = folder;
    this.folder = folder;
  }

  place(file: string): string {
    return join(this.folder, file);
  }

  inside(place: string): string {
    return relative(this.folder, place).split(sep).join('/');
  }

  stat(file: string): Promise<FileStat | undefined> {
    return statStored(this.place(file));
  }

  read(file: string, expected: string): Promise<StoredFile> {
    return readStored(this.place(file), expected);
  }

  async readPart(file: string, expected: string, at: number, bytes: number): Promise<Uint8Array> {
    const path = this.place(file);
    try {
      const handle = await open(path);
      try {
        const { buffer, bytesRead } = await handle.read(new Uint8Array(bytes), 0, bytes, at);
        return buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    } catch (cause) {
      throw readError(path, expected, cause as Error);
    }
  }

  async *stream(file: string, expected: string): AsyncGenerator<Uint8Array> {
    const path = this.place(file);
    try {
      yield* createReadStream(path, { highWaterMark: CHUNK });
    } catch (cause) {
      throw readError(path, expected, cause as Error);
    }
  }

  write(file: string, data: Uint8Array): Promise<void> {
    return writeStored(this.place(file), data);
  }

  async writeTexts(file: string, texts: AsyncIterable<string>): Promise<void> {
    const path = this.place(file);
    await makeFolder(dirname(path));
    const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}${UNFINISHED}`);
    let handle: FileHandle | undefined;
    try {
      handle = await open(temporary, 'wx');
      let text = '';
      for await (const next of texts) {
        text += next;
        if (text.length < CHUNK) continue;
        await handle.writeFile(text);
        text = '';
      }
      await handle.writeFile(text);
      await handle.sync();
      await handle.close();
      await rename(temporary, path);
    } catch (cause) {
      await handle?.close().catch(() => undefined);
      await rm(temporary, { force: true }).catch(() => undefined);
      // What the texts themselves threw is said as it is.
      throw codeOf(cause) === undefined ? cause : writeError(path, cause as Error);
    }
  }

  async remove(file: string): Promise<void> {
    const path = this.place(file);
    await rm(path, { force: true }).catch((cause: Error) => {
      throw writeError(path, cause);
    });
  }

  async top(beginning: string): Promise<string[]> {
    const names = await readdir(this.folder).catch((cause: Error) => {
      if (codeOf(cause) === 'ENOENT') return [];
      throw readError(this.folder, 'a folder', cause);
    });
    return names.filter((name) => name.startsWith(beginning)).sort();
  }

  async *list(inside = ''): AsyncGenerator<readonly ListedFile[]> {
    const path = join(this.folder, inside);
    const entries = await readdir(path, { withFileTypes: true }).catch((cause: Error) => {
      throw readError(path, 'a folder', cause);
    });
    const nameOf = ({ name }: { name: string }) => (inside ? `${inside}/${name}` : name);
    yield entries.filter((entry) => !entry.isDirectory()).map((entry) => ({ name: nameOf(entry) }));
    for (const entry of entries) if (entry.isDirectory()) yield* this.list(nameOf(entry));
  }

  async presence(): Promise<(file: string) => boolean> {
    return (file) => existsSync(this.place(file));
  }
}

/** What tells that a file of this machine has changed; undefined where there is none. @throws EnvironmentError */
export async function statStored(path: string): Promise<FileStat | undefined> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { bytes: size, modified: mtimeMs };
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw readError(path, 'a file', cause as Error);
  }
}

/** Reads a file of this machine. @throws EnvironmentError */
export async function readStored(path: string, expected: string): Promise<StoredFile> {
  const failed = (cause: Error) => {
    throw readError(path, expected, cause);
  };
  // Before the bytes: of what changes meanwhile the older time is noted, and it is looked at again.
  const { mtimeMs } = await stat(path).catch(failed);
  return { data: await readFile(path).catch(failed), modified: mtimeMs };
}

/** Writes a file of this machine, whole or not at all, and the folders above it. @throws EnvironmentError */
export async function writeStored(path: string, data: Uint8Array): Promise<void> {
  await makeFolder(dirname(path));
  await writeWhole(path, data);
}
