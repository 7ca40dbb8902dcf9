/** Listing of an output folder: pictures, and what was left behind of files that were being written. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WRITABLE_EXTENSIONS } from '../../image/codec/formats.ts';
import { readError } from '../../runtime/file_errors.ts';
import { UNFINISHED } from '../../runtime/node/whole_file.ts';
import { isLedgerName } from '../ledger/file.ts';
import { extensionOf } from '../paths/walk.ts';

export interface OutputFolder {
  /** Paths inside the folder, with `/` between folders. */
  readonly pictures: ReadonlySet<string>;
  /** The same, of temporary files. */
  readonly leftovers: readonly string[];
}

/**
 * Lists a folder and those below it; not those that have a ledger of their own, nor links.
 *
 * @throws EnvironmentError for a folder that cannot be read
 */
export async function listOutputs(folder: string): Promise<OutputFolder> {
  const pictures = new Set<string>();
  const leftovers: string[] = [];
  const visit = async (inside: string) => {
    const path = join(folder, inside);
    const entries = await readdir(path, { withFileTypes: true }).catch((cause: Error) => {
      throw readError(path, 'a folder', cause);
    });
    if (inside && entries.some(({ name }) => isLedgerName(name))) return;
    for (const entry of entries) {
      const name = inside ? `${inside}/${entry.name}` : entry.name;
      if (entry.isDirectory()) await visit(name);
      else if (entry.name.startsWith('.')) {
        if (entry.name.endsWith(UNFINISHED)) leftovers.push(name);
      } else if (WRITABLE_EXTENSIONS.includes(extensionOf(entry.name))) pictures.add(name);
    }
  };
  await visit('');
  return { pictures, leftovers: leftovers.sort() };
}
