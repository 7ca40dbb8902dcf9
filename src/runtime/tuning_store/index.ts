/** Store of the results of tuning, and who is told of it. What is tuned, only the kernels know. */

/** Keeps texts by a short key. Losing one costs time and nothing else. */
export interface TuningStore {
  load(key: string): Promise<string | undefined>;
  save(key: string, value: string): Promise<void>;
}

/** How the tuner keeps and tells what it measures. */
export interface TuneOptions {
  /** Default: a file in the user's cache folder (Node), or IndexedDB (browser). */
  readonly store?: TuningStore;
  /** Called before each measurement, and at the end with `done` = `total`. */
  readonly progress?: (done: number, total: number, what: string) => void;
  /** Told once of each algorithm that failed; default `console.warn`. */
  readonly warn?: (message: string) => void;
}

/** Forgets everything when the process ends. */
export function memoryStore(): TuningStore {
  const values = new Map<string, string>();
  return {
    load: async (key) => values.get(key),
    save: async (key, value) => {
      values.set(key, value);
    },
  };
}
