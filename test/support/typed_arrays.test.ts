/** What counts as equal among typed arrays: that is told by a setup file, for all tests. */
import { expect, test } from 'vitest';

test('arrays of the same numbers are equal, NaN to itself, inside of others too', () => {
  const values = [1.5, -0, Number.NaN, Number.POSITIVE_INFINITY];
  expect(Float32Array.from(values)).toEqual(Float32Array.from(values));
  expect({ pair: [Float32Array.from(values), 1] }).toEqual({ pair: [Float32Array.from(values), 1] });
  expect(BigInt64Array.of(-3n)).toEqual(BigInt64Array.of(-3n));
});

test('one other number, sign of zero, element or kind makes another array', () => {
  const one = Float32Array.of(1, 0, 3);
  for (const other of [
    Float32Array.of(1, 0, 4),
    Float32Array.of(1, -0, 3),
    Float32Array.of(1, Number.NaN, 3),
    Float32Array.of(1, 0),
    Float32Array.of(1, 0, 3, 0),
    Float64Array.of(1, 0, 3),
    Uint8Array.of(1, 0, 3),
  ]) {
    expect(one).not.toEqual(other);
    expect({ of: [one] }).not.toEqual({ of: [other] });
  }
});
