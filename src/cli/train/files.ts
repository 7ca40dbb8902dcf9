/** Files that are either whole or not there. */
import { open, rename, rm } from 'node:fs/promises';

/** What unfinished files end with; left behind only where the process was killed. */
export const UNFINISHED = '.unfinished';

/**
 * Writes a file under a temporary name, makes sure that it is on the disk, and renames it.
 *
 * @param sync false: it may be damaged after a loss of power, for what can be computed again and is checked when read
 */
export async function writeWhole(path: string, data: string | Uint8Array, { sync = true } = {}): Promise<void> {
  // Runs that share a cache may write the same file at the same time.
  const temporary = `${path}.${process.pid}${UNFINISHED}`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(data);
      if (sync) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
