/** Comparison of photographs, ledger and files: what is missing, there twice, damaged, or left behind. */
import { createHash } from 'node:crypto';
import type { Entry, Ledger } from '../ledger/file.ts';
import type { DoneLine, LedgerInput } from '../ledger/line.ts';
import { isExpected } from '../shared/messages.ts';
import { eachOf } from '../shared/scan.ts';
import type { FileStore } from '../storage/store.ts';
import type { OutputFolder } from './folder.ts';
import type { Photograph, Wanted } from './wanted.ts';

/** Files read at a time: from a disk, and from a server, whose answers are waited for. */
const AT_ONCE = { folder: 4, bucket: 32 };

export const KINDS = ['missing', 'damaged', 'unlisted', 'stale', 'failed', 'twice', 'leftover'] as const;

export interface Fault {
  readonly kind: (typeof KINDS)[number];
  /** Of an output or temporary file, inside the folder; of a photograph that has none, inside its own. */
  readonly path: string;
  /** What is wrong. */
  readonly what: string;
  readonly todo: string;
}

const AGAIN = 'color it: the same call, with --skip-existing';
const MARK = 'mark it with --repair, then color it: the same call, with --skip-existing';

/** What is compared. */
export interface Compared {
  readonly store: FileStore;
  readonly ledger: Ledger;
  readonly outputs: OutputFolder;
  readonly wanted?: Wanted | undefined;
}

/**
 * Finds all faults, by path.
 *
 * @param progress is told how many files have been read
 */
export async function findFaults(
  { store, ledger, outputs, wanted }: Compared,
  progress: (done: number, total: number) => void,
): Promise<Fault[]> {
  const { entries } = ledger;
  const faults: Fault[] = outputs.leftovers.map((path) => ({
    kind: 'leftover',
    path,
    what: 'a temporary file of a process that was killed, or still writes',
    todo: 'remove it with --repair, when nobody writes any more',
  }));
  for (const path of outputs.pictures) {
    if (entries.get(path)?.made) continue;
    faults.push({ kind: 'unlisted', path, what: 'no line of the ledger tells how it was made', todo: MARK });
  }
  const { double, superseded } = several(entries, outputs);
  const told = [...entries].filter(([path, entry]) => {
    // An output that is gone is no loss where the photograph has another one, or is not wanted any more.
    const isAsked = !wanted || wanted.names.has(inputOf(entry)?.path ?? '');
    return outputs.pictures.has(path) || (isAsked && !superseded.has(path));
  });
  let done = 0;
  await eachOf(told, AT_ONCE[store.folder === undefined ? 'bucket' : 'folder'], async ([path, entry]) => {
    const fault = await faultOf(store, path, entry, outputs, wanted);
    if (fault) faults.push(fault);
    progress(++done, told.length);
  });
  faults.push(...double, ...(wanted ? missing(wanted, entries) : []));
  return faults.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** What is wrong with one output that the ledger tells of. */
async function faultOf(
  store: FileStore,
  path: string,
  { made, failed }: Entry,
  outputs: OutputFolder,
  wanted: Wanted | undefined,
): Promise<Fault | undefined> {
  if (failed)
    return { kind: 'failed', path, what: failed.reason, todo: 'mend or replace the photograph, and color it' };
  if (!made) return undefined;
  if (made.result === 'redo') {
    const isThere = outputs.pictures.has(path);
    // What nobody knows a photograph of may have been removed for good.
    return isThere || made.input
      ? { kind: isThere ? 'stale' : 'missing', path, what: made.reason, todo: AGAIN }
      : undefined;
  }
  const wrong = await compare(store, path, made);
  if (wrong) return { path, ...wrong };
  if (!(await isStale(made.input, wanted))) return undefined;
  return { kind: 'stale', path, what: 'its photograph is not the one that it was made of', todo: AGAIN };
}

/** Compares a file with its line. */
async function compare(store: FileStore, path: string, { output }: DoneLine): Promise<Omit<Fault, 'path'> | undefined> {
  try {
    const found = await store.stat(path);
    if (!found) return { kind: 'missing', what: 'the file is gone', todo: AGAIN };
    if (found.bytes !== output.bytes) {
      return { kind: 'damaged', what: `expected ${output.bytes} bytes, got ${found.bytes}`, todo: MARK };
    }
    const sha256 = await hashOf(store, path);
    if (sha256 === output.sha256) return undefined;
    return { kind: 'damaged', what: `expected SHA-256 ${output.sha256}, got ${sha256}`, todo: MARK };
  } catch (cause) {
    if (!isExpected(cause)) throw cause;
    return { kind: 'damaged', what: cause.message, todo: MARK };
  }
}

async function hashOf(store: FileStore, path: string): Promise<string> {
  return createHash('sha256')
    .update((await store.read(path, 'a file')).data)
    .digest('hex');
}

/** Whether photographs of that name are there, and none of them is the one. */
async function isStale(input: LedgerInput, wanted: Wanted | undefined): Promise<boolean> {
  const files = wanted?.files.get(input.path) ?? [];
  for (const file of files) if (await isSame(file, input).catch(() => false)) return false;
  return files.length > 0;
}

/** Whether a photograph is the one that was read: where size and time are the same, it is not read again. */
async function isSame({ store, name, listed }: Photograph, input: LedgerInput): Promise<boolean> {
  const found = listed ?? (await store.stat(name));
  if (found?.bytes === input.bytes && found.modified === input.modified) return true;
  return (await hashOf(store, name)) === input.sha256;
}

/** The photograph of an output. */
function inputOf({ made, failed }: Entry) {
  return failed?.input ?? made?.input;
}

/** Photographs with several outputs: those that are there twice, and outputs that are gone while others are there. */
function several(entries: Ledger['entries'], { pictures }: OutputFolder) {
  const outputs = new Map<string, string[]>();
  for (const [path, entry] of entries) {
    const input = inputOf(entry);
    if (!input) continue;
    const key = JSON.stringify([input.folder, input.path, input.page ?? 0]);
    outputs.set(key, [...(outputs.get(key) ?? []), path]);
  }
  const double: Fault[] = [];
  const superseded = new Set<string>();
  for (const paths of outputs.values()) {
    const [first, ...others] = paths.filter((path) => pictures.has(path));
    if (first === undefined) continue;
    for (const path of paths) if (!pictures.has(path)) superseded.add(path);
    for (const path of others) {
      double.push({
        kind: 'twice',
        path,
        what: `made of the same photograph as ${first}`,
        todo: 'remove one of the two',
      });
    }
  }
  return { double, superseded };
}

/** Photographs that are wanted, and of which the ledger tells nothing. */
function missing({ names }: Wanted, entries: Ledger['entries']): Fault[] {
  const folders = new Map<string, Set<string>>();
  for (const entry of entries.values()) {
    const input = inputOf(entry);
    if (input) folders.set(input.path, (folders.get(input.path) ?? new Set()).add(input.folder));
  }
  return [...names].flatMap(([path, count]) => {
    const found = folders.get(path)?.size ?? 0;
    if (found >= count) return [];
    const what = found ? `${count} photographs have this name, and ${found} of them a line` : 'no line tells of it';
    return [{ kind: 'missing', path, what: `${what} in the ledger`, todo: AGAIN }];
  });
}
