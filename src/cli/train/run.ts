/** `koalarize train`, from the first step to the last: what is logged, saved and said when. */
import { writeImage } from '../../image/node.ts';
import { contactSheet } from '../../image/raster/sheet.ts';
import { encodeWinners, fingerprint } from '../../kernels/tuning/winners.ts';
import { colorizationNetwork } from '../../model/network.ts';
import { trainingHead } from '../../model/training_head.ts';
import { DeviceError, DivergedError, EnvironmentError, FormatError, ShapeError } from '../../runtime/errors.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import { readBytes } from '../../runtime/node/adapters.ts';
import { Scope } from '../../runtime/scope.ts';
import { decodeCheckpoint, encodeCheckpoint, encodeWeights, readState } from '../../train/checkpoint.ts';
import type { Dataset, PadMode } from '../../train/data/batch.ts';
import { type StepReport, train } from '../../train/loop.ts';
import type { NetworkBuilder } from '../../train/loss.ts';
import { decayed, warmup } from '../../train/optimizer/schedule.ts';
import { Trainer } from '../../train/trainer.ts';
import { Validator } from '../../train/validator.ts';
import { reasonOf } from '../shared/messages.ts';
import type { PictureList } from '../shared/scan.ts';
import { firstWeights } from './first_weights.ts';
import { metadataOf, networkOf, trainerConfig } from './metadata.ts';
import { datasetOf, type PictureCache, type Pictures } from './pictures.ts';
import { duration, type Progress } from './progress.ts';
import type { RunConfig, RunFolder } from './run_folder.ts';
import { recipeOf, stepsOf } from './settings.ts';
import { listen } from './signals.ts';

/** Pictures on a validation sheet, and how many of them side by side. */
const SHEET = { pictures: 8, columns: 2 };

/** What the steps of a run need. */
interface Steps {
  readonly trainer: Trainer;
  readonly validator: Validator | undefined;
  readonly dataset: Dataset;
  /** Steps that are done. */
  readonly from: number;
  readonly to: number;
}

/** Everything between the first step and the last. */
export class Run {
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
    const { settings, budget, runtime } = this.#config;
    const progress = this.#progress;
    const dataset = this.#dataset(this.#pictures.train, settings.pad, settings.views);
    const to = stepsOf(budget, dataset.length, settings.batch);

    progress.say('compile  the network and its gradients');
    const config = networkOf(this.#config);
    const network: NetworkBuilder = (...inputs) => colorizationNetwork(config, ...inputs);
    const scope = new Scope(this.#gpu);
    try {
      const options = trainerConfig(this.#config, this.#pictures.colors);
      const trainer = scope.own(
        await Trainer.create(this.#gpu, options, (...inputs) => trainingHead(config, ...inputs)),
      );
      const from = await this.#restore(trainer);
      await this.#noteTuning(trainer, from);
      const { validation } = this.#pictures;
      const judge = this.#dataset(validation.slice(0, runtime.valCount), 'none');
      const validator = judge.length
        ? scope.own(await Validator.create(this.#gpu, trainer, network, judge))
        : undefined;
      if (!validator) progress.say('validate no pictures: there is no score and no sheet; name some with --val DIR');
      if (from >= to) {
        progress.say(`done     at step ${from} already; go on with --resume and a larger --steps or --epochs`);
        return;
      }
      progress.say(this.#summary(trainer, from, to));
      progress.say(`recipe   ${recipeOf(settings)}`);
      await this.#steps({ trainer, validator, dataset, from, to });
    } catch (error) {
      if (!(error instanceof DivergedError)) throw error;
      progress.end();
      const saved = this.#savedPath ? `the last good checkpoint is ${this.#savedPath}` : 'there is no checkpoint yet';
      throw new DivergedError(error.step, `${error.got} at --lr ${settings.lr}; ${saved}`, { cause: error });
    } finally {
      scope.close();
    }
  }

  /** Takes the steps from `from + 1` to `to`, saves and validates between them, and tells how it ended. */
  async #steps({ trainer, validator, dataset, from, to }: Steps): Promise<void> {
    const { settings, budget, runtime } = this.#config;
    const progress = this.#progress;
    const start = performance.now();
    const deadline = budget.minutes ? start + budget.minutes * 60_000 : Number.POSITIVE_INFINITY;
    const { batch } = settings;
    progress.start({ steps: to, stepsPerEpoch: dataset.length / batch, batch, deadline });
    this.#savedAt = start;
    const stop = listen(progress);
    let isLast = false;
    let idle = 0;
    const reports = train({
      trainer,
      dataset,
      seed: settings.seed,
      looks: settings,
      from,
      steps: to,
      learningRate: (step) => {
        const elapsed = (performance.now() - start) / (deadline - start);
        const rate = decayed(settings.lr, settings.lrDecay, Number.isFinite(to) ? (step - 1) / to : elapsed);
        return rate * warmup(step, settings.warmup);
      },
      stopAfter: (step) => {
        // One more step is under way, which will take as long as those before.
        const isLate = performance.now() + (progress.secondsPerStep || 0) * 1000 >= deadline;
        isLast = stop.asked || isLate || step === to;
        return isLast;
      },
      settleAfter: (step) => this.#saveIsDue() || (validator !== undefined && step % runtime.valEvery === 0),
    });
    try {
      const failure = await eachUntilFailure(reports, async (report) => {
        const { step, loss, imagesPerSecond, learningRate, settled } = report;
        idle = report.idle;
        this.#folder.log({ step, loss, imagesPerSecond: Number(imagesPerSecond.toPrecision(4)), learningRate });
        progress.step(report);
        if (!settled || isLast) return;
        if (this.#saveIsDue()) await this.#save(trainer, step);
        if (step % runtime.valEvery === 0) await this.#validate(validator, step);
      });
      const { lastStep } = trainer;
      progress.end();
      await this.#save(trainer, lastStep, { weights: true });
      if (failure) throw failure;
      if (!stop.asked) await this.#validate(validator, lastStep);
      const why = stop.asked ? 'stopped' : 'done';
      const seconds = (performance.now() - start) / 1000;
      const deviceWaits = Number(idle.toPrecision(3));
      this.#folder.log({ step: lastStep, end: why, seconds: Math.round(seconds), deviceWaits });
      progress.say(
        `${why.padEnd(8)} after step ${lastStep}, in ${duration(seconds)}; mean loss ${progress.loss.toFixed(5)}, ${progress.imagesPerSecond.toPrecision(3)} images/s, device idle ${(idle * 100).toFixed(1)} %`,
      );
      progress.say(`weights  ${this.#folder.path}/weights.safetensors`);
      if (stop.asked) progress.say(`go on    koalarize train --out ${this.#folder.path} --resume`);
    } finally {
      stop.release();
    }
  }

  #dataset(files: PictureList, pad: PadMode, views = 1) {
    return datasetOf(files, this.#config.settings.size, pad, this.#cache, this.#pictures.features, views);
  }

  /** Says so when a step is no longer computed as it was before, and writes down how it is now. */
  async #noteTuning({ tuned }: Trainer, from: number): Promise<void> {
    const { tuning: had, ...config } = this.#config;
    const tuning = tuned.size > 0 ? fingerprint(encodeWinners(config.device, tuned)) : undefined;
    if (tuning === had) return;
    if (from > 0) this.#progress.say('tuning   other algorithms than before: from here on it is not bit-identical');
    await this.#folder.writeConfig({ ...config, ...(tuning !== undefined && { tuning }) });
  }

  #summary(trainer: Trainer, from: number, to: number): string {
    const { batch, microBatch, size, seed } = this.#config.settings;
    const parts = batch === microBatch ? '' : ` in parts of ${microBatch}`;
    const end = Number.isFinite(to) ? ` to ${to}` : '';
    const parameters = (trainer.weights.layout.size / 1e6).toFixed(2);
    const memory = `${Math.round(this.#gpu.peakBytes / 2 ** 20)} MiB on the device`;
    return `train    step ${from + 1}${end}: ${this.#pictures.train.length} pictures, ${batch} a step${parts}, ${size} px, seed ${seed}; ${parameters} M parameters, ${memory}; in ${this.#folder.path}`;
  }

  /** Loads the newest whole checkpoint, or without any the first weights. @returns the steps that are done. */
  async #restore(trainer: Trainer): Promise<number> {
    const paths = await this.#folder.checkpoints();
    if (paths.length === 0) {
      trainer.load(await firstWeights(this.#config, this.#pictures.colors, trainer.weights.layout, this.#progress));
      await this.#folder.truncateLog(0);
      return 0;
    }
    let damage: Error | undefined;
    for (const path of paths) {
      const step = await loadCheckpoint(trainer, path).catch((error: Error) => {
        const isDamage = [FormatError, EnvironmentError, ShapeError].some((kind) => error instanceof kind);
        if (!isDamage) throw error;
        damage ??= error;
        this.#progress.say(`damaged  ${reasonOf(error)}; left out`);
        return undefined;
      });
      if (step === undefined) continue;
      await this.#folder.truncateLog(step);
      this.#progress.say(`resume   from ${path}`);
      this.#savedPath = path;
      this.#savedStep = step;
      return step;
    }
    throw new FormatError({
      where: this.#folder.path,
      expected: 'a whole checkpoint to go on from',
      got: `${paths.length} that cannot be used`,
      hint: `put one back, or start a new run; the newest says: ${damage!.message}`,
    });
  }

  #saveIsDue(): boolean {
    return performance.now() - this.#savedAt >= this.#config.runtime.checkpointEvery * 60_000;
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
    const { mse, grey, meanColor, count } = await validator.score();
    this.#folder.log({ step, val: mse, grey, meanColor, count });
    await this.#folder.drawLosses(this.#config.settings);
    const figure = (value: number) => value.toFixed(5);
    this.#progress.say(
      `validate step ${step}: MSE ${figure(mse)} (all grey ${figure(grey)}, one color ${figure(meanColor)}; ${count} pictures)`,
    );
    const triples = (await validator.compare(SHEET.pictures)).map(({ grey, output, truth }) => [grey, output, truth]);
    const rows = Array.from({ length: Math.ceil(triples.length / SHEET.columns) }, (_, row) =>
      triples.slice(row * SHEET.columns, (row + 1) * SHEET.columns).flat(),
    );
    const { size } = this.#config.settings;
    await writeImage(this.#folder.sheetPath(step), contactSheet(rows, { cell: { width: size, height: size } }));
  }
}

/** Loads a checkpoint. @returns its step. @throws FormatError or ShapeError for one that is damaged, or of another network */
async function loadCheckpoint(trainer: Trainer, path: string): Promise<number> {
  const file = await readBytes(path);
  const { step, weights, moments, lossScale, average } = decodeCheckpoint(file, path);
  if (trainer.average && !average) {
    throw new FormatError({
      where: path,
      expected: "the weights' average too",
      got: 'none',
      hint: "put back the run's own checkpoint",
    });
  }
  trainer.load(weights, moments, lossScale, average);
  return step;
}

/** @returns why the steps ended early, where a picture could not be read: the weights are good then */
async function eachUntilFailure(
  reports: AsyncGenerator<StepReport>,
  body: (report: StepReport) => Promise<void>,
): Promise<unknown> {
  for (;;) {
    const next = await reports.next().catch((failure: unknown) => {
      if (failure instanceof DivergedError || failure instanceof DeviceError) throw failure;
      return { failure };
    });
    if ('failure' in next) return next.failure;
    if (next.done) return undefined;
    await body(next.value);
  }
}
