/** Lines of the ledger for the pictures of a call, appended as they are done. */
import { join, relative, sep } from 'node:path';
import { type LedgerPart, LedgerWriter } from '../ledger/file.ts';
import { type DoneLine, identityOf, type LedgerInput, type LedgerLine, type Recipe } from '../ledger/line.ts';
import { isExpected, reasonOf, sayFailed } from '../shared/messages.ts';
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
  readonly #folder: string;
  readonly #recipe: Recipe;
  readonly #part: LedgerPart | undefined;
  #writer: LedgerWriter | undefined;

  /** @param folder the one that is written into */
  constructor(folder: string, recipe: Recipe, part: LedgerPart | undefined) {
    this.#folder = folder;
    this.#recipe = recipe;
    this.#part = part;
  }

  /** Notes a picture whose file is on the disk. */
  done(result: DoneLine['result'], job: Job, stamp: Stamp, file: { sha256: string; bytes: number }, seconds: number) {
    const input = { ...inputOf(job), ...stamp };
    const output = { path: outputIn(this.#folder, job.output), ...file };
    const recipe = this.#recipe;
    return this.#append({ result, input, output, recipe, identity: identityOf(input, recipe), seconds });
  }

  /** Notes a picture that could not be colored. @param stamp of its file, where that could be read */
  failed(job: Job, stamp: Stamp | undefined, error: Error, seconds: number) {
    if (job.name === '') return Promise.resolve();
    const output = { path: outputIn(this.#folder, job.output) };
    const input = { ...inputOf(job), ...stamp };
    return this.#append({ result: 'failed', input, output, recipe: this.#recipe, seconds, reason: reasonOf(error) });
  }

  async close(): Promise<void> {
    await this.#writer?.close();
  }

  async #append(line: LedgerLine): Promise<void> {
    if (this.broken) return;
    try {
      this.#writer ??= await LedgerWriter.open(this.#folder, this.#part);
      await this.#writer.append(line);
    } catch (error) {
      if (!isExpected(error)) throw error;
      this.broken = true;
      sayFailed(`the ledger cannot be written: ${reasonOf(error)}`, error);
    }
  }
}

function inputOf({ folder, name, page }: Job): Pick<LedgerInput, 'folder' | 'path' | 'page'> {
  // However it was written: `old`, `old/` and `./old` are one folder.
  return { folder: slashed(join(folder, '.')), path: slashed(name), ...(page && { page }) };
}
