/** Pages of picture files as jobs of their own, for `--pages all`. */
import { basename, dirname, extname, join } from 'node:path';
import { countPages } from '../../image/node.ts';
import { Originals } from '../paths/identity.ts';
import { Names, named } from './names.ts';
import type { Job } from './plan.ts';

/**
 * Makes a job of each page: `album.tif` becomes `album-1.tif`, `album-2.tif`, …; where one of these is an input, by
 * whichever path, or another output, `album-page-1.tif` and so on. A file that cannot be read, or has one page, stays one
 * job.
 *
 * @param pagesOf counts the pages of a file; default on this machine's disks
 * @param given gives the names; default ones that are on this machine's disks
 */
export async function withPages(
  jobs: readonly Job[],
  pagesOf: (job: Job) => Promise<number> = ({ input }) => countPages(input),
  given?: Names,
): Promise<Job[]> {
  const names = given ?? new Names(await Originals.of(jobs.map(({ input }) => input)));
  const counts: number[] = [];
  for (const job of jobs) {
    const { output, error } = job;
    const count = error ? 1 : await pagesOf(job).catch(() => 1);
    counts.push(count);
    if (count === 1 && !error) await names.take([output]);
  }
  const all: Job[] = [];
  for (const [i, job] of jobs.entries()) {
    const outputs = counts[i] === 1 ? [] : await pageNames(job.output, counts[i]!, names);
    if (outputs.length === 0) all.push(job);
    for (const [page, output] of outputs.entries()) all.push({ ...job, output, page });
  }
  return all;
}

/** Names for the pages of a file, all of one form, that nothing else has. */
async function pageNames(output: string, count: number, names: Names): Promise<string[]> {
  const extension = extname(output);
  const stem = basename(output, extension);
  for (let middle = '-'; ; middle = `-page${middle}`) {
    const outputs = Array.from({ length: count }, (_, page) =>
      join(dirname(output), named(stem, `${middle}${page + 1}${extension}`)),
    );
    if (await names.take(outputs)) return outputs;
  }
}
