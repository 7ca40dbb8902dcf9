/** `koalarize train`, from the first step to the last: what is logged, saved and said when. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { glorotUniform } from '../../graph/initial.ts';
import { sizeOf } from '../../graph/node.ts';
import type { ParameterLayout, Tensors } from '../../graph/parameters.ts';
import { writeImage } from '../../image/node.ts';
import { contactSheet } from '../../image/sheet.ts';
import { encodeWinners, fingerprint } from '../../kernels/tuning.ts';
import type { ExtractorInfo } from '../../model/embedding.ts';
import { colorizationNetwork } from '../../model/network.ts';
import { decodeWeights, weightsMetadata } from '../../model/weights.ts';
import { widen } from '../../model/widen.ts';
import { FormatError } from '../../runtime/errors.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import { sourceSize } from '../../train/batch.ts';
import { decodeCheckpoint, encodeCheckpoint, encodeWeights, readState } from '../../train/checkpoint.ts';
import { DivergedError, decayed, trainingLoop } from '../../train/loop.ts';
import { type NetworkBuilder, Trainer } from '../../train/trainer.ts';
import { Validator } from '../../train/validator.ts';
import { datasetOf, type PictureCache, type Pictures } from './pictures.ts';
import { duration, type Progress } from './progress.ts';
import type { RunConfig, RunFolder } from './run_folder.ts';
import type { PictureFile } from './scan.ts';

/** Pictures on a validation sheet, and how many of them side by side. */
const SHEET = { pictures: 8, columns: 2 };

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
    const { settings, goal, conduct } = this.#config;
    const progress = this.#progress;
    const dataset = this.#dataset(this.#pictures.train);
    const stepsPerEpoch = dataset.length / settings.batch;
    const to = goal.steps ?? (goal.epochs ? Math.ceil(goal.epochs * stepsPerEpoch) : Number.POSITIVE_INFINITY);

    progress.say('compile  the network and its gradients');
    const network: NetworkBuilder = (lightness, embedding) =>
      colorizationNetwork(networkOf(this.#config), lightness, embedding);
    const trainer = await Trainer.create(this.#gpu, trainerConfig(this.#config), network);
    const from = await this.#restore(trainer);
    await this.#noteTuning(trainer, from);
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
    return datasetOf(files, sourceSize(this.#config.settings.size), this.#cache, this.#pictures.embeddings);
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
    const goal = Number.isFinite(to) ? ` to ${to}` : '';
    const parameters = (trainer.weights.layout.size / 1e6).toFixed(2);
    const memory = `${Math.round(this.#gpu.peakBytes / 2 ** 20)} MiB on the device`;
    return `train    step ${from + 1}${goal}: ${this.#pictures.train.length} pictures, ${batch} a step${parts}, ${size} px, seed ${seed}; ${parameters} M parameters, ${memory}; in ${this.#folder.path}`;
  }

  /** Loads the newest checkpoint, or the first weights. @returns the steps that are done. */
  async #restore(trainer: Trainer): Promise<number> {
    const path = await this.#folder.newestCheckpoint();
    if (!path) {
      trainer.load(await this.#firstWeights(trainer));
      await this.#folder.truncateLog(0);
      return 0;
    }
    const { step, weights, moments, lossScale } = decodeCheckpoint(await readFile(path), path);
    trainer.load(weights, moments, lossScale);
    await this.#folder.truncateLog(step);
    this.#progress.say(`resume   from ${path}`);
    this.#savedPath = path;
    this.#savedStep = step;
    return step;
  }

  /** Random ones, or those of --init: as they are, or widened. */
  async #firstWeights({ weights: { layout } }: Trainer): Promise<Tensors> {
    const { settings, init } = this.#config;
    if (!init) return glorotUniform(layout, settings.seed);
    const file = await readFile(init.path);
    if (sha256(file) !== init.sha256)
      throw new FormatError(`--init ${init.path}: expected the file that the run began with, got another`);
    const { tensors, network } = decodeWeights(file, init.path);
    this.#progress.say(`init     from ${init.path}, with 1/${network.widthDivisor} of the paper's channels`);
    return widen(this.#withEmbedding(tensors, layout), layout, settings.seed);
  }

  /** Weights that knew no extractor pay it no attention at first: they answer as before. */
  #withEmbedding(tensors: Tensors, { slots }: ParameterLayout): Tensors {
    const name = 'fusion.embedding';
    const slot = slots.get(name);
    if (!slot || tensors.has(name)) return tensors;
    return new Map([...tensors, [name, { shape: slot.shape, data: new Float32Array(sizeOf(slot.shape)) }]]);
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

function networkOf({ settings, embedding }: RunConfig) {
  return { widthDivisor: settings.widthDivisor, embeddingWidth: embedding.width };
}

function extractorOf({ embedding }: RunConfig): ExtractorInfo | undefined {
  return embedding.kind === 'none' ? undefined : embedding;
}

function trainerConfig({ settings: { batch, microBatch, size }, embedding }: RunConfig) {
  return {
    batch,
    microBatch,
    size,
    lightness: 'luma',
    chromaGain: 1,
    masked: false,
    embeddingWidth: embedding.width,
    adam: {},
  } as const;
}

/** What every file of weights says of itself. Nothing of time or place: equal runs give equal files. */
function metadataOf(config: RunConfig): Record<string, string> {
  const { size, batch, microBatch, lr, lrDecay, seed, precision } = config.settings;
  return {
    ...weightsMetadata({ network: networkOf(config), lightness: config.lightness, embedding: extractorOf(config) }),
    crop: config.crop,
    size: String(size),
    batch: String(batch),
    micro_batch: String(microBatch),
    learning_rate: String(lr),
    lr_decay: lrDecay,
    seed: String(seed),
    ...(precision === 'f16' && { precision }),
    initial_weights: config.init?.sha256 ?? 'glorot uniform',
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

/** The SHA-256 of bytes, in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
