/** `koalarize IMAGE|FOLDER… -o OUT`: colors image files, one after the other. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { applyChroma } from '../../image/color/chroma.ts';
import { hasColor } from '../../image/color/has_color.ts';
import { encodeImage, type ImageFile, readImage } from '../../image/node.ts';
import { borderPixels } from '../../image/raster/border.ts';
import type { Picture } from '../../image/raster/picture.ts';
import { Colorizer, type ColorizerOptions } from '../../model/colorizer.ts';
import { FormatError } from '../../runtime/errors.ts';
import { readError } from '../../runtime/file_errors.ts';
import { makeFolder, writeWhole } from '../../runtime/node/whole_file.ts';
import { isExpected, print, reasonOf, sayFailed, UsageError, usage } from '../shared/messages.ts';
import { isInShard } from '../shared/shard.ts';
import { Recorder, type Stamp } from './ledger_line.ts';
import { type ColorizeRequest, HELP, readArguments } from './options.ts';
import { withPages } from './pages.ts';
import { type Job, type Plan, planJobs } from './plan.ts';
import { recipeOf } from './recipe.ts';
import { Reporter } from './report.ts';
import { type Chosen, withoutCurrent, withoutExisting } from './skip.ts';

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
    if (!isExpected(cause)) throw cause;
    sayFailed(`failed: ${reasonOf(cause)}`, cause);
    return 1;
  }
}

/** A picture's file, read. */
interface Source {
  readonly image: ImageFile;
  readonly stamp: Stamp;
}

/** Colors picture by picture; what fails stops nothing else. @returns the exit code */
async function colorizeAll(request: ColorizeRequest, plan: Plan): Promise<number> {
  const { load, ask, apply, pages, keepColor, shard, mark } = request;
  // Names are given to all, and pages counted of all: so they are the same in each shard.
  const all = pages === 'all' ? await withPages(plan.jobs) : plan.jobs;
  const folder = request.ledger ? plan.folder : undefined;
  const recipe = folder === undefined ? undefined : await recipeOf(request);
  const wanted = all.filter(({ name }) => isInShard(name, shard));
  let chosen: Chosen = { jobs: wanted, skipped: 0, unlisted: 0 };
  if (request.skipExisting) chosen = recipe ? await withoutCurrent(wanted, folder!, recipe) : withoutExisting(wanted);
  const report = new Reporter(chosen.jobs.length, request.json);
  const recorder = recipe && new Recorder(folder!, recipe, shard);
  let colorizer: Colorizer | undefined;
  try {
    for (const job of chosen.jobs) {
      const start = performance.now();
      const seconds = () => Math.round(performance.now() - start) / 1000;
      let stamp: Stamp | undefined;
      /** Does a part of the work; where that fails as it may, says so and returns nothing. */
      const attempt = async <R>(work: () => Promise<R>, isOfPicture = true): Promise<R | undefined> => {
        try {
          return await work();
        } catch (error) {
          if (!isExpected(error)) throw error;
          report.failed(job, error);
          if (isOfPicture) await recorder?.failed(job, stamp, error, seconds());
          return undefined;
        }
      };
      /** Writes the picture, then its line. @returns all warnings of the job */
      const write = async (result: 'colored' | 'kept', picture: Picture, { image, stamp }: Source) => {
        await makeFolder(dirname(job.output));
        const { bytes, warnings } = await encodeImage(job.output, picture, { metadata: image.metadata, mark });
        await writeWhole(job.output, bytes);
        await recorder?.done(result, job, stamp, { sha256: hash(bytes), bytes: bytes.length }, seconds());
        return [...image.warnings, ...warnings];
      };

      // Read first: a folder of unreadable files needs no device.
      const source = await attempt(() => read(pages ? { page: 0, ...job } : job, (found) => (stamp = found)));
      if (!source) continue;
      const { image } = source;
      const colored = hasColor(image);
      if (colored && keepColor) {
        await attempt(async () => {
          const begun = performance.now();
          const warnings = await write('kept', image, source);
          const kept = `${job.input}: has colors already – left as it is`;
          report.done(job, image, performance.now() - begun, [kept, ...warnings]);
        });
        continue;
      }
      colorizer ??= await attempt(() => openColorizer(load, report), false);
      if (!colorizer) break; // Without a device or weights no picture can be done.
      const open = colorizer;
      await attempt(async () => {
        const begun = performance.now();
        const chroma = await open.chroma(image, ask);
        const border = chroma.border && borderPixels(chroma.border, image);
        const warnings = await write('colored', applyChroma(image, chroma, apply), source);
        const replaced = `${job.input}: has colors already, which are replaced – --keep-color leaves such pictures as they are`;
        report.done(job, image, performance.now() - begun, [...(colored ? [replaced] : []), ...warnings], border);
      });
    }
  } finally {
    await colorizer?.close();
    await recorder?.close();
  }
  const code = report.finish({ ...chosen, leftOut: plan.leftOut, ...(shard && { shard, of: all.length }) });
  return recorder?.broken ? 1 : code;
}

/** Reads a picture. @param stamped is told of the file before it is decoded */
async function read({ input, error, page }: Job, stamped: (stamp: Stamp) => void): Promise<Source> {
  if (error) throw new FormatError(error);
  const failed = (cause: Error) => {
    throw readError(input, 'an image file', cause);
  };
  // Before the bytes: of what changes meanwhile the older time is noted, and it is looked at again.
  const modified = (await stat(input).catch(failed)).mtimeMs;
  const bytes = await readFile(input).catch(failed);
  const stamp = { sha256: hash(bytes), bytes: bytes.length, modified };
  stamped(stamp);
  return { image: await readImage(bytes, { name: input, ...(page !== undefined && { page }) }), stamp };
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function openColorizer(options: ColorizerOptions, report: Reporter) {
  const colorizer = await Colorizer.load(options);
  report.device(`${colorizer.gpu.name} (${colorizer.gpu.source})`);
  return colorizer;
}
