/**
 * The folder of a run:
 * ```
 * config.json    settings, budget, folders, and a hash over the pictures' hashes
 * scan.json      what is known of each file, so that going on starts quickly
 * colors.json   how often each color occurs, where rare ones weigh more or colors are classes
 * log.jsonl      a line a step, one a validation, and one where a call ends
 * loss.svg       the losses as a curve, with the validations
 * sheets/        step-000123.png: grey | output | truth
 * checkpoints/   step-000123.safetensors: weights, their average and Adam's moments; the newest three
 * weights.safetensors   the last weights, averaged unless --ema is 0; float16
 * rounds/        step-000123/share-0.safetensors: what a share of the round that begins there has come to
 * embeddings/    what a feature extractor says to each picture, unless that is kept elsewhere
 * ```
 */

import { appendFileSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ExtractorInfo } from '../../model/embedding.ts';
import { EnvironmentError, FormatError } from '../../runtime/errors.ts';
import { writeError } from '../../runtime/file_errors.ts';
import { makeFolder, UNFINISHED, writeWhole } from '../../runtime/node/whole_file.ts';
import type { OuterOptions } from '../../train/rounds/outer.ts';
import { FORMER_COLORS, withFormerNames, withPresentNames } from '../shared/former_names.ts';
import type { Finding, Findings } from '../shared/scan.ts';
import { type LogEntry, lossSvg } from './loss_svg.ts';
import { type Budget, LEGACY_DEFAULTS, type RuntimeOptions, type Settings } from './settings.ts';

const CHECKPOINTS_KEPT = 3;
const FORMAT = 1;

export interface PictureSet {
  readonly dirs: readonly string[];
  /** The number of pictures used. */
  readonly count: number;
  /** SHA-256 over the pictures' hashes, in order. */
  readonly hash: string;
}

export interface RunConfig {
  readonly format: typeof FORMAT;
  readonly created: string;
  /** The device's name: other devices round otherwise. */
  readonly device: string;
  /** Tells apart what the tuner chose for a training step; absent without --tune. */
  readonly tuning?: string;
  readonly settings: Settings;
  /** How pictures become what the network sees. */
  readonly embedding: { readonly kind: 'none'; readonly width: 0 } | (ExtractorInfo & { readonly path: string });
  /** The weights it began with; random ones where it is absent. */
  readonly init?: { readonly path: string; readonly sha256: string };
  readonly budget: Budget;
  readonly runtime: RuntimeOptions;
  /** Of a run on several devices. */
  readonly rounds?: RoundSettings;
  readonly train: PictureSet;
  /** Without folders of its own: a tenth of those in `train`. */
  readonly validation: PictureSet;
}

/** How a run is shared out: round by round, of which each ends with a checkpoint. */
export interface RoundSettings {
  /** Names its queue. */
  readonly id: string;
  readonly shares: number;
  /** Steps of each share in a round. */
  readonly localSteps: number;
  readonly outer: OuterOptions;
}

/** Former names of fields, read until version 0.2. */
interface FormerConfig {
  readonly goal?: Budget;
  readonly conduct?: RuntimeOptions;
}

export class RunFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws FormatError when a run is in the folder already. */
  async expectNone(): Promise<void> {
    if (await stat(this.#at('config.json')).catch(() => undefined)) {
      throw new FormatError({
        where: this.path,
        expected: 'no run in it',
        got: 'one',
        hint: 'go on with --resume, or name another --out',
      });
    }
  }

  async create(): Promise<void> {
    await this.#makeFolders();
  }

  /** Reads the settings of a run, to go on with it. @throws EnvironmentError when there are none, FormatError for other ones. */
  async open(): Promise<RunConfig> {
    const path = this.#at('config.json');
    const json = await readFile(path, 'utf8').catch((cause: Error) => {
      throw new EnvironmentError(
        { where: this.path, expected: 'a run to go on with', got: 'no config.json', hint: 'check --out' },
        { cause },
      );
    });
    let config: RunConfig & FormerConfig;
    try {
      config = JSON.parse(json) as RunConfig & FormerConfig;
    } catch (cause) {
      throw new FormatError(
        { where: path, expected: 'JSON', got: `'${(cause as Error).message}'`, hint: 'start a new run' },
        { cause },
      );
    }
    if (config.format !== FORMAT) {
      throw new FormatError({
        where: path,
        expected: `format ${FORMAT}`,
        got: config.format,
        hint: 'use the version that wrote it',
      });
    }
    // Others may be writing there.
    if (!config.rounds) await this.#makeFolders();
    const { goal, conduct, budget = goal!, runtime = conduct!, ...rest } = config;
    return { ...rest, budget, runtime, settings: { ...LEGACY_DEFAULTS, ...config.settings } };
  }

  writeConfig(config: RunConfig): Promise<void> {
    return writeWhole(this.#at('config.json'), `${JSON.stringify(config, null, 2)}\n`);
  }

  /** What an earlier scan found; nothing when there was none. */
  async readFindings(): Promise<Findings> {
    try {
      return new Map(JSON.parse(await readFile(this.#at('scan.json'), 'utf8')) as [string, Finding][]);
    } catch {
      return new Map(); // It only saves time.
    }
  }

  writeFindings(findings: Findings): Promise<void> {
    return writeWhole(this.#at('scan.json'), JSON.stringify([...findings]));
  }

  /** Pixels by color, as counted when the run began. @throws FormatError when they have gone. */
  async readColors(): Promise<readonly number[]> {
    for (const name of ['colors.json', FORMER_COLORS]) {
      try {
        const colors: unknown = JSON.parse(await readFile(this.#at(name), 'utf8'));
        if (Array.isArray(colors) && colors.every(Number.isInteger)) return colors as number[];
      } catch {
        // As with any other content.
      }
    }
    throw new FormatError({
      where: this.#at('colors.json'),
      expected: 'the colors that the run began with',
      got: 'none',
      hint: 'put the file back',
    });
  }

  writeColors(colors: readonly number[]): Promise<void> {
    return writeWhole(this.#at('colors.json'), `${JSON.stringify(colors)}\n`);
  }

  log(entry: Readonly<Record<string, unknown>>): void {
    const path = this.#at('log.jsonl');
    try {
      appendFileSync(path, `${JSON.stringify(withFormerNames({ ...entry, time: new Date().toISOString() }))}\n`);
    } catch (cause) {
      throw writeError(path, cause as Error);
    }
  }

  /** Drops the log's lines of steps after `step`, which will be done again. */
  async truncateLog(step: number): Promise<void> {
    const kept = (await this.#readLog()).filter((entry) => entry.step <= step);
    await writeWhole(
      this.#at('log.jsonl'),
      kept.map((entry) => `${JSON.stringify(withFormerNames(entry))}\n`).join(''),
    );
  }

  /** Draws what is in the log of a run with these settings. */
  async drawLosses({ temperature }: Settings): Promise<void> {
    const loss = temperature ? 'cross-entropy' : 'squared error';
    await writeWhole(this.#at('loss.svg'), lossSvg(await this.#readLog(), loss));
  }

  async #readLog(): Promise<LogEntry[]> {
    const lines = (await readFile(this.#at('log.jsonl'), 'utf8').catch(() => '')).split('\n');
    return lines.flatMap((line) => {
      try {
        return withPresentNames(JSON.parse(line) as LogEntry);
      } catch {
        return []; // Cut short when the process was killed.
      }
    });
  }

  /** The paths of all checkpoints, newest first. */
  async checkpoints(): Promise<string[]> {
    const names = (await readdir(this.#at('checkpoints'))).filter((name) => stepOf(name) >= 0);
    return names.sort((a, b) => stepOf(b) - stepOf(a)).map((name) => this.#at('checkpoints', name));
  }

  /** The step of the newest checkpoint; undefined where there is none. */
  async newestStep(): Promise<number | undefined> {
    const [path] = await this.checkpoints().catch(() => []);
    return path === undefined ? undefined : stepOf(basename(path));
  }

  /** Where the checkpoint of `step` belongs. */
  checkpointPath(step: number): string {
    return this.#at('checkpoints', `${stepName(step)}.safetensors`);
  }

  /** Writes a checkpoint, and then removes all but the newest few. @returns its path. */
  async writeCheckpoint(step: number, file: Uint8Array): Promise<string> {
    const path = this.checkpointPath(step);
    await writeWhole(path, file);
    for (const old of (await this.checkpoints()).slice(CHECKPOINTS_KEPT)) await rm(old);
    return path;
  }

  async writeWeights(file: Uint8Array): Promise<string> {
    await writeWhole(this.weightsPath, file);
    return this.weightsPath;
  }

  /** Where the last weights belong. */
  get weightsPath(): string {
    return this.#at('weights.safetensors');
  }

  /** Where embeddings belong, unless they are kept elsewhere. */
  get embeddingsPath(): string {
    return this.#at('embeddings');
  }

  /** Where the sheet of `step` belongs. */
  sheetPath(step: number): string {
    return this.#at('sheets', `${stepName(step)}.png`);
  }

  async #makeFolders(): Promise<void> {
    for (const folder of ['checkpoints', 'sheets']) await makeFolder(this.#at(folder));
    await this.removeUnfinished(['.', 'checkpoints', 'sheets']);
  }

  /** Removes what killed processes have left in these of its folders, where nobody else writes now. */
  async removeUnfinished(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      for (const name of await readdir(this.#at(folder))) {
        if (name.endsWith(UNFINISHED)) await rm(this.#at(folder, name));
      }
    }
  }

  #at(...parts: string[]): string {
    return join(this.path, ...parts);
  }
}

/** The step that a checkpoint's file name tells; -1 for the name of something else. */
export function stepOf(name: string): number {
  return Number(/^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? -1);
}

/** How a step is called in file names. */
export function stepName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}

/** Where runs go that are given no folder. */
const RUNS = 'runs';

/** A folder named after the time, local and sortable. */
export function newRunPath(now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  return join(RUNS, `${date}_${[now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join('-')}`);
}

/** The run that was used last. @throws FormatError when there is none. */
export async function newestRunPath(): Promise<string> {
  const names = await readdir(RUNS).catch(() => []);
  const used = await Promise.all(
    names.map(async (name) => {
      const config = await stat(join(RUNS, name, 'config.json')).catch(() => undefined);
      return { path: join(RUNS, name), time: config?.mtimeMs ?? -1 };
    }),
  );
  const [newest] = used.filter(({ time }) => time >= 0).sort((a, b) => b.time - a.time);
  if (!newest)
    throw new FormatError({
      where: '--resume',
      expected: `a run in ${RUNS}/`,
      got: 'none',
      hint: 'name its folder with --out',
    });
  return newest.path;
}
