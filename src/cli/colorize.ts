/** `koalarize IMAGE|FOLDER… -o OUT`: colours image files, one after the other. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type ImageFile, readImage, writeImage } from '../image/node.ts';
import { Colorizer, type ColorizerOptions } from '../model/colorizer.ts';
import { FormatError } from '../runtime/errors.ts';
import { type Job, planJobs } from './colorize/plan.ts';
import { Reporter } from './colorize/report.ts';
import { type ColorizeRequest, HELP, readArguments } from './colorize_options.ts';
import { isExpected, reasonOf, UsageError, usage } from './messages.ts';

/** Runs the command. @returns the exit code */
export async function colorizeCommand(argv: string[]): Promise<number> {
  const hint = 'koalarize colorize --help';
  let request: ColorizeRequest | undefined;
  try {
    request = readArguments(argv);
  } catch (cause) {
    if (cause instanceof UsageError) return usage(cause.message, hint);
    throw cause;
  }
  if (!request) {
    process.stdout.write(HELP);
    return 0;
  }
  const plan = await planJobs(request.inputs, request.output);
  if (typeof plan === 'string') return usage(plan, hint);
  const jobs = request.skipExisting ? plan.filter(({ output, error }) => error || !existsSync(output)) : plan;
  const skipped = plan.length - jobs.length;
  const { load, colorize } = request;
  const report = new Reporter(jobs.length, request.json);

  /** Does a part of the work; where that fails as it may, says so and returns nothing. */
  const attempt = async <R>(job: Job, work: () => Promise<R>): Promise<R | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!isExpected(error)) throw error;
      report.failed(job, reasonOf(error));
      return undefined;
    }
  };
  let colorizer: Colorizer | undefined;
  try {
    for (const job of jobs) {
      // Read first: a folder of unreadable files needs no device.
      const picture = await attempt(job, () => read(job));
      if (!picture) continue;
      colorizer ??= await attempt(job, () => openColorizer(load, report));
      if (!colorizer) break; // Without a device or weights no picture can be done.
      const open = colorizer;
      await attempt(job, async () => {
        const start = performance.now();
        const coloured = await open.colorize(picture, colorize);
        await mkdir(dirname(job.output), { recursive: true }).catch(() => undefined); // writeImage says why not
        const { warnings } = await writeImage(job.output, coloured, { metadata: picture.metadata });
        report.done(job, picture, performance.now() - start, [...picture.warnings, ...warnings]);
      });
    }
  } finally {
    await colorizer?.close();
  }
  return report.finish(skipped);
}

async function read({ input, error }: Job): Promise<ImageFile> {
  if (error) throw new FormatError(error);
  return readImage(input);
}

async function openColorizer(options: ColorizerOptions, report: Reporter) {
  const colorizer = await Colorizer.load(options);
  report.device(`${colorizer.gpu.name} (${colorizer.gpu.source})`);
  return colorizer;
}
