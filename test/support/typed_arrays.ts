/** Equality of typed arrays in `toEqual`, as vitest has it by itself, but not at some microseconds for each element. */
import { expect } from 'vitest';

type Numbers = ArrayLike<number | bigint>;

function isTyped(value: unknown): value is Numbers {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

expect.addEqualityTesters([
  function sameNumbers(one: unknown, other: unknown): boolean | undefined {
    if (!isTyped(one) || !isTyped(other) || one.constructor !== other.constructor) return undefined;
    if (one.length !== other.length) return false;
    for (let i = 0; i < one.length; i++) if (!Object.is(one[i], other[i])) return false;
    return true;
  },
]);
