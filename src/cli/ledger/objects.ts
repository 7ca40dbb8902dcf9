/**
 * Ledger of a bucket, whose objects cannot be appended to: each process has objects of its own, `.koalarize-PART-RANDOM-N.jsonl`, and
 * writes the last of them again with all its lines, until that is large and the next begins. No object has two writers.
 */
import { randomBytes } from 'node:crypto';
import type { FileStore } from '../storage/store.ts';
import { type LedgerPart, type LedgerSink, LedgerWriter, ledgerName, lineOfNow } from './file.ts';
import type { LedgerLine } from './line.ts';

/** Bytes from which on an object is not written again: some 300 lines. */
const FULL = 2 ** 18;

/** Opens a ledger to append to: a folder's file, or objects of a bucket. @throws EnvironmentError */
export async function openLedger(store: FileStore, part?: LedgerPart): Promise<LedgerSink> {
  return store.folder === undefined ? new LedgerObjects(store, part) : LedgerWriter.open(store.folder, part);
}

class LedgerObjects implements LedgerSink {
  readonly #store: FileStore;
  readonly #name: string;
  /** Of the object that is written. */
  #lines: Uint8Array[] = [];
  #number = 0;
  #isWritten = true;
  /** Writes come one after the other: the last one must be that of all lines. */
  #writing: Promise<void> = Promise.resolve();

  constructor(store: FileStore, part: LedgerPart | undefined) {
    this.#store = store;
    this.#name = `${ledgerName(part).replace(/\.jsonl$/, '')}-${randomBytes(6).toString('hex')}`;
  }

  /** Keeps a line until `flush`. */
  async append(line: LedgerLine): Promise<void> {
    this.#lines.push(lineOfNow(line));
    this.#isWritten = false;
  }

  flush(): Promise<void> {
    const before = this.#writing.catch(() => undefined);
    this.#writing = before.then(() => this.#write());
    return this.#writing;
  }

  close(): Promise<void> {
    return this.flush();
  }

  async #write(): Promise<void> {
    if (this.#isWritten) return;
    const count = this.#lines.length;
    const data = Buffer.concat(this.#lines);
    this.#isWritten = true;
    try {
      await this.#store.write(`${this.#name}-${this.#number}.jsonl`, data);
    } catch (error) {
      this.#isWritten = false;
      throw error;
    }
    if (data.length < FULL) return;
    // Lines that came meanwhile are of the next.
    this.#lines = this.#lines.slice(count);
    this.#number++;
  }
}
