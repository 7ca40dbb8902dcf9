/** Photographs of buckets, and of folders that are colored into a bucket, each with its output. */
import { stat } from 'node:fs/promises';
import { basename, dirname, relative, sep } from 'node:path';
import { pagesOf } from '../../image/codec/open.ts';
import { HEAD_BYTES, type ImageKind } from '../../image/file/sniff.ts';
import { Names, writableAs } from '../colorize/names.ts';
import { withPages } from '../colorize/pages.ts';
import type { Job } from '../colorize/plan.ts';
import { bucketPhotographs } from '../paths/bucket.ts';
import { kindOf, kindOfFile, Walk } from '../paths/walk.ts';
import { UsageError } from '../shared/messages.ts';
import { isBucket, openStore } from '../storage/open.ts';
import type { FileStore } from '../storage/store.ts';

/** Is told of what is left out. */
export interface LeftOut {
  /** A photograph, or a folder, that cannot be colored, and why. */
  failed(reason: string): void;
  /** Files that are no pictures, by extension. */
  leftOut(files: ReadonlyMap<string, number>): void;
}

/** A photograph's name in its store, and its kind. */
interface Photograph {
  readonly name: string;
  readonly kind: ImageKind;
}

/**
 * The same as `streamJobs`, where inputs or output are in a bucket. Of one input they come folder by folder, and names that
 * only differ in case are told apart, as the bucket may be copied to a disk that does not.
 *
 * @throws UsageError for photographs that are in the place that is written into
 */
export async function* jobsAcross(
  inputs: readonly string[],
  out: FileStore,
  pages: boolean,
  told: LeftOut,
): AsyncGenerator<readonly Job[]> {
  if (out.folder !== undefined && !inputs.every(isBucket)) {
    const hint = 'name another output for the others';
    throw new UsageError({ expected: 'photographs in buckets only, or in none', got: 'both', hint });
  }
  const nothing = { has: async () => false };
  const newNames = () => new Names(nothing, async (name) => name);
  const leftOut = new Map<string, number>();
  const all = newNames();
  const before: string[] = [];
  for (const input of inputs) {
    const { store, only, photographs } = await photographsOf(input, out, told, leftOut);
    let count = 0;
    for await (const some of photographs) {
      count += some.length;
      // Names are taken in one folder only, where all photographs are those of one input.
      const names = inputs.length > 1 ? all : newNames();
      const jobs: Job[] = [];
      for (const { name, kind } of some) {
        if (before.some((place) => `${store.place(name)}/`.startsWith(place))) continue;
        const output = await names.free(writableAs(kind, name));
        jobs.push({ input: store.place(name), folder: store.name, name, output });
      }
      const countPages = async ({ name }: Job) => {
        const place = store.place(name);
        return pagesOf((await store.read(name, 'an image file')).data, place);
      };
      const paged = pages ? await withPages(jobs, countPages, newNames()) : jobs;
      yield paged.map((job) => ({ ...job, output: out.place(slashed(job.output)) }));
    }
    before.push(`${only === undefined ? store.name : store.place(only)}/`);
    if (count === 0) told.failed(`${input}: expected photographs, got none – check the name`);
  }
  told.leftOut(leftOut);
}

/** The photographs of an input, folder by folder: of a folder, a bucket, or a file that is named itself. */
async function photographsOf(input: string, out: FileStore, told: LeftOut, leftOut: Map<string, number>) {
  if (isBucket(input)) {
    const { store, only } = await bucketOf(input);
    expectApart(store, out);
    const photographs =
      only === undefined ? bucketPhotographs(store, out.name, { ...told, leftOut }) : one(only, store);
    return { store, only, photographs };
  }
  const only = (await isFolder(input)) ? undefined : basename(input);
  const store = await openStore(only === undefined ? input : dirname(input));
  return { store, only, photographs: only === undefined ? inFolder(input, told, leftOut) : one(only, store) };
}

/** Where a bucket has nothing below a name, but an object of it, that is meant. */
async function bucketOf(input: string): Promise<{ store: FileStore; only?: string }> {
  const [, above, name] = /^(s3:\/\/.+)\/([^/]+)$/su.exec(input) ?? [];
  const store = await openStore(input);
  if (above === undefined || name === undefined) return { store };
  for await (const files of store.list()) {
    if (files.length) return { store };
    break;
  }
  const folder = await openStore(above);
  return (await folder.stat(name)) ? { store: folder, only: name } : { store };
}

/** @throws UsageError where outputs might be written over photographs */
function expectApart({ name }: FileStore, out: FileStore): void {
  if (!`${name}/`.startsWith(`${out.name}/`)) return;
  throw new UsageError({ where: '-o', expected: 'a place that the photographs are not in', got: `'${out.name}'` });
}

async function* one(name: string, store: FileStore): AsyncGenerator<Photograph[]> {
  const kind = await kindOfFile(name, () => store.readPart(name, 'an image file', 0, HEAD_BYTES));
  if (kind) yield [{ name, kind }];
}

async function* inFolder(folder: string, told: LeftOut, leftOut: Map<string, number>): AsyncGenerator<Photograph[]> {
  const walk = new Walk();
  for await (const paths of walk.folderByFolder(folder)) {
    const found: Photograph[] = [];
    for (const path of paths) found.push({ name: slashed(relative(folder, path)), kind: (await kindOf(path))! });
    yield found;
  }
  for (const { reason } of walk.unreadable) told.failed(reason);
  for (const [what, count] of walk.leftOut) leftOut.set(what, (leftOut.get(what) ?? 0) + count);
}

/** Whether it is a folder of this machine. */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

function slashed(path: string): string {
  return path.split(sep).join('/');
}
