/** Pages of picture files as jobs of their own, for `--pages all`. */
import { extname, resolve } from 'node:path';
import { countPages } from '../../image/node.ts';

/** What of a job matters here. */
interface PageJob {
  readonly input: string;
  readonly output: string;
  /** Why it cannot be done, if that is known already. */
  readonly error?: string;
  /** From 0; where none is named, the first is taken, with a warning if there are several. */
  readonly page?: number;
}

/**
 * Makes a job of each page: `album.tif` becomes `album-1.tif`, `album-2.tif`, …; where one of these is an input or
 * another output, `album-page-1.tif` and so on. A file that cannot be read, or has one page, stays one job.
 */
export async function withPages<J extends PageJob>(jobs: readonly J[]): Promise<J[]> {
  const key = (path: string) => resolve(path).normalize('NFC').toLowerCase();
  const taken = new Set(jobs.flatMap(({ input, output }) => [key(input), key(output)]));
  const all: J[] = [];
  for (const job of jobs) {
    const count = job.error ? 1 : await countPages(job.input).catch(() => 1);
    if (count === 1) {
      all.push(job);
      continue;
    }
    const extension = extname(job.output);
    const stem = job.output.slice(0, -extension.length);
    let outputs: string[] = [];
    for (
      let middle = '-';
      outputs.length === 0 || outputs.some((path) => taken.has(key(path)));
      middle = `-page${middle}`
    ) {
      outputs = Array.from({ length: count }, (_, page) => `${stem}${middle}${page + 1}${extension}`);
    }
    for (const [page, output] of outputs.entries()) {
      taken.add(key(output));
      all.push({ ...job, output, page });
    }
  }
  return all;
}
