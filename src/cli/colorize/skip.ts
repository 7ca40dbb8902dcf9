/** Choice of what is left out by `--skip-existing`: outputs that are there, unless they were made otherwise. */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { type Entry, readLedger } from '../ledger/file.ts';
import { identityOf, type LedgerInput, type Recipe } from '../ledger/line.ts';
import { FolderStore } from '../storage/folder.ts';
import { outputIn } from './ledger_line.ts';
import type { Job } from './plan.ts';
import { hash } from './source.ts';

export interface Chosen {
  /** What is to be done, `again` where the output is there. */
  readonly jobs: readonly Job[];
  /** Outputs that are there. */
  readonly skipped: number;
  /** Those of them that no line of the ledger tells of: it is not known how they were made. */
  readonly unlisted: number;
}

/** Leaves out jobs whose output is there. */
export function withoutExisting(jobs: readonly Job[]): Chosen {
  const left = jobs.filter(({ output, error }) => error || !existsSync(output));
  return { jobs: left, skipped: jobs.length - left.length, unlisted: 0 };
}

/**
 * Leaves out jobs whose output is there, and as this call would make it, as far as the ledger of `folder` tells.
 *
 * @throws EnvironmentError when the ledger cannot be read
 */
export async function withoutCurrent(jobs: readonly Job[], folder: string, recipe: Recipe): Promise<Chosen> {
  const existing = new Set(
    jobs.filter(({ output, error }) => !error && existsSync(output)).map(({ output }) => output),
  );
  const paths = new Set([...existing].map((output) => outputIn(folder, output)));
  const { entries } = await readLedger(new FolderStore(folder), ({ output }) => paths.has(output.path));
  const left: Job[] = [];
  let unlisted = 0;
  for (const job of jobs) {
    const entry = existing.has(job.output) ? entries.get(outputIn(folder, job.output)) : undefined;
    if (!existing.has(job.output)) left.push(job);
    else if (!entry?.made) unlisted++;
    else {
      const again = await staleness(job, entry.made, recipe);
      if (again) left.push({ ...job, again });
    }
  }
  return { jobs: left, skipped: jobs.length - left.length, unlisted };
}

/** Why an output is not what this call would make; undefined where it is. */
async function staleness(job: Job, made: NonNullable<Entry['made']>, recipe: Recipe): Promise<string | undefined> {
  if (made.result === 'redo') return made.reason;
  const sha256 = await hashOf(job.input, made.input).catch(() => undefined);
  // What cannot be read any more is tried, and fails with the reason.
  if (sha256 === undefined) return 'made of a file that cannot be read any more';
  if (identityOf({ ...job, sha256 }, recipe) === made.identity) return undefined;
  const { weights, extractor } = made.recipe;
  const differ = [
    ...(sha256 === made.input.sha256 ? [] : ['from another input']),
    ...(weights === recipe.weights && extractor === recipe.extractor ? [] : ['with other weights']),
    ...(JSON.stringify(made.recipe.options) === JSON.stringify(recipe.options) ? [] : ['with other options']),
  ];
  return `made ${differ.join(' and ') || 'of another page'} before`;
}

/** The last file that was hashed: pages of one come one after the other. */
let last: { readonly key: string; readonly sha256: Promise<string> } | undefined;

/** The hash of a file; the one that is known where size and time say that it has not changed. */
export async function hashOf(path: string, known: LedgerInput): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  if (size === known.bytes && mtimeMs === known.modified) return known.sha256;
  const key = JSON.stringify([path, size, mtimeMs]);
  if (last?.key !== key) last = { key, sha256: readFile(path).then(hash) };
  return last.sha256;
}
