/** Bounded queue (first come, first served) of work that shares a device. */
import { Refusal } from './refusal.ts';

/** Seconds that `Retry-After` says at most. */
const LATEST = 120;
/** Weight of the newest work in the mean of how long work takes. */
const NEWEST = 0.2;

export class Queue {
  readonly #most: number;
  readonly #atOnce: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;
  /** Seconds that work takes, as a moving mean. */
  #seconds = 1;

  /** @param most how many may wait. @param atOnce how many are worked on at a time */
  constructor(most: number, atOnce: number) {
    this.#most = most;
    this.#atOnce = atOnce;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get running(): number {
    return this.#running;
  }

  /** @throws Refusal (503) when there is no room */
  expectRoom(): void {
    if (this.#running < this.#atOnce || this.#waiting.size < this.#most) return;
    const seconds = Math.ceil(((this.#waiting.size + 1) * this.#seconds) / this.#atOnce);
    const retry = Math.min(Math.max(seconds, 1), LATEST);
    throw new Refusal(
      503,
      {
        where: 'queue',
        expected: `at most ${this.#most} waiting pictures`,
        got: 'one more',
        hint: `try again in ${retry} s`,
      },
      { 'retry-after': String(retry) },
    );
  }

  /**
   * Waits for its turn, and works.
   *
   * @param gone when it is aborted before the turn comes, nothing is done
   * @throws Refusal (503) when there is no room; the signal's reason; what `work` throws
   */
  async run<T>(work: () => Promise<T>, gone: AbortSignal): Promise<T> {
    gone.throwIfAborted();
    this.expectRoom();
    if (this.#running < this.#atOnce) this.#running++;
    else await this.#turn(gone);
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.#seconds += NEWEST * ((performance.now() - start) / 1000 - this.#seconds);
      // The next one takes the place of this one.
      const [next] = this.#waiting;
      if (next) next();
      else this.#running--;
    }
  }

  #turn(gone: AbortSignal): Promise<void> {
    return new Promise((begin, leave) => {
      const start = () => {
        this.#waiting.delete(start);
        gone.removeEventListener('abort', stop);
        begin();
      };
      const stop = () => {
        this.#waiting.delete(start);
        leave(gone.reason);
      };
      this.#waiting.add(start);
      gone.addEventListener('abort', stop, { once: true });
    });
  }
}
