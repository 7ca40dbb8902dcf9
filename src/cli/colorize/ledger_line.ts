/** Lines of the ledger for the pictures of a call, appended as they are done. */
import { join, relative, sep } from 'node:path';
import type { LedgerPart, LedgerSink } from '../ledger/file.ts';
import { type DoneLine, identityOf, type LedgerInput, type LedgerLine, type Recipe } from '../ledger/line.ts';
import { openLedger } from '../ledger/objects.ts';
import { isExpected, reasonOf, sayFailed } from '../shared/messages.ts';
import { isBucket } from '../storage/open.ts';
import type { FileStore } from '../storage/store.ts';
import type { Job } from './plan.ts';

/** What is known of a file that was read. */
export type Stamp = Pick<LedgerInput, 'sha256' | 'bytes' | 'modified'>;

/** A path inside a folder, as ledgers have it. */
export function outputIn(folder: string, path: string): string {
  return slashed(relative(folder, path));
}

const slashed = (path: string) => path.split(sep).join('/');

/** Writes the ledger of one call. What goes wrong with it is said once, and stops nothing else. */
export class Recorder {
  /** Whether lines are missing. */
  broken = false;
  readonly #store: FileStore;
  readonly #recipe: Recipe;
  readonly #part: LedgerPart | undefined;
  #ledger: LedgerSink | undefined;

  /** @param store the folder or bucket that is written into */
  constructor(store: FileStore, recipe: Recipe, part: LedgerPart | undefined) {
    this.#store = store;
    this.#recipe = recipe;
    this.#part = part;
  }

  /** Notes a picture whose file is on the disk. */
  done(result: DoneLine['result'], job: Job, stamp: Stamp, file: { sha256: string; bytes: number }, seconds: number) {
    const input = { ...inputOf(job), ...stamp };
    const output = { path: this.#store.inside(job.output), ...file };
    const recipe = this.#recipe;
    return this.#append({ result, input, output, recipe, identity: identityOf(input, recipe), seconds });
  }

  /** Notes a picture that could not be colored. @param stamp of its file, where that could be read */
  failed(job: Job, stamp: Stamp | undefined, error: Error, seconds: number) {
    if (job.name === '') return Promise.resolve();
    const output = { path: this.#store.inside(job.output) };
    const input = { ...inputOf(job), ...stamp };
    return this.#append({ result: 'failed', input, output, recipe: this.#recipe, seconds, reason: reasonOf(error) });
  }

  /** Returns when all lines are where others read them, or it is broken. */
  flush(): Promise<void> {
    return this.#try(async () => this.#ledger?.flush());
  }

  close(): Promise<void> {
    return this.#try(async () => this.#ledger?.close());
  }

  #append(line: LedgerLine): Promise<void> {
    return this.#try(async () => {
      this.#ledger ??= await openLedger(this.#store, this.#part);
      await this.#ledger.append(line);
    });
  }

  async #try(act: () => Promise<void>): Promise<void> {
    if (this.broken) return;
    try {
      await act();
    } catch (error) {
      if (!isExpected(error)) throw error;
      this.broken = true;
      sayFailed(`the ledger cannot be written: ${reasonOf(error)}`, error);
    }
  }
}

function inputOf({ folder, name, page }: Job): Pick<LedgerInput, 'folder' | 'path' | 'page'> {
  // However it was written: `old`, `old/` and `./old` are one folder.
  const named = isBucket(folder) ? folder : slashed(join(folder, '.'));
  return { folder: named, path: slashed(name), ...(page && { page }) };
}
