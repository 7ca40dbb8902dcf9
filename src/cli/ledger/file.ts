/**
 * Files of a ledger, in the folder that it tells of: `.koalarize.jsonl`, and one for each shard or machine, as not all file systems of
 * networks let several machines append to one file.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { writeError } from '../../runtime/file_errors.ts';
import { makeFolder } from '../../runtime/node/whole_file.ts';
import { VERSION } from '../../runtime/version.ts';
import type { Shard } from '../shared/shard.ts';
import type { FileStore } from '../storage/store.ts';
import { decodeLine, encodeLine, type LedgerLine, type WrittenLine } from './line.ts';

/** What the names of all files of a ledger begin with. */
const BEGINNING = '.koalarize';
const NAME = /^\.koalarize(-[\w-]+)?\.jsonl$/;
const LINE_END = 0x0a;

/** Who appends: one shard, or whatever has that name, of letters, digits, - and _. */
export type LedgerPart = Shard | string;

/** A ledger to append to. */
export interface LedgerSink {
  /** Appends a line. @throws EnvironmentError */
  append(line: LedgerLine): Promise<void>;
  /** Returns when all lines are where others read them. @throws EnvironmentError */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** The name of the file that a process appends to. */
export function ledgerName(part?: LedgerPart): string {
  const name = typeof part === 'object' ? `${part.index}-of-${part.count}` : part;
  return `${BEGINNING}${name === undefined ? '' : `-${name}`}.jsonl`;
}

/** The file that a process appends to. */
export function ledgerPath(folder: string, part?: LedgerPart): string {
  return join(folder, ledgerName(part));
}

/** Whether a file of that name belongs to a ledger. */
export function isLedgerName(name: string): boolean {
  return NAME.test(name);
}

/** A line of this program, of now. */
export function lineOfNow(line: LedgerLine): Buffer {
  return encodeLine(line, new Date(), `koalarize ${VERSION}`);
}

/** A ledger's file to append to. Several processes of a machine may have it open. */
export class LedgerWriter implements LedgerSink {
  readonly #path: string;
  readonly #file: FileHandle;
  /** The end of a line that somebody was killed in. */
  #before: Uint8Array;

  private constructor(path: string, file: FileHandle, before: Uint8Array) {
    this.#path = path;
    this.#file = file;
    this.#before = before;
  }

  /** Opens or makes the file. @throws EnvironmentError where that cannot be done */
  static async open(folder: string, part?: LedgerPart): Promise<LedgerWriter> {
    const path = ledgerPath(folder, part);
    await makeFolder(folder);
    try {
      const file = await open(path, 'a+');
      const { size } = await file.stat();
      const last = size ? (await file.read(new Uint8Array(1), 0, 1, size - 1)).buffer[0] : LINE_END;
      return new LedgerWriter(path, file, last === LINE_END ? new Uint8Array() : Uint8Array.of(LINE_END));
    } catch (cause) {
      throw writeError(path, cause as Error);
    }
  }

  /** Appends a line in one write, so that lines of several processes never mix. @throws EnvironmentError */
  async append(line: LedgerLine): Promise<void> {
    const bytes = Buffer.concat([this.#before, lineOfNow(line)]);
    const { bytesWritten } = await this.#file.write(bytes).catch((cause: Error) => {
      throw writeError(this.#path, cause);
    });
    this.#before = new Uint8Array();
    if (bytesWritten === bytes.length) return;
    this.#before = Uint8Array.of(LINE_END);
    throw writeError(this.#path, Object.assign(new Error('a line cut short'), { code: 'ENOSPC' }));
  }

  /** Each line is there when it was appended. */
  async flush(): Promise<void> {}

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** What is known of one output. */
export interface Entry {
  /** Of its file: how it was made, or that it is to be made again. */
  readonly made?: Exclude<WrittenLine, { result: 'failed' }>;
  /** That it failed, if that is what was tried last. */
  readonly failed?: Extract<WrittenLine, { result: 'failed' }>;
}

/** A line that cannot be read, such as one in whose midst a process was killed. */
export interface TornLine {
  /** The ledger's file that it is in. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface Ledger {
  /** By the output's path in the folder. */
  readonly entries: ReadonlyMap<string, Entry>;
  readonly torn: readonly TornLine[];
  /** Files that were read. */
  readonly files: readonly string[];
}

/**
 * Reads the ledger of a folder or bucket: all files of it. What is no line is left out, and named.
 *
 * @param wanted whether a line is wanted; others are forgotten. Default all
 * @throws EnvironmentError where it cannot be read; a folder that is missing or has none has an empty one
 */
export async function readLedger(store: FileStore, wanted = (_: LedgerLine) => true): Promise<Ledger> {
  const entries = new Map<string, Entry>();
  const torn: TornLine[] = [];
  const shared = new Shared();
  const files = (await store.top(BEGINNING)).filter(isLedgerName);
  for (const file of files) {
    let count = 0;
    for await (const text of linesOf(store.stream(file, 'a ledger'))) {
      count++;
      if (text === '') continue;
      const line = decodeLine(text);
      if (!line) torn.push({ file, line: count });
      else if (wanted(line)) entries.set(line.output.path, next(entries.get(line.output.path), shared.of(line)));
    }
  }
  return { entries, torn, files };
}

/** What is known of an output after one more line, which may be older than those before. */
function next(entry: Entry = {}, line: WrittenLine): Entry {
  const { made, failed } = entry;
  if (line.result === 'failed') {
    const isOld = [made, failed].some((other) => other && other.time > line.time);
    return isOld ? entry : { ...entry, failed: line };
  }
  if (made && made.time > line.time) return entry;
  return failed && failed.time > line.time ? { failed, made: line } : { made: line };
}

/** Recipes and programs that many lines have in common, kept once. */
class Shared {
  readonly #recipes = new Map<string, object>();

  of(line: WrittenLine): WrittenLine {
    if (line.result === 'redo') return line;
    const key = JSON.stringify(line.recipe);
    if (!this.#recipes.has(key)) this.#recipes.set(key, line.recipe);
    return { ...line, recipe: this.#recipes.get(key) as typeof line.recipe };
  }
}

/** The lines of a file, without their ends; the last may have none. Not by `readline`, for which U+2028 ends one too. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, from)) {
      yield bytes.toString('utf8', from, end);
      from = end + 1;
    }
    rest = bytes.subarray(from);
  }
  if (rest.length) yield rest.toString('utf8');
}
