/** Files of a round: the checkpoint that it begins with, and what its shares have come to; in the run's folder, which all share. */
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { sha256 } from '../../../onnx/sha256.ts';
import { FormatError, type KoalarizeError } from '../../../runtime/errors.ts';
import { readBytes } from '../../../runtime/node/adapters.ts';
import { makeFolder, writeWhole } from '../../../runtime/node/whole_file.ts';
import { decodeCheckpoint, encodeCheckpoint, type TrainingState } from '../../../train/checkpoint.ts';
import { isExpected } from '../../shared/messages.ts';
import { type RunFolder, stepName, stepOf } from '../run_folder.ts';

/** How long a file that was written elsewhere is waited for: file systems of networks show it late. */
const LATE_MS = 15_000;
const LOOK_MS = 250;

/** What decides the bits of a round's shares. */
export interface Round {
  /** Batches that are done. */
  readonly from: number;
  /** The run's last batch. */
  readonly to: number;
  /** SHA-256 of the checkpoint it begins with. */
  readonly start: string;
}

/** What a share has come to. */
export interface ShareResult {
  readonly state: TrainingState;
  /** The mean of its steps. */
  readonly loss: number;
}

export class RoundFiles {
  readonly #folder: RunFolder;
  readonly #metadata: Readonly<Record<string, string>>;
  readonly #lateMs: number;

  /**
   * @param metadata of the run's files
   * @param lateMs how long what was written elsewhere is waited for
   */
  constructor(folder: RunFolder, metadata: Readonly<Record<string, string>>, lateMs = LATE_MS) {
    this.#folder = folder;
    this.#metadata = metadata;
    this.#lateMs = lateMs;
  }

  /** Makes room for a round. */
  async begin({ from }: Round): Promise<void> {
    await makeFolder(this.#path(from));
  }

  /** Whether there is room for it still: what its shares have come to is there until its mean is made, and the next one begun. */
  async isOpen({ from }: Round): Promise<boolean> {
    return (await stat(this.#path(from)).catch(() => undefined)) !== undefined;
  }

  /** Removes what other rounds have left; without one, all of it. */
  async clean(but?: Round): Promise<void> {
    for (const name of await readdir(this.#path()).catch(() => [])) {
      if (!but || name !== stepName(but.from)) await rm(join(this.#path(), name), { recursive: true, force: true });
    }
    if (!but) await rm(this.#path(), { recursive: true, force: true });
  }

  /** Reads what a round begins with. @throws FormatError or EnvironmentError where it does not come to be there */
  async start({ from, start }: Round): Promise<TrainingState> {
    const path = this.#folder.checkpointPath(from);
    for (const late = performance.now() + this.#lateMs; ; await wait(LOOK_MS)) {
      try {
        const file = await readBytes(path);
        const found = await sha256(file);
        if (found === start) return decodeCheckpoint(file, path);
        throw new FormatError({
          where: path,
          expected: `the checkpoint that the round begins with (SHA-256 ${start.slice(0, 12)}…)`,
          got: `another (${found.slice(0, 12)}…)`,
          hint: 'do all machines have the same folder? Then go on with --resume',
        });
      } catch (error) {
        if (!isExpected(error) || performance.now() > late) throw error;
      }
    }
  }

  /** What a share has come to; undefined where that is not there, damaged, or of another start. */
  async result(round: Round, share: number): Promise<ShareResult | undefined> {
    const path = this.#path(round.from, share);
    try {
      const { metadata, ...state } = decodeCheckpoint(await readBytes(path), path);
      return metadata.round === keyOf(round, share) ? { state, loss: Number(metadata.share_loss) } : undefined;
    } catch (error) {
      if (isExpected(error)) return undefined;
      throw error;
    }
  }

  /** The same, where it has to be there. @throws FormatError */
  async finished(round: Round, share: number): Promise<ShareResult> {
    for (const late = performance.now() + this.#lateMs; ; await wait(LOOK_MS)) {
      const result = await this.result(round, share);
      if (result) return result;
      if (performance.now() > late) throw this.#missing(round, share);
    }
  }

  /** Writes what a share has come to: the same bytes, whoever has trained it on such a device. */
  async write(round: Round, share: number, { state, loss }: ShareResult): Promise<void> {
    const metadata = { ...this.#metadata, round: keyOf(round, share), share_loss: String(loss) };
    await writeWhole(this.#path(round.from, share), encodeCheckpoint(state, metadata));
  }

  #missing(round: Round, share: number): KoalarizeError {
    return new FormatError({
      where: this.#path(round.from, share),
      expected: 'what a share of the round has come to',
      got: 'none',
      hint: 'do all machines have the same folder? Then go on with --resume',
    });
  }

  #path(from?: number, share?: number): string {
    const step = from === undefined ? [] : [stepName(from)];
    return join(this.#folder.path, 'rounds', ...step, ...(share === undefined ? [] : [`share-${share}.safetensors`]));
  }
}

function keyOf({ from, to, start }: Round, share: number): string {
  return `${start} ${from}-${to} ${share}`;
}

/** Puts checkpoints of steps after `step` aside, which cannot be used: the newest one is where a run stands. */
export async function setAsideAfter(folder: RunFolder, step: number): Promise<void> {
  for (const path of await folder.checkpoints()) {
    if (stepOf(basename(path)) > step) await rename(path, path.replace(/\.safetensors$/, '.damaged'));
  }
}
