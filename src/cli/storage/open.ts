/** Opening of storage by name: a folder's path, or `s3://BUCKET/PREFIX`. */
import { resolve } from 'node:path';
import { BucketStore } from './bucket.ts';
import { FolderStore } from './folder.ts';
import type { FileStore } from './store.ts';

/** Whether a name is that of a bucket, or of something in one. */
export function isBucket(name: string): boolean {
  return name.startsWith('s3://');
}

/** The same name wherever it is read: an absolute path; a bucket's without `/` at its end. */
export function absolutePlace(name: string): string {
  return isBucket(name) ? name.replace(/\/+$/, '') : resolve(name);
}

/** Opens a storage. @throws EnvironmentError for a bucket, where the package for it is not installed */
export async function openStore(name: string): Promise<FileStore> {
  return isBucket(name) ? BucketStore.open(absolutePlace(name)) : new FolderStore(name);
}
