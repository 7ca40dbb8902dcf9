/** Default store of tuning results: a file in Node, IndexedDB in browsers, memory elsewhere. */
import { memoryStore, type TuningStore } from './index.ts';

let shared: Promise<TuningStore> | undefined;

/** The one store of this process. */
export function defaultTuningStore(): Promise<TuningStore> {
  shared ??= openStore();
  return shared;
}

async function openStore(): Promise<TuningStore> {
  if (typeof process !== 'undefined' && process.versions?.node) {
    const { cacheFolder, fileStore } = await import('./file.ts');
    return fileStore(cacheFolder(process.platform, process.env));
  }
  if (typeof indexedDB !== 'undefined') {
    const { indexedDbStore } = await import('./indexeddb.ts');
    return indexedDbStore(indexedDB);
  }
  return memoryStore();
}
