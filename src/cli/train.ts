/** `koalarize train`: from folders of photographs to weights. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { glorotUniform } from '../graph/initial.ts';
import { writeImage } from '../image/node.ts';
import { contactSheet } from '../image/sheet.ts';
import { colorizationNetwork } from '../model/network.ts';
import { weightsMetadata } from '../model/weights.ts';
import { DeviceError, FormatError, KernelError, ShapeError } from '../runtime/errors.ts';
import { Gpu } from '../runtime/gpu.ts';
import { sourceSize } from '../train/batch.ts';
import { decodeCheckpoint, encodeCheckpoint, encodeWeights, readState } from '../train/checkpoint.ts';
import { DivergedError, decayed, trainingLoop } from '../train/loop.ts';
import { chooseMicroBatch } from '../train/micro_batch.ts';
import { type NetworkBuilder, Trainer } from '../train/trainer.ts';
import { Validator } from '../train/validator.ts';
import {
  type Arguments,
  type Conduct,
  DEFAULTS,
  type Goal,
  HELP,
  parseArguments,
  type Settings,
  UsageError,
} from './train/options.ts';
import { datasetOf, defaultCacheMegabytes, PictureCache } from './train/pictures.ts';
import { duration, Progress } from './train/progress.ts';
import { newestRunPath, newRunPath, type PictureSet, type RunConfig, RunFolder } from './train/run_folder.ts';
import { isForValidation, type PictureFile, scan } from './train/scan.ts';

/** Pictures on a validation sheet, and how many of them side by side. */
const SHEET = { pictures: 8, columns: 2 };
/** Validating after each epoch of a small folder would take most of the time. */
const LEAST_STEPS_BETWEEN_VALIDATIONS = 50;

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
      process.stdout.write(HELP);
      return 0;
    }
    await run(args);
    return 0;
  } catch (error) {
    if (process.env.DEBUG) process.stderr.write(`${(error as Error).stack}\n`);
    if (error instanceof UsageError) {
      process.stderr.write(`koalarize train: ${error.message} – see 'koalarize train --help'\n`);
      return 2;
    }
    const expected = [DeviceError, FormatError, ShapeError, KernelError, DivergedError];
    const hint = expected.some((kind) => error instanceof kind) ? '' : ' – set DEBUG=1 to see where';
    process.stderr.write(`koalarize train: ${(error as Error).message}${hint}\n`);
    return 1;
  }
}

async function run(args: Arguments): Promise<void> {
  const progress = new Progress();
  const folder = new RunFolder(args.out ?? (args.resume ? await newestRunPath() : newRunPath(new Date())));
  const old = args.resume ? await folder.open() : undefined;
  if (!old) await folder.expectNone();
  if (old) expectSameSettings(args, old);
  const goal = old ? extended(args.goal, old.goal) : Object.keys(args.goal).length ? args.goal : DEFAULTS.goal;

  const gpu = await Gpu.open({ adapter: args.conduct.adapter ?? old?.conduct.adapter ?? DEFAULTS.conduct.adapter });
  try {
    progress.say(`device   ${gpu.name} (${gpu.source})`);
    if (old && old.device !== gpu.name) {
      progress.say(`         the run began on ${old.device}: from here on it is not bit-identical`);
    }
    const settings = old?.settings ?? settingsFor(gpu, args.settings);
    const cache = new PictureCache((args.conduct.cache ?? old?.conduct.cache ?? defaultCacheMegabytes()) * 1e6);
    const { pictures, sets } = await findPictures(args, old, folder, sourceSize(settings.size), cache, progress);
    const stepsPerEpoch = pictures.train.length / settings.batch;
    const conduct: Conduct = {
      ...DEFAULTS.conduct,
      valEvery: Math.max(LEAST_STEPS_BETWEEN_VALIDATIONS, Math.ceil(stepsPerEpoch)),
      cache: defaultCacheMegabytes(),
      ...old?.conduct,
      ...args.conduct,
    };
    const config: RunConfig = {
      format: 1,
      created: old?.created ?? new Date().toISOString(),
      device: gpu.name,
      settings,
      embedding: { kind: 'none', width: 0 },
      lightness: 'luma',
      crop: 'random',
      goal,
      conduct,
      ...sets,
    };
    await folder.writeConfig(config);
    await new Run(gpu, folder, config, pictures, cache, progress).train();
  } finally {
    await gpu.close();
  }
}

function settingsFor(gpu: Gpu, given: Partial<Settings>): Settings {
  const { microBatch, ...rest } = { ...DEFAULTS.settings, ...given };
  const { batch, size, widthDivisor } = rest;
  return { ...rest, microBatch: microBatch ?? chooseMicroBatch(gpu, batch, size, widthDivisor) };
}

/** @throws UsageError when an argument contradicts the run. */
function expectSameSettings({ settings, val }: Arguments, old: RunConfig): void {
  for (const [name, value] of Object.entries(settings)) {
    const had = old.settings[name as keyof Settings];
    const option = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (value !== had) {
      throw new UsageError(
        `--${option}: expected ${had}, as the run began with, got ${value}: leave it out with --resume`,
      );
    }
  }
  if (val.length > 0 && old.validation.dirs.length === 0) {
    throw new UsageError('--val: expected none, as the run began without, got one: leave it out with --resume');
  }
}

/** @throws UsageError when the new goal is nearer than the old one. */
function extended(goal: Goal, old: Goal): Goal {
  for (const kind of ['epochs', 'steps'] as const) {
    const [value, had] = [goal[kind], old[kind]];
    if (value !== undefined && had !== undefined && value < had) {
      throw new UsageError(`--${kind}: expected at least ${had}, as the run began with, got ${value}`);
    }
  }
  if (goal.epochs === undefined && goal.steps === undefined) return { ...old, ...goal };
  return goal;
}

interface Pictures {
  readonly train: readonly PictureFile[];
  readonly validation: readonly PictureFile[];
}

/** Scans the folders, splits the pictures, and compares them with those the run had. */
async function findPictures(
  args: Arguments,
  old: RunConfig | undefined,
  folder: RunFolder,
  shorter: number,
  cache: PictureCache,
  progress: Progress,
): Promise<{ pictures: Pictures; sets: { train: PictureSet; validation: PictureSet } }> {
  const dirs = args.dirs.length ? args.dirs.map((dir) => resolve(dir)) : (old?.train.dirs ?? []);
  const valDirs = args.val.length ? args.val.map((dir) => resolve(dir)) : (old?.validation.dirs ?? []);
  const findings = await folder.readFindings();
  const look = async (what: string, where: readonly string[]) => {
    const found = await scan(where, {
      shorter,
      findings,
      decoded: (hash, picture) => cache.offer(hash, picture),
      progress: (done, total) => progress.scanning(done, total),
    });
    const { pictures, unreadable, grey, repeated } = found;
    const left = `${unreadable.length} unreadable, ${grey} grey, ${repeated} repeated`;
    progress.say(`${what} ${pictures.length} pictures; left out: ${left}`);
    for (const path of unreadable.slice(0, 5)) progress.say(`         cannot be read: ${path}`);
    if (unreadable.length > 5) progress.say(`         … and ${unreadable.length - 5} more`);
    return pictures;
  };
  const all = await look('found   ', dirs);
  let pictures: Pictures;
  if (valDirs.length) {
    const validation = await look('validate', valDirs);
    const kept = new Set(validation.map(({ hash }) => hash));
    pictures = { train: all.filter(({ hash }) => !kept.has(hash)), validation };
    const both = all.length - pictures.train.length;
    if (both) progress.say(`         ${both} of --val were among the others too: not trained on`);
  } else {
    pictures = { train: all.filter((file) => !isForValidation(file)), validation: all.filter(isForValidation) };
  }
  if (pictures.train.length === 0) {
    throw new FormatError(`${dirs.join(', ')}: expected pictures to train on, got only ones for validation – add some`);
  }
  const sets = { train: setOf(dirs, pictures.train), validation: setOf(valDirs, pictures.validation) };
  if (old && !args.allowChangedData) {
    for (const kind of ['train', 'validation'] as const) {
      const [now, then] = [sets[kind], old[kind]];
      if (now.hash === then.hash) continue;
      throw new FormatError(
        `${kind === 'train' ? 'pictures' : 'validation pictures'}: expected the ${then.count} of the run, got ${now.count}${now.count === then.count ? ' others' : ''} – put them back, or add --allow-changed-data`,
      );
    }
  }
  if (!old) await folder.create();
  await folder.writeFindings(findings);
  return { pictures, sets };
}

function setOf(dirs: readonly string[], pictures: readonly PictureFile[]): PictureSet {
  const hash = createHash('sha256');
  for (const picture of pictures) hash.update(picture.hash);
  return { dirs, count: pictures.length, hash: hash.digest('hex') };
}

/** Everything between the first step and the last. */
class Run {
  readonly #gpu: Gpu;
  readonly #folder: RunFolder;
  readonly #config: RunConfig;
  readonly #pictures: Pictures;
  readonly #cache: PictureCache;
  readonly #progress: Progress;
  readonly #metadata: Readonly<Record<string, string>>;
  #savedStep = -1;
  #savedAt = 0;
  #savedPath: string | undefined;
  #validatedStep = -1;

  constructor(
    gpu: Gpu,
    folder: RunFolder,
    config: RunConfig,
    pictures: Pictures,
    cache: PictureCache,
    progress: Progress,
  ) {
    this.#gpu = gpu;
    this.#folder = folder;
    this.#config = config;
    this.#pictures = pictures;
    this.#cache = cache;
    this.#progress = progress;
    this.#metadata = metadataOf(config);
  }

  async train(): Promise<void> {
    const { settings, goal, conduct } = this.#config;
    const progress = this.#progress;
    const dataset = this.#dataset(this.#pictures.train);
    const stepsPerEpoch = dataset.length / settings.batch;
    const to = goal.steps ?? (goal.epochs ? Math.ceil(goal.epochs * stepsPerEpoch) : Number.POSITIVE_INFINITY);

    progress.say('compile  the network and its gradients');
    const network: NetworkBuilder = (lightness, embedding) =>
      colorizationNetwork(networkOf(this.#config), lightness, embedding);
    const trainer = await Trainer.create(this.#gpu, trainerConfig(settings), network);
    const from = await this.#restore(trainer);
    const { validation } = this.#pictures;
    const validator =
      validation.length && conduct.valCount
        ? await Validator.create(this.#gpu, trainer, network, this.#dataset(validation.slice(0, conduct.valCount)))
        : undefined;
    if (!validator) progress.say('validate no pictures: there is no score and no sheet; name some with --val DIR');

    const start = performance.now();
    const deadline = goal.minutes ? start + goal.minutes * 60_000 : Number.POSITIVE_INFINITY;
    if (from >= to) {
      progress.say(`done     at step ${from} already; go on with --resume and a larger --steps or --epochs`);
      return;
    }
    progress.say(this.#summary(trainer, from, to));
    progress.start({ steps: to, stepsPerEpoch, batch: settings.batch, deadline });
    this.#savedAt = start;
    const stop = listen(progress);
    try {
      const end = await trainingLoop({
        trainer,
        dataset,
        seed: settings.seed,
        from,
        to,
        learningRate: (step) => {
          const elapsed = (performance.now() - start) / (deadline - start);
          return decayed(settings.lr, settings.lrDecay, Number.isFinite(to) ? (step - 1) / to : elapsed);
        },
        report: (report) => {
          const { step, loss, imagesPerSecond, learningRate } = report;
          this.#folder.log({ step, loss, imagesPerSecond: Number(imagesPerSecond.toPrecision(4)), learningRate });
          progress.step(report);
        },
        // One more step is under way, which will take as long as those before.
        stopAfter: () => stop.asked || performance.now() + (progress.secondsPerStep || 0) * 1000 >= deadline,
        pauseAfter: (step) => this.#saveIsDue() || (validator !== undefined && step % conduct.valEvery === 0),
        pause: async (step) => {
          if (this.#saveIsDue()) await this.#save(trainer, step);
          if (step % conduct.valEvery === 0) await this.#validate(validator, step);
        },
      });
      progress.end();
      await this.#save(trainer, end.step, { weights: true });
      if (end.failure) throw end.failure;
      if (!stop.asked) await this.#validate(validator, end.step);
      const why = stop.asked ? 'stopped ' : 'done    ';
      const took = duration((performance.now() - start) / 1000);
      progress.say(
        `${why} after step ${end.step}, in ${took}; mean loss ${progress.loss.toFixed(5)}, ${progress.imagesPerSecond.toPrecision(3)} images/s`,
      );
      progress.say(`weights  ${this.#folder.path}/weights.safetensors`);
      if (stop.asked) progress.say(`go on    koalarize train --out ${this.#folder.path} --resume`);
    } catch (error) {
      if (!(error instanceof DivergedError)) throw error;
      progress.end();
      const saved = this.#savedPath ? `the last good checkpoint is ${this.#savedPath}` : 'there is no checkpoint yet';
      throw new DivergedError(error.step, `${error.got} at --lr ${settings.lr}; ${saved}`);
    } finally {
      stop.release();
      validator?.destroy();
      trainer.destroy();
    }
  }

  #dataset(files: readonly PictureFile[]) {
    return datasetOf(files, sourceSize(this.#config.settings.size), this.#cache);
  }

  #summary(trainer: Trainer, from: number, to: number): string {
    const { batch, microBatch, size, seed } = this.#config.settings;
    const parts = batch === microBatch ? '' : ` in parts of ${microBatch}`;
    const goal = Number.isFinite(to) ? ` to ${to}` : '';
    const parameters = (trainer.weights.layout.size / 1e6).toFixed(2);
    const memory = `${Math.round(this.#gpu.peakBytes / 2 ** 20)} MiB on the device`;
    return `train    step ${from + 1}${goal}: ${this.#pictures.train.length} pictures, ${batch} a step${parts}, ${size} px, seed ${seed}; ${parameters} M parameters, ${memory}; in ${this.#folder.path}`;
  }

  /** Loads the newest checkpoint, or the first weights. @returns the steps that are done. */
  async #restore(trainer: Trainer): Promise<number> {
    const path = await this.#folder.newestCheckpoint();
    if (!path) {
      trainer.load(glorotUniform(trainer.weights.layout, this.#config.settings.seed));
      await this.#folder.truncateLog(0);
      return 0;
    }
    const { step, weights, moments } = decodeCheckpoint(await readBytes(path), path);
    trainer.load(weights, moments);
    await this.#folder.truncateLog(step);
    this.#progress.say(`resume   from ${path}`);
    this.#savedPath = path;
    this.#savedStep = step;
    return step;
  }

  #saveIsDue(): boolean {
    return performance.now() - this.#savedAt >= this.#config.conduct.checkpointEvery * 60_000;
  }

  async #save(trainer: Trainer, step: number, also: { weights?: boolean } = {}): Promise<void> {
    const state = await readState(trainer, step);
    if (step !== this.#savedStep) {
      this.#savedPath = await this.#folder.writeCheckpoint(step, encodeCheckpoint(state, this.#metadata));
    }
    if (also.weights) await this.#folder.writeWeights(encodeWeights(state, this.#metadata));
    this.#savedStep = step;
    this.#savedAt = performance.now();
  }

  async #validate(validator: Validator | undefined, step: number): Promise<void> {
    if (!validator || step === this.#validatedStep) return;
    this.#validatedStep = step;
    const { mse, grey, meanColour, count } = await validator.score();
    this.#folder.log({ step, val: mse, grey, meanColour, count });
    const figure = (value: number) => value.toFixed(5);
    this.#progress.say(
      `validate step ${step}: MSE ${figure(mse)} (all grey ${figure(grey)}, one colour ${figure(meanColour)}; ${count} pictures)`,
    );
    const triples = (await validator.compare(SHEET.pictures)).map(({ grey, output, truth }) => [grey, output, truth]);
    const rows = Array.from({ length: Math.ceil(triples.length / SHEET.columns) }, (_, row) =>
      triples.slice(row * SHEET.columns, (row + 1) * SHEET.columns).flat(),
    );
    const { size } = this.#config.settings;
    await writeImage(this.#folder.sheetPath(step), contactSheet(rows, { cell: { width: size, height: size } }));
  }
}

/** A plain array: `slice` of Node's Buffer does not copy. */
async function readBytes(path: string): Promise<Uint8Array> {
  const { buffer, byteOffset, byteLength } = await readFile(path);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function networkOf({ settings, embedding }: RunConfig) {
  return { widthDivisor: settings.widthDivisor, embeddingWidth: embedding.width };
}

function trainerConfig({ batch, microBatch, size }: Settings) {
  return {
    batch,
    microBatch,
    size,
    lightness: 'luma',
    chromaGain: 1,
    masked: false,
    embeddingWidth: 0,
    adam: {},
  } as const;
}

/** What every file of weights says of itself. Nothing of time or place: equal runs give equal files. */
function metadataOf(config: RunConfig): Record<string, string> {
  const { size, batch, microBatch, lr, lrDecay, seed } = config.settings;
  return {
    ...weightsMetadata({ network: networkOf(config), lightness: config.lightness }),
    crop: config.crop,
    size: String(size),
    batch: String(batch),
    micro_batch: String(microBatch),
    learning_rate: String(lr),
    lr_decay: lrDecay,
    seed: String(seed),
    pictures: String(config.train.count),
  };
}

/** Turns the first SIGINT or SIGTERM into a wish, and the second into the end. */
function listen(progress: Progress): { readonly asked: boolean; release(): void } {
  let asked = false;
  const onSignal = (): void => {
    if (asked) process.exit(130);
    asked = true;
    progress.say('stopping: finishes this step and saves; once more ends it at once');
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    get asked() {
      return asked;
    },
    release() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
