/**
 * The tuner: measures the algorithms for a convolution on the actual device, and remembers the fastest.
 *
 * The cost heuristic says what is worth a trial; the direct algorithm says what is right. Convolutions inside a candidate
 * are measured before it, so that each candidate is measured at its best. Results are remembered by device, driver, version and kernels. They are fixed as soon as they are known: for this process, and in the store.
 */
import type { Gpu } from '../../runtime/gpu.ts';
import { defaultTuningStore } from '../../runtime/tuning_store/default.ts';
import type { TuningStore } from '../../runtime/tuning_store/index.ts';
import { VERSION } from '../../runtime/version.ts';
import { onceFor } from '../../util/once_for.ts';
import type { Algorithm, Algorithms } from '../conv/algorithm.ts';
import { candidates } from '../conv/candidates.ts';
import { rank } from '../conv/choice.ts';
import { type AnyDirection, type ConvTask, keyOf } from '../conv/task.ts';
import type { DeviceTraits } from '../core/emit.ts';
import { traitsOf } from '../core/record.ts';
import { allKernels } from '../index.ts';
import { innerTasks } from './inner_tasks.ts';
import { DIRECT, validate } from './trial.ts';
import { decodeWinners, encodeWinners, fingerprint, type Winners } from './winners.ts';

/** Algorithms that should cost this many times the best are not tried. On a CPU, compiling them takes too long. */
const WORTH_TRYING = { hardware: 8, software: 4 };
/** Of algorithms within this factor of the best time, the heuristic's favorite wins: they are equal, but for noise. */
const SAME_TIME = 1.03;
/** What says what is right: the first of these that there is. */
const REFERENCES = [DIRECT, 'enlarged'];

/** What is known in this process, by store and device. */
const tablesOf = onceFor((_: TuningStore) => new Map<string, Promise<Map<string, string>>>());

export class Tuner {
  readonly #gpu: Gpu;
  readonly #candidates: Algorithms<AnyDirection>;
  readonly #fingerprint: string;
  readonly #warned = new Set<string>();
  #last: Promise<unknown> = Promise.resolve();

  /** @param from the candidates, all that there are unless a test says otherwise */
  constructor(gpu: Gpu, from: Algorithms<AnyDirection> = candidates) {
    this.#gpu = gpu;
    this.#candidates = from;
    this.#fingerprint = fingerprintOf(from);
  }

  /** The one tuner of an open device. */
  static readonly of = onceFor((gpu: Gpu) => new Tuner(gpu));

  /**
   * Finds the fastest algorithm for each task. Calls may overlap; they run one after the other. Other work on the device
   * would disturb them.
   *
   * @returns the algorithms' names, those of convolutions inside other ones too; what could not be measured has none.
   * @throws DeviceError when the device is lost.
   */
  tune(tasks: readonly ConvTask[]): Promise<Map<string, string>> {
    const turn = this.#last.then(() => this.#tune(this.#withInner(tasks)));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #tune(tasks: ReadonlyMap<string, ConvTask>): Promise<Map<string, string>> {
    const { store = await defaultTuningStore(), progress } = this.#gpu.tune ?? {};
    const place = placeOf(store, this.#gpu, this.#fingerprint);
    const table = await tableOf(place);
    const unknown = [...tasks].filter(([key, task]) => !this.#isAlgorithm(table.get(key), task));
    for (const [i, [key, task]] of unknown.entries()) {
      progress?.(i, unknown.length, key);
      const winner = await this.#measure(key, task, table);
      // Another device of this process may have been first meanwhile.
      if (winner === undefined || this.#isAlgorithm(table.get(key), task)) continue;
      table.set(key, winner);
      await this.#remember(place, table, key, task);
    }
    if (unknown.length > 0) progress?.(unknown.length, unknown.length, '');
    return new Map([...tasks.keys()].flatMap((key) => (table.has(key) ? [[key, table.get(key)!]] : [])));
  }

  /** Tasks by their keys, each behind the tasks inside its candidates. */
  #withInner(tasks: readonly ConvTask[]): Map<string, ConvTask> {
    const all = new Map<string, ConvTask>();
    for (const task of tasks) {
      const traits = traitsOf(this.#gpu);
      const inner = innerTasks(traits, task, this.#worthTrying(traits, task));
      for (const each of [...inner, task]) all.set(keyOf(each), each);
    }
    return all;
  }

  async #measure<D extends AnyDirection>(key: string, task: ConvTask<D>, known: Winners): Promise<string | undefined> {
    const traits: DeviceTraits = { ...traitsOf(this.#gpu), tuned: (inner) => known.get(keyOf(inner)) };
    const fitting = this.#fitting(task);
    const candidates = this.#worthTrying(traits, task);
    const reference = REFERENCES.flatMap((name) => fitting.find((each) => each.name === name) ?? [])[0] ?? fitting[0]!;
    if (candidates.length === 1 && candidates[0] === reference) return reference.name;
    try {
      const { times, failures } = await validate(this.#gpu, traits, task, candidates, reference);
      for (const [name, reason] of failures) this.#warn(name, `${name} is left out, for ${key} as one: ${reason}`);
      // Where all are wrong, so is the heuristic's favorite.
      return fastest(candidates, times) ?? reference.name;
    } catch (cause) {
      this.#gpu.check();
      this.#warn(key, `${key} could not be measured: ${(cause as Error).message}`);
      return undefined;
    }
  }

  /** Adds to what other processes have stored meanwhile; what they found first stays. */
  async #remember({ store, key, identity }: Place, table: Winners, of: string, task: ConvTask): Promise<void> {
    try {
      const stored = decodeWinners(identity, await store.load(key));
      if (!this.#isAlgorithm(stored.get(of), task)) stored.delete(of);
      await store.save(key, encodeWinners(identity, new Map([...table, ...stored])));
    } catch (cause) {
      this.#warn('store', `results are not remembered: ${(cause as Error).message}`);
    }
  }

  #isAlgorithm(name: string | undefined, task: ConvTask): boolean {
    return this.#fitting(task).some((each) => each.name === name);
  }

  #fitting<D extends AnyDirection>(task: ConvTask<D>): Algorithm<D>[] {
    return rank(traitsOf(this.#gpu), task, this.#candidates[task.direction]);
  }

  #worthTrying<D extends AnyDirection>(traits: DeviceTraits, task: ConvTask<D>): Algorithm<D>[] {
    const fitting = this.#fitting(task);
    const most = fitting[0]!.cost(traits, task) * WORTH_TRYING[traits.software ? 'software' : 'hardware'];
    return fitting.filter((each) => each.cost(traits, task) <= most);
  }

  #warn(about: string, message: string): void {
    if (this.#warned.has(about)) return;
    this.#warned.add(about);
    (this.#gpu.tune?.warn ?? console.warn)(`tuning: ${message}`);
  }
}

function fastest(
  candidates: readonly Algorithm<AnyDirection>[],
  times: ReadonlyMap<string, number>,
): string | undefined {
  const best = Math.min(...times.values());
  return candidates.find(({ name }) => times.has(name) && times.get(name)! <= SAME_TIME * best)?.name;
}

/** Where a device's table is kept. */
interface Place {
  readonly store: TuningStore;
  readonly key: string;
  /** Everything that measurements depend on, besides the task. */
  readonly identity: string;
}

function placeOf(store: TuningStore, gpu: Gpu, kernels: string): Place {
  const { name: device, source, implementation } = gpu;
  const identity = JSON.stringify({ device, source, implementation, traits: traitsOf(gpu), version: VERSION, kernels });
  const readable = device.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return { store, identity, key: `${readable.slice(0, 40)}-${fingerprint(identity)}` };
}

/** Other algorithms, or other shaders, have another one. */
function fingerprintOf(from: Algorithms<AnyDirection>): string {
  const names = Object.entries(from).map(([direction, all]) => [direction, ...all.map(({ name }) => name)]);
  const shaders = allKernels.map(({ name, source, variants, constants }) => [name, source, variants, constants]);
  return fingerprint(JSON.stringify([names, shaders]));
}

/** The table of a device: loaded once in a process, so that what is known there never changes. */
function tableOf({ store, key, identity }: Place): Promise<Map<string, string>> {
  const known = tablesOf(store);
  const load = () =>
    store.load(key).then(
      (json) => decodeWinners(identity, json),
      () => new Map<string, string>(),
    );
  const table = known.get(identity) ?? load();
  known.set(identity, table);
  return table;
}
