/** `koalarize train`: from folders of photographs to weights. */
import { resolve } from 'node:path';
import { codeOf } from '../../runtime/file_errors.ts';
import { Gpu } from '../../runtime/gpu.ts';
import { type Dataset, sourceSize } from '../../train/data/batch.ts';
import { chooseMicroBatch } from '../../train/micro_batch.ts';
import { expectApart, Originals } from '../paths/identity.ts';
import { isExpected, print, reasonOf, sayFailed, sayLine, usage } from '../shared/messages.ts';
import { tuning } from '../shared/tune.ts';
import { countColors } from './colors.ts';
import { openExtractor } from './features/extractor.ts';
import { computeShare } from './features/share.ts';
import { findPictures } from './find.ts';
import { initOf } from './first_weights.ts';
import { HELP } from './help.ts';
import { type Arguments, optionOf, parseArguments, UsageError } from './options.ts';
import { datasetOf, defaultCacheMegabytes, PictureCache } from './pictures.ts';
import { Progress } from './progress.ts';
import { openJoined, untilBegun } from './rounds/join.ts';
import { roundSettings } from './rounds/options.ts';
import { RoundQueue } from './rounds/queue.ts';
import { RoundsRun } from './rounds/rounds_run.ts';
import { Run } from './run.ts';
import { newestRunPath, newRunPath, type RunConfig, RunFolder } from './run_folder.ts';
import {
  type Budget,
  DEFAULTS,
  type RuntimeOptions,
  type Settings,
  settingsOf,
  stepsOf,
  withShortWarmup,
} from './settings.ts';

/** Validating after each epoch of a small folder would take most of the time. */
const LEAST_STEPS_BETWEEN_VALIDATIONS = 50;
/** Errors of disks that are full. */
const FULL = ['ENOSPC', 'EDQUOT'];

/**
 * Runs the command.
 *
 * @param argv what stands behind `koalarize train`
 * @returns the exit code: 0 done or interrupted, 1 failed, 2 wrong usage
 */
export async function train(argv: string[]): Promise<number> {
  try {
    const args = parseArguments(argv);
    if (!args) {
      print(HELP);
      return 0;
    }
    await (args.shard ? computeShare(args, args.shard) : run(args));
    return 0;
  } catch (error) {
    if (error instanceof UsageError) return usage(`koalarize train: ${error.message}`, 'koalarize train --help');
    const todo = FULL.includes(codeOf(error) ?? '')
      ? ' (what was saved before is whole: then go on with --resume)'
      : isExpected(error) || process.env.DEBUG
        ? ''
        : ' – set DEBUG=1 to see where';
    sayFailed(`koalarize train: ${reasonOf(error as Error)}${todo}`, error);
    return 1;
  }
}

async function run(args: Arguments): Promise<void> {
  const progress = new Progress();
  const joined = args.rounds?.join;
  const folder = new RunFolder(joined ?? args.out ?? (args.resume ? await newestRunPath() : newRunPath(new Date())));
  if (joined !== undefined) await untilBegun(folder, progress);
  const old = joined !== undefined ? await openJoined(folder) : args.resume ? await folder.open() : undefined;
  if (!old) await folder.expectNone();
  if (old) expectSameSettings(args, old);
  else if (args.init) await expectApart(await Originals.of([args.init]), { '--out': folder.weightsPath });
  const rounds = roundSettings(args.rounds, old);
  const budget = old
    ? extended(args.budget, old.budget)
    : Object.keys(args.budget).length
      ? args.budget
      : DEFAULTS.budget;

  const { adapter, tune } = { ...DEFAULTS.runtime, ...old?.runtime, ...args.runtime };
  const { precision } = { ...DEFAULTS.settings, ...args.settings, ...old?.settings };
  const gpu = await Gpu.open({
    adapter,
    precision,
    ...(tune && { tune: tuning() }),
    ...(args.verbose && { verbose: sayLine }),
  });
  let extractor: Awaited<ReturnType<typeof openExtractor>>;
  let queue: RoundQueue | undefined;
  try {
    queue = rounds && (await RoundQueue.open(args.rounds!.queue, rounds.id));
    progress.say(`device   ${gpu.name} (${gpu.source})`);
    if (old && old.device !== gpu.name) {
      progress.say(`         the run began on ${old.device}: from here on it is not bit-identical`);
    }
    const begun = old?.settings ?? settingsFor(gpu, args.settings);
    extractor = await openExtractor(gpu, args.extractor, old?.embedding, begun);
    const source = sourceSize(begun.size, extractor?.cell);
    const init = old ? old.init : await initOf(args.init, begun, extractor?.description);
    const cache = new PictureCache((args.runtime.cache ?? old?.runtime.cache ?? defaultCacheMegabytes()) * 1e6);
    // What is cut out of a picture is no use where it is wanted whole.
    const offered = begun.pad === 'none' ? cache : undefined;
    const { pictures, sets } = await findPictures(args, old, folder, source, offered, progress);
    const { length } = pictures.train;
    const settings = old ? begun : withShortWarmup(begun, args.settings, stepsOf(budget, length, begun.batch));
    const stepsPerEpoch = length / settings.batch;
    const runtime: RuntimeOptions = {
      ...DEFAULTS.runtime,
      valEvery: Math.max(LEAST_STEPS_BETWEEN_VALIDATIONS, Math.ceil(stepsPerEpoch)),
      cache: defaultCacheMegabytes(),
      ...old?.runtime,
      ...args.runtime,
    };
    const root = runtime.embeddingCache ?? folder.embeddingsPath;
    const found = await extractor?.features(root, pictures.train, progress);
    const features = found?.features;
    const colors = await colorsOf(folder, settings, old !== undefined, () =>
      datasetOf(pictures.train, settings.size, settings.pad, cache, features),
    );
    const config: RunConfig = {
      format: 1,
      created: old?.created ?? new Date().toISOString(),
      device: gpu.name,
      ...(old?.tuning !== undefined && { tuning: old.tuning }),
      settings,
      embedding: extractor && found ? { ...found.info, path: resolve(extractor.path) } : { kind: 'none', width: 0 },
      ...(init && { init }),
      budget,
      runtime,
      ...(rounds && { rounds }),
      ...sets,
    };
    if (joined === undefined) await folder.writeConfig(config);
    const validation = pictures.validation.slice(0, runtime.valCount);
    await features?.complete({ train: pictures.train, validation }, settings.views, progress);
    // Its weights leave the device before the network's come.
    if (!features?.live) await extractor?.close();
    const all = { ...pictures, features, colors };
    if (rounds) {
      const parts = { gpu, folder, config, pictures: all, cache, progress };
      await new RoundsRun(parts, rounds, args.rounds!, queue!).train();
    } else await new Run(gpu, folder, config, all, cache, progress).train();
  } finally {
    await extractor?.close();
    await gpu.close();
    await queue?.close();
  }
}

function settingsFor(gpu: Gpu, given: Partial<Settings>): Settings {
  const settings = settingsOf(given);
  const { batch, size, widthDivisor } = settings;
  return { ...settings, microBatch: given.microBatch ?? chooseMicroBatch(gpu, batch, size, widthDivisor) };
}

/** What the run began with, or else what the pictures say; undefined where neither weights nor classes need it. */
async function colorsOf(
  folder: RunFolder,
  { rebalance, temperature }: Settings,
  begun: boolean,
  dataset: () => Dataset,
) {
  if (!rebalance && !temperature) return undefined;
  if (begun) return folder.readColors();
  const colors = await countColors(dataset());
  await folder.writeColors(colors);
  return colors;
}

const LEAVE_OUT = 'leave it out with --resume';
const BEGAN_WITHOUT = { expected: 'none, as the run began without', got: 'one', hint: LEAVE_OUT };

/** @throws UsageError when an argument contradicts the run. */
function expectSameSettings({ settings, val, init, extractor }: Arguments, old: RunConfig): void {
  if (extractor && extractor.kind !== 'none' && old.embedding.kind === 'none') {
    throw new UsageError({ where: '--extractor', ...BEGAN_WITHOUT });
  }
  if (init)
    throw new UsageError({
      where: '--init',
      expected: 'none with --resume',
      got: 'one',
      hint: 'the run has its weights',
    });
  for (const [name, value] of Object.entries(settings)) {
    const had = old.settings[name as keyof Settings];
    const option = optionOf(name);
    if (value !== had) {
      throw new UsageError({
        where: `--${option}`,
        expected: `${had}, as the run began with`,
        got: String(value),
        hint: LEAVE_OUT,
      });
    }
  }
  if (val.length > 0 && old.validation.dirs.length === 0) {
    throw new UsageError({ where: '--val', ...BEGAN_WITHOUT });
  }
}

/** @throws UsageError when the new budget is smaller than the old one. */
function extended(budget: Budget, old: Budget): Budget {
  for (const kind of ['epochs', 'steps'] as const) {
    const [value, had] = [budget[kind], old[kind]];
    if (value !== undefined && had !== undefined && value < had) {
      throw new UsageError({ where: `--${kind}`, expected: `at least ${had}, as the run began with`, got: value });
    }
  }
  if (budget.epochs === undefined && budget.steps === undefined) return { ...old, ...budget };
  return budget;
}
