/** `koalarize IMAGE|FOLDER… -o OUT`: colors image files, one after the other. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { applyChroma } from '../../image/color/chroma.ts';
import { hasColor } from '../../image/color/has_color.ts';
import { type ImageFile, readImage, writeImage } from '../../image/node.ts';
import { borderPixels, cornerPixels } from '../../image/raster/border.ts';
import type { Picture } from '../../image/raster/picture.ts';
import { Colorizer, type ColorizerOptions } from '../../model/colorizer.ts';
import { FormatError } from '../../runtime/errors.ts';
import { makeFolder } from '../../runtime/node/whole_file.ts';
import { isExpected, print, UsageError, usage } from '../shared/messages.ts';
import { type ColorizeRequest, HELP, readArguments } from './options.ts';
import { withPages } from './pages.ts';
import { type Job, type Plan, planJobs } from './plan.ts';
import { Reporter } from './report.ts';

/** Runs the command. @returns the exit code */
export async function colorizeCommand(argv: string[]): Promise<number> {
  const hint = 'koalarize colorize --help';
  try {
    const request = readArguments(argv);
    if (request) return await colorizeAll(request, await planJobs(request.inputs, request.output));
    print(HELP);
    return 0;
  } catch (cause) {
    if (cause instanceof UsageError) return usage(cause.message, hint);
    throw cause;
  }
}

/** Colors picture by picture; what fails stops nothing else. @returns the exit code */
async function colorizeAll(request: ColorizeRequest, plan: Plan): Promise<number> {
  const { load, ask, apply, pages, keepColor, skipExisting } = request;
  const all = pages === 'all' ? await withPages(plan.jobs) : plan.jobs;
  const jobs = all.filter(({ output, error }) => !skipExisting || error || !existsSync(output));
  const report = new Reporter(jobs.length, request.json);

  /** Does a part of the work; where that fails as it may, says so and returns nothing. */
  const attempt = async <R>(job: Job, work: () => Promise<R>): Promise<R | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!isExpected(error)) throw error;
      report.failed(job, error);
      return undefined;
    }
  };
  let colorizer: Colorizer | undefined;
  try {
    for (const job of jobs) {
      // Read first: a folder of unreadable files needs no device.
      const picture = await attempt(job, () => read(pages ? { page: 0, ...job } : job));
      if (!picture) continue;
      const colored = hasColor(picture);
      if (colored && keepColor) {
        await attempt(job, async () => {
          const start = performance.now();
          const warnings = await write(job, picture, picture);
          const kept = `${job.input}: has colors already – left as it is`;
          report.done(job, picture, performance.now() - start, [kept, ...warnings]);
        });
        continue;
      }
      colorizer ??= await attempt(job, () => openColorizer(load, report));
      if (!colorizer) break; // Without a device or weights no picture can be done.
      const open = colorizer;
      await attempt(job, async () => {
        const start = performance.now();
        const chroma = await open.chroma(picture, ask);
        const border = chroma.border && borderPixels(chroma.border, picture);
        const corners = chroma.border && cornerPixels(chroma.border, picture);
        const warnings = await write(job, applyChroma(picture, chroma, apply), picture);
        const replaced = `${job.input}: has colors already, which are replaced – --keep-color leaves such pictures as they are`;
        report.done(
          job,
          picture,
          performance.now() - start,
          [...(colored ? [replaced] : []), ...warnings],
          border,
          corners,
        );
      });
    }
  } finally {
    await colorizer?.close();
  }
  return report.finish(all.length - jobs.length, plan.leftOut);
}

async function read({ input, error, page }: Job): Promise<ImageFile> {
  if (error) throw new FormatError(error);
  return readImage(input, page === undefined ? {} : { page });
}

/** Writes a picture with what its file says beside its pixels. @returns all warnings of the job */
async function write({ output }: Job, picture: Picture, { metadata, warnings }: ImageFile): Promise<string[]> {
  await makeFolder(dirname(output));
  const written = await writeImage(output, picture, { metadata });
  return [...warnings, ...written.warnings];
}

async function openColorizer(options: ColorizerOptions, report: Reporter) {
  const colorizer = await Colorizer.load(options);
  report.device(`${colorizer.gpu.name} (${colorizer.gpu.source})`);
  return colorizer;
}
