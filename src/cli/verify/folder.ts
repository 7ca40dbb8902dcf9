/** Listing of an output folder or bucket: pictures, and what was left behind of files that were being written. */
import { basename, dirname } from 'node:path/posix';
import { WRITABLE_EXTENSIONS } from '../../image/codec/formats.ts';
import { UNFINISHED } from '../../runtime/node/whole_file.ts';
import { isLedgerName } from '../ledger/file.ts';
import { extensionOf } from '../paths/walk.ts';
import type { FileStore } from '../storage/store.ts';

export interface OutputFolder {
  /** Paths inside the folder, with `/` between folders. */
  readonly pictures: ReadonlySet<string>;
  /** The same, of temporary files. */
  readonly leftovers: readonly string[];
}

/**
 * Lists what was written; not what is in folders below that have a ledger of their own, nor links.
 *
 * @throws EnvironmentError for what cannot be listed
 */
export async function listOutputs(store: FileStore): Promise<OutputFolder> {
  const pictures = new Set<string>();
  const leftovers: string[] = [];
  const others = new Set<string>();
  for await (const files of store.list()) {
    for (const { name } of files) {
      const file = basename(name);
      if (name !== file && isLedgerName(file)) others.add(dirname(name));
      if (file.endsWith(UNFINISHED) && file.startsWith('.')) leftovers.push(name);
      else if (!file.startsWith('.') && WRITABLE_EXTENSIONS.includes(extensionOf(file))) pictures.add(name);
    }
  }
  const isOfOthers = (name: string) => {
    for (let at = dirname(name); at !== '.'; at = dirname(at)) if (others.has(at)) return true;
    return false;
  };
  if (others.size) for (const name of pictures) if (isOfOthers(name)) pictures.delete(name);
  return { pictures, leftovers: leftovers.filter((name) => !isOfOthers(name)).sort() };
}
