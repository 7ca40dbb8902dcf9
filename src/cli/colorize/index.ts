/** `koalarize IMAGE|FOLDER… -o OUT`: colors image files, one after the other. */
import { Colorizer, type ColorizerOptions } from '../../model/colorizer.ts';
import { isExpected, print, reasonOf, sayFailed, UsageError, usage } from '../shared/messages.ts';
import { isInShard } from '../shared/shard.ts';
import { FolderStore } from '../storage/folder.ts';
import { FileColorizer } from './files.ts';
import { Recorder } from './ledger_line.ts';
import { type ColorizeRequest, HELP, readArguments } from './options.ts';
import { withPages } from './pages.ts';
import { type Plan, planJobs } from './plan.ts';
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

/** Colors picture by picture; what fails stops nothing else. @returns the exit code */
async function colorizeAll(request: ColorizeRequest, plan: Plan): Promise<number> {
  const { pages, shard } = request;
  // Names are given to all, and pages counted of all: so they are the same in each shard.
  const all = pages === 'all' ? await withPages(plan.jobs) : plan.jobs;
  const folder = request.ledger ? plan.folder : undefined;
  const recipe = folder === undefined ? undefined : await recipeOf(request);
  const wanted = all.filter(({ name }) => isInShard(name, shard));
  let chosen: Chosen = { jobs: wanted, skipped: 0, unlisted: 0 };
  if (request.skipExisting) chosen = recipe ? await withoutCurrent(wanted, folder!, recipe) : withoutExisting(wanted);
  const report = new Reporter(chosen.jobs.length, request.json);
  const recorder = recipe && new Recorder(new FolderStore(folder!), recipe, shard);
  const files = new FileColorizer(request, (options) => openColorizer(options, report), recorder);
  try {
    for (const job of chosen.jobs) {
      const outcome = await files.color(job);
      if ('image' in outcome) {
        report.done(job, outcome);
        continue;
      }
      report.failed(job, outcome.error);
      if (outcome.result === 'unable') break; // Without a device or weights no picture can be done.
      await recorder?.failed(job, outcome.stamp, outcome.error, outcome.seconds);
    }
  } finally {
    await files.close();
    await recorder?.close();
  }
  const code = report.finish({ ...chosen, leftOut: plan.leftOut, ...(shard && { shard, of: all.length }) });
  return recorder?.broken ? 1 : code;
}

async function openColorizer(options: ColorizerOptions, report: Reporter) {
  const colorizer = await Colorizer.load(options);
  report.device(`${colorizer.gpu.name} (${colorizer.gpu.source})`);
  return colorizer;
}
