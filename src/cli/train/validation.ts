/** Validation of a run between its steps: a line of the log, the curve, a sheet of pictures. */
import { writeImage } from '../../image/node.ts';
import { contactSheet } from '../../image/raster/sheet.ts';
import { colorizationNetwork } from '../../model/network.ts';
import type { Gpu } from '../../runtime/gpu.ts';
import type { Scope } from '../../runtime/scope.ts';
import type { Dataset } from '../../train/data/batch.ts';
import type { Trainer } from '../../train/trainer.ts';
import { Validator } from '../../train/validator.ts';
import { networkOf } from './metadata.ts';
import type { Progress } from './progress.ts';
import type { RunConfig, RunFolder } from './run_folder.ts';

/** Pictures on a validation sheet, and how many of them side by side. */
const SHEET = { pictures: 8, columns: 2 };

/** What is shown of a validation, and where it goes. */
interface Outlets {
  readonly folder: RunFolder;
  readonly config: RunConfig;
  readonly progress: Progress;
}

export class Validation {
  readonly #validator: Validator | undefined;
  readonly #outlets: Outlets;
  #step = -1;

  private constructor(validator: Validator | undefined, outlets: Outlets) {
    this.#validator = validator;
    this.#outlets = outlets;
  }

  /** Compiles the network for `dataset`, which may be empty. @param scope owns what is made */
  static async create(
    gpu: Gpu,
    scope: Scope,
    trainer: Trainer,
    dataset: Dataset,
    outlets: Outlets,
  ): Promise<Validation> {
    const config = networkOf(outlets.config);
    const validator = dataset.length
      ? scope.own(await Validator.create(gpu, trainer, (...inputs) => colorizationNetwork(config, ...inputs), dataset))
      : undefined;
    if (!validator) {
      outlets.progress.say('validate no pictures: there is no score and no sheet; name some with --val DIR');
    }
    return new Validation(validator, outlets);
  }

  /** Whether there is anything to validate on. */
  get isPossible(): boolean {
    return this.#validator !== undefined;
  }

  /** Scores the trainer's weights, those after `step`; once. */
  async at(step: number): Promise<void> {
    if (!this.#validator || step === this.#step) return;
    this.#step = step;
    const { folder, config, progress } = this.#outlets;
    const { mse, grey, meanColor, count } = await this.#validator.score();
    folder.log({ step, val: mse, grey, meanColor, count });
    await folder.drawLosses(config.settings);
    const figure = (value: number) => value.toFixed(5);
    progress.say(
      `validate step ${step}: MSE ${figure(mse)} (all grey ${figure(grey)}, one color ${figure(meanColor)}; ${count} pictures)`,
    );
    const triples = (await this.#validator.compare(SHEET.pictures)).map((row) => [row.grey, row.output, row.truth]);
    const rows = Array.from({ length: Math.ceil(triples.length / SHEET.columns) }, (_, row) =>
      triples.slice(row * SHEET.columns, (row + 1) * SHEET.columns).flat(),
    );
    const { size } = config.settings;
    await writeImage(folder.sheetPath(step), contactSheet(rows, { cell: { width: size, height: size } }));
  }
}
