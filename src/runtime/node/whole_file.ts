/** Files that are either whole or not there. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeError } from '../file_errors.ts';

/** What unfinished files end with; left behind only where the process was killed. */
export const UNFINISHED = '.unfinished';

/** Files that are being written. */
const unfinished = new Set<string>();
let watching = false;

/**
 * Writes a file under a temporary name beside it, makes sure that it is on the disk, renames it, and makes sure of the name.
 * So no half-written file ever stands under `path`; a file already there is replaced.
 *
 * @param sync false: it may be damaged after a loss of power, for what can be computed again and is checked when read
 * @throws EnvironmentError when it cannot be written
 */
export async function writeWhole(path: string, data: string | Uint8Array, { sync = true } = {}): Promise<void> {
  // Not made from the file's name, which may be as long as names can be. Several processes may write the same file.
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}${UNFINISHED}`);
  if (!watching) process.on('exit', removeUnfinished);
  watching = true;
  unfinished.add(temporary);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(data);
      // The bytes must be on disk before the name is.
      if (sync) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    if (sync) await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeError(path, cause as Error);
  } finally {
    unfinished.delete(temporary);
  }
}

/** Makes sure that the names in a folder are on the disk, where the system can. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path).catch(() => undefined);
  // Windows opens no folders, and some file systems of networks sync none: there the file itself must do.
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

/** Where the process ends in the midst of it, such as for an interrupt that was caught. */
function removeUnfinished(): void {
  for (const path of unfinished) rmSync(path, { force: true });
}

/** Makes a folder, and those above it. @throws EnvironmentError when that cannot be done */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause: Error) => {
    throw writeError(path, cause);
  });
}
