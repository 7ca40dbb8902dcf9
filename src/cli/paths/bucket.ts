/** Walk through a bucket: the pictures in it, folder by folder, where a folder is what names have before their last `/`. */
import { HEAD_BYTES, type ImageKind } from '../../image/file/sniff.ts';
import { FormatError } from '../../runtime/errors.ts';
import type { FileStore, ListedFile } from '../storage/store.ts';
import { extensionOf, kindOfFile } from './walk.ts';

/** A picture in a bucket. */
export interface BucketPhotograph extends ListedFile {
  readonly kind: ImageKind;
}

/** Is told of what is no picture, or cannot be one. */
export interface LeftIn {
  failed(reason: string): void;
  /** Files that are no pictures, by extension; they are added. */
  readonly leftOut: Map<string, number>;
}

/**
 * Finds pictures, those of one folder at a time.
 *
 * @param except a place from which nothing is taken
 * @throws EnvironmentError for what the server refuses; FormatError where names do not come in order
 */
export async function* bucketPhotographs(
  store: FileStore,
  except: string,
  { failed, leftOut }: LeftIn,
): AsyncGenerator<BucketPhotograph[]> {
  for await (const files of folderByFolder(store.list(), store.name)) {
    const found: BucketPhotograph[] = [];
    for (const file of files) {
      const { name } = file;
      const parts = name.split('/');
      // The object of a folder that a console has made, what is hidden, and what was written.
      if (name.endsWith('/') || parts.some((part) => part.startsWith('.'))) continue;
      if (store.place(name).startsWith(`${except}/`)) continue;
      const kind = await kindOfFile(name, () => store.readPart(name, 'a file', 0, HEAD_BYTES));
      if (!kind) leftOut.set(extensionOf(name), (leftOut.get(extensionOf(name)) ?? 0) + 1);
      else if (parts.every((part) => part !== '')) found.push({ ...file, kind });
      else failed(`${store.place(name)}: expected a name without // in it, got one – give it another`);
    }
    if (found.length) yield found;
  }
}

/**
 * Files folder by folder. They come in the order of their names' bytes, so a folder is whole where a name outside of it comes.
 *
 * @throws FormatError for another order, as that of Amazon's directory buckets
 */
export async function* folderByFolder(
  listing: AsyncIterable<readonly ListedFile[]>,
  where: string,
): AsyncGenerator<ListedFile[]> {
  const open: { readonly folder: string; readonly files: ListedFile[] }[] = [{ folder: '', files: [] }];
  let last = '';
  for await (const files of listing) {
    for (const file of files) {
      const { name } = file;
      if (name < last && Buffer.compare(Buffer.from(name), Buffer.from(last)) < 0) {
        throw new FormatError({ where, expected: 'names in order', got: `'${name}' behind '${last}'` });
      }
      last = name;
      const folder = name.slice(0, name.lastIndexOf('/') + 1);
      while (!folder.startsWith(open.at(-1)!.folder)) yield open.pop()!.files;
      if (open.at(-1)!.folder !== folder) open.push({ folder, files: [] });
      open.at(-1)!.files.push(file);
    }
  }
  while (open.length) yield open.pop()!.files;
}
