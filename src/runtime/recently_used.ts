/** A cache of what takes memory and time to make: the few that were used last are kept, the others are closed. */
export class RecentlyUsed<V extends { close(): void }> {
  readonly #kept: number;
  /** The one that was used last at the end. */
  readonly #values = new Map<string, Promise<V>>();
  /** Those that are made by now. */
  readonly #made = new Map<Promise<V>, V>();

  /** Keeps `kept` values. */
  constructor(kept: number) {
    this.#kept = kept;
  }

  /** The value of `key`: made where it is not there. One that could not be made is not kept. */
  get(key: string, make: () => Promise<V>): Promise<V> {
    const value = this.#values.get(key) ?? this.#add(key, make());
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#kept) {
      const [oldest, last] = [...this.#values][0]!;
      this.#forget(oldest, last);
      // Behind those who wait for it.
      last.then(
        (made) => made.close(),
        () => undefined,
      );
    }
    return value;
  }

  /** Hands out the value of `key`, if there is one: it is up to the caller to close it. */
  take(key: string): Promise<V> | undefined {
    const value = this.#values.get(key);
    if (value) this.#forget(key, value);
    return value;
  }

  /** Closes everything: at once what is made, and what is being made as soon as it is. */
  close(): void {
    for (const [key, value] of [...this.#values]) {
      const made = this.#made.get(value);
      this.#forget(key, value);
      if (made) made.close();
      else
        value.then(
          (late) => late.close(),
          () => undefined,
        );
    }
  }

  #add(key: string, value: Promise<V>): Promise<V> {
    value.then(
      (made) => {
        if (this.#values.get(key) === value) this.#made.set(value, made);
      },
      () => this.#forget(key, value),
    );
    return value;
  }

  #forget(key: string, value: Promise<V>): void {
    if (this.#values.get(key) === value) this.#values.delete(key);
    this.#made.delete(value);
  }
}
