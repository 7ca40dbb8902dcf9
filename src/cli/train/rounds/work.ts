/** Jobs of a run on this device: shares are trained; rounds are ended, logged and validated, and the next one is begun. */
import { sha256 } from '../../../onnx/sha256.ts';
import type { Gpu } from '../../../runtime/gpu.ts';
import type { Scope } from '../../../runtime/scope.ts';
import type { Dataset } from '../../../train/data/batch.ts';
import { rateAt } from '../../../train/optimizer/schedule.ts';
import { endOf, type RoundPlan, sharesOf, stepAt } from '../../../train/rounds/plan.ts';
import type { Trainer } from '../../../train/trainer.ts';
import { metadataOf } from '../metadata.ts';
import { datasetOf, type PictureCache, type Pictures } from '../pictures.ts';
import type { Progress } from '../progress.ts';
import type { RoundSettings, RunConfig, RunFolder } from '../run_folder.ts';
import { Validation } from '../validation.ts';
import { type Round, RoundFiles } from './files.ts';
import { meanOfRound, saveRound } from './mean.ts';
import type { RoundQueue } from './queue.ts';
import { trainShare } from './share.ts';

/** What a run consists of on this machine. */
export interface RunParts {
  readonly gpu: Gpu;
  readonly folder: RunFolder;
  readonly config: RunConfig;
  readonly pictures: Pictures;
  readonly cache: PictureCache;
  readonly progress: Progress;
}

/** What the jobs of a run need beside these. */
interface Tools {
  readonly rounds: RoundSettings;
  readonly queue: RoundQueue;
  /** Owns what is made. */
  readonly scope: Scope;
  readonly trainer: Trainer;
  readonly stopping: AbortSignal;
}

export class RoundWork {
  /** Whether the run's last round was ended here. */
  isLast = false;
  readonly #parts: RunParts;
  readonly #rounds: RoundSettings;
  readonly #queue: RoundQueue;
  readonly #scope: Scope;
  readonly #trainer: Trainer;
  readonly #stopping: AbortSignal;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #files: RoundFiles;
  readonly #dataset: Dataset;
  #validation: Promise<Validation> | undefined;

  constructor(parts: RunParts, { rounds, queue, scope, trainer, stopping }: Tools) {
    const { folder, config, pictures, cache } = parts;
    const { size, pad, views } = config.settings;
    this.#parts = parts;
    this.#rounds = rounds;
    this.#queue = queue;
    this.#scope = scope;
    this.#trainer = trainer;
    this.#stopping = stopping;
    this.#metadata = metadataOf(config);
    this.#files = new RoundFiles(folder, this.#metadata);
    this.#dataset = datasetOf(pictures.train, size, pad, cache, pictures.features, views);
  }

  /** Puts a round into the queue. */
  async begin(round: Round): Promise<void> {
    const shares = sharesOf(this.#planOf(round)).filter(({ batches }) => batches > 0);
    await this.#files.begin(round);
    await this.#queue.add(round, shares.length, this.#stopping);
    await this.#files.clean(round);
  }

  /** Trains a share, where it is wanted still. @returns false where it was stopped */
  async share(round: Round, share: number): Promise<boolean> {
    const { config, progress } = this.#parts;
    const plan = this.#planOf(round);
    const { first, batches } = sharesOf(plan)[share]!;
    const isWanted = () => this.#queue.isWanted(round).catch(() => true);
    if (this.#stopping.aborted) return false;
    if (!(await isWanted()) || (await this.#files.result(round, share))) return true;
    const what = `share ${share + 1}/${plan.shares} to step ${endOf(plan)}`;
    const training = {
      trainer: this.#trainer,
      dataset: this.#dataset,
      settings: config.settings,
      stopping: this.#stopping,
      told: ({ loss, imagesPerSecond }: { loss: number; imagesPerSecond: number }, done: number) =>
        progress.round(
          `${what}: ${done}/${batches} steps, loss ${loss.toFixed(5)}, ${imagesPerSecond.toPrecision(3)} images/s`,
        ),
    };
    try {
      const result = await trainShare(training, await this.#files.start(round), plan, { first, batches });
      if (!result) return false;
      await this.#files.write(round, share, result);
    } catch (error) {
      if (await isWanted()) throw error;
    }
    return true;
  }

  /**
   * Ends a round whose shares are there, and begins the next one.
   *
   * @param begun when the round was, in ms since 1970
   * @param again whether somebody may have done some of it
   * @returns false where it was stopped
   */
  async mean(round: Round, begun: number, again: boolean): Promise<boolean> {
    const { folder, config, progress } = this.#parts;
    const { settings, runtime } = config;
    if (this.#stopping.aborted) return false;
    const plan = this.#planOf(round);
    const end = endOf(plan);
    const newest = (await folder.newestStep()) ?? 0;
    if (newest > end || (newest === end && !(await this.#files.isOpen(round)))) return true;
    const { state, loss } = await meanOfRound(this.#files, round, plan, this.#rounds);
    const isLast = end === round.to;
    const isDue = isLast || Math.floor(end / runtime.valEvery) > Math.floor(round.from / runtime.valEvery);
    if (again) {
      await folder.truncateLog(round.from);
      await folder.removeUnfinished(['checkpoints']);
    }
    const seconds = Math.max(1, Date.now() - begun) / 1000;
    const imagesPerSecond = Number((((end - round.from) * settings.batch) / seconds).toPrecision(4));
    const last = stepAt(plan, sharesOf(plan)[0]!.batches);
    const learningRate = rateAt(settings, last, (last - 1) / round.to);
    // What is logged before the checkpoint is there is dropped where it does not come to be.
    folder.log({ step: end, loss, imagesPerSecond, learningRate, shares: plan.shares });
    const file = await saveRound(folder, state, this.#metadata, { weights: isDue });
    progress.round(`round to step ${end}/${round.to}: loss ${loss.toFixed(5)}, ${imagesPerSecond} images/s`);
    if (isDue) {
      this.#trainer.load(state.weights, state.moments, state.lossScale, state.average);
      await (await this.#validate()).at(end);
    }
    if (isLast) {
      this.isLast = true;
      folder.log({ step: end, end: 'done' });
      await this.#files.clean();
      return true;
    }
    if (((await folder.newestStep()) ?? 0) === end)
      await this.begin({ from: end, to: round.to, start: await sha256(file) });
    return true;
  }

  /** Made where the first is due: not every process comes to it. */
  #validate(): Promise<Validation> {
    const { gpu, folder, config, pictures, cache, progress } = this.#parts;
    const { size } = config.settings;
    const files = pictures.validation.slice(0, config.runtime.valCount);
    const dataset = datasetOf(files, size, 'none', cache, pictures.features);
    this.#validation ??= Validation.create(gpu, this.#scope, this.#trainer, dataset, { folder, config, progress });
    return this.#validation;
  }

  #planOf({ from, to }: Round): RoundPlan {
    const { shares, localSteps } = this.#rounds;
    return { from, to, shares, localSteps };
  }
}
