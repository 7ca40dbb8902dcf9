/** Seeded random numbers that are the same on every platform: a counter hashed by lowbias32. */

/** A stream of random numbers. Its whole state is one 32-bit integer. */
export class Random {
  state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** The next integer in 0 … 2³² − 1. */
  next(): number {
    this.state = (this.state + 0x9e3779b9) >>> 0;
    return hash(this.state);
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.next() / 2 ** 32;
  }

  /** A uniform integer in 0 … n − 1. */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** The integers 0 … n − 1 in random order (Fisher and Yates). */
  permutation(n: number): Uint32Array<ArrayBuffer> {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  }
}

/** One seed from several numbers. */
export function seedOf(...parts: readonly number[]): number {
  return parts.reduce((seed, part) => hash((seed ^ Math.imul(part, 0x9e3779b9)) + 0x85ebca6b), 0);
}

/** Chris Wellons's lowbias32: a bijection of 32-bit integers with low bias. */
function hash(x: number): number {
  let z = x >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return (z ^ (z >>> 15)) >>> 0;
}
