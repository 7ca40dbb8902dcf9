/** Stream of the photographs that there are, folder by folder, each with its output: what is kept does not grow with their number. */
import { dirname, relative, sep } from 'node:path';
import { Names } from '../colorize/names.ts';
import { withPages } from '../colorize/pages.ts';
import { type Job, jobOf, planJobs } from '../colorize/plan.ts';
import { isSameFile, Originals, placeOf, realTarget } from '../paths/identity.ts';
import { Walk } from '../paths/walk.ts';
import { UsageError } from '../shared/messages.ts';
import { isBucket } from '../storage/open.ts';
import type { FileStore } from '../storage/store.ts';
import { isFolder, jobsAcross, type LeftOut } from './across.ts';

/**
 * Finds the photographs of `inputs` and gives them the names that coloring does. Of one folder they come folder by folder; of
 * several inputs at once, as names of all must be known.
 *
 * @throws UsageError for a request that makes no sense
 */
export async function* streamJobs(
  inputs: readonly string[],
  store: FileStore,
  pages: boolean,
  told: LeftOut,
): AsyncGenerator<readonly Job[]> {
  const out = store.folder;
  if (out === undefined || inputs.some(isBucket)) return yield* jobsAcross(inputs, store, pages, told);
  const batches =
    inputs.length === 1 && (await isFolder(inputs[0]!)) ? oneFolder(inputs[0]!, out, told) : all(inputs, out, told);
  for await (const batch of batches) {
    const jobs: Job[] = [];
    for (const job of batch) {
      if (job.error === undefined) jobs.push(job);
      else told.failed(job.error);
    }
    if (jobs.length) yield pages ? await withPages(jobs) : jobs;
  }
}

async function* all(inputs: readonly string[], out: string, told: LeftOut): AsyncGenerator<readonly Job[]> {
  // With a / at its end it is a folder, for one photograph too.
  const { jobs, leftOut } = await planJobs(inputs, `${out}/`);
  told.leftOut(leftOut);
  yield jobs;
}

async function* oneFolder(folder: string, out: string, told: LeftOut): AsyncGenerator<readonly Job[]> {
  if (await isSameFile(folder, out)) {
    throw new UsageError({ where: '-o', expected: 'another folder than that of the photographs', got: `'${out}'` });
  }
  const walk = new Walk({ except: [out] });
  const end = await realTarget(out);
  for await (const pictures of walk.folderByFolder(folder)) {
    // Names are taken in one folder only: those of others are no matter.
    const names = new Names(await Originals.of(pictures));
    const jobs: Job[] = [];
    for (const path of pictures) {
      const job = await jobOf({ path, folder, name: relative(folder, path) }, out, names, walk.folders);
      // Not all folders of photographs are known yet: whatever leads out of the output folder may lead to one.
      const place = job.error === undefined ? dirname(await placeOf(job.output)) : end;
      const isInside = place === end || place.startsWith(end.endsWith(sep) ? end : `${end}${sep}`);
      const error = `${path}: expected an output inside of ${out}, got '${job.output}', which a link leads to ${place} – remove the link`;
      jobs.push(isInside ? job : { ...job, error });
    }
    yield jobs;
  }
  for (const { reason } of walk.unreadable) told.failed(reason);
  told.leftOut(walk.leftOut);
}
