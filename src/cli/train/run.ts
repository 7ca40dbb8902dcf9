/** `koalarize train`, from the first step to the last: what is logged, saved and said when. */
import { encodeWinners, fingerprint } from '../../kernels/tuning/winners.ts';
import { DeviceError, DivergedError } from '../../runtime/errors.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import { Scope } from '../../runtime/scope.ts';
import { encodeCheckpoint, encodeWeights, readState } from '../../train/checkpoint.ts';
import type { Dataset, PadMode } from '../../train/data/batch.ts';
import { type StepReport, train } from '../../train/loop.ts';
import { rateAt } from '../../train/optimizer/schedule.ts';
import type { Trainer } from '../../train/trainer.ts';
import type { PictureList } from '../shared/scan.ts';
import { makeTrainer, metadataOf } from './metadata.ts';
import { datasetOf, type PictureCache, type Pictures } from './pictures.ts';
import { duration, type Progress } from './progress.ts';
import { restore } from './restore.ts';
import type { RunConfig, RunFolder } from './run_folder.ts';
import { recipeOf, stepsOf } from './settings.ts';
import { listen } from './signals.ts';
import { Validation } from './validation.ts';

/** What the steps of a run need. */
interface Steps {
  readonly trainer: Trainer;
  readonly validation: Validation;
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
    const scope = new Scope(this.#gpu);
    try {
      const { colors } = this.#pictures;
      const trainer = scope.own(await makeTrainer(this.#gpu, this.#config, colors));
      const { step: from, path } = await restore(trainer, this.#folder, this.#config, colors, progress);
      this.#savedPath = path;
      this.#savedStep = path === undefined ? -1 : from;
      await this.#noteTuning(trainer, from);
      const judge = this.#dataset(this.#pictures.validation.slice(0, runtime.valCount), 'none');
      const outlets = { folder: this.#folder, config: this.#config, progress };
      const validation = await Validation.create(this.#gpu, scope, trainer, judge, outlets);
      if (from >= to) {
        progress.say(`done     at step ${from} already; go on with --resume and a larger --steps or --epochs`);
        return;
      }
      progress.say(this.#summary(trainer, from, to));
      progress.say(`recipe   ${recipeOf(settings)}`);
      await this.#steps({ trainer, validation, dataset, from, to });
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
  async #steps({ trainer, validation, dataset, from, to }: Steps): Promise<void> {
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
        return rateAt(settings, step, Number.isFinite(to) ? (step - 1) / to : elapsed);
      },
      stopAfter: (step) => {
        // One more step is under way, which will take as long as those before.
        const isLate = performance.now() + (progress.secondsPerStep || 0) * 1000 >= deadline;
        isLast = stop.asked || isLate || step === to;
        return isLast;
      },
      settleAfter: (step) => this.#saveIsDue() || (validation.isPossible && step % runtime.valEvery === 0),
    });
    try {
      const failure = await eachUntilFailure(reports, async (report) => {
        const { step, loss, imagesPerSecond, learningRate, settled } = report;
        idle = report.idle;
        this.#folder.log({ step, loss, imagesPerSecond: Number(imagesPerSecond.toPrecision(4)), learningRate });
        progress.step(report);
        if (!settled || isLast) return;
        if (this.#saveIsDue()) await this.#save(trainer, step);
        if (step % runtime.valEvery === 0) await validation.at(step);
      });
      const { lastStep } = trainer;
      progress.end();
      await this.#save(trainer, lastStep, { weights: true });
      if (failure) throw failure;
      if (!stop.asked) await validation.at(lastStep);
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
