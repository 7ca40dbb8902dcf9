/** binary: every function against JavaScript's, every way to repeat b, and where floats are special. */
import { describe, expect, test } from 'vitest';
import { type Binary, emitBinary } from '../../../src/kernels/elementwise/binary.ts';
import { broadcastIndex, moved } from '../../reference/arrays.ts';
import { expectClose } from '../../reference/close.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

type Numbers = Float32Array<ArrayBuffer>;

const functions: readonly [Binary, (a: number, b: number) => number, number][] = [
  ['add', (a, b) => Math.fround(a + b), 0],
  ['sub', (a, b) => Math.fround(a - b), 0],
  ['mul', (a, b) => Math.fround(a * b), 0],
  // WGSL allows 2.5 units in the last place.
  ['div', (a, b) => a / b, 3e-7],
  ['min', Math.min, 0],
  ['max', Math.max, 0],
  ['less', (a, b) => Number(a < b), 0],
  ['less_equal', (a, b) => Number(a <= b), 0],
  // exp2(b log2 a), where log2 has an absolute error of 2^-21.
  ['pow', (a, b) => a ** b, 1e-6],
];

async function combine(f: Binary, a: Numbers, aShape: number[], b: Numbers, bShape: number[], extents: number[]) {
  const count = extents.reduce((size, extent) => size * extent, 1);
  const y = poisoned(count);
  const buffers = { a: upload(a), b: upload(b), y };
  await run((emit) => emitBinary(emit, buffers, { f, a: aShape, b: bShape, extents }));
  const got = await gpu.readFloats(y);
  expect(got.slice(count).every(Number.isNaN), 'what lies behind stays').toBe(true);
  return got.slice(0, count);
}

describe.each(functions)('%s', (f, want, relative) => {
  test.each([
    ['of equal shapes', [1], [1]],
    ['of equal shapes', [1023], [1023]],
    ['of equal shapes', [1025], [1025]],
    ['with a number', [1009], [1]],
    ['of a number', [1], [1009]],
    ['with whole vec4s', [67, 12], [12]],
    ['with 13 channels', [67, 13], [13]],
    ['of 13 channels', [13], [67, 13]],
    ['of whole vec4s', [12], [67, 12]],
    ['with a vector, rows of whole vec4s', [3, 5, 8], [5, 1]],
    ['with a vector, rows of vec2s', [3, 5, 6], [5, 1]],
    ['with a vector, other rows', [3, 5, 7], [5, 1]],
    ['with an array whose middle repeats', [3, 5, 7], [3, 1, 7]],
    ['of an array whose middle repeats', [3, 1, 7], [3, 5, 7]],
    ['of a column and a row', [9, 1], [7]],
    ['of two arrays whose middles repeat', [3, 1, 5, 1], [4, 1, 7]],
  ])('%s: %j and %j', async (_, aShape, bShape) => {
    const rank = Math.max(aShape.length, bShape.length);
    const extent = (shape: number[], axis: number) => shape[shape.length - rank + axis] ?? 1;
    const extents = Array.from({ length: rank }, (_, k) => Math.max(extent(aShape, k), extent(bShape, k)));
    const size = (shape: number[]) => shape.reduce((product, n) => product * n, 1);
    const a = random(size(aShape), 1).map((v) => (f === 'pow' ? Math.abs(v) + 0.5 : v));
    const b = random(size(bShape), 2);
    const left = moved(a, aShape, extents, (index) => broadcastIndex(aShape, index));
    const right = moved(b, bShape, extents, (index) => broadcastIndex(bShape, index));
    const got = await combine(f, a, aShape, b, bShape, extents);
    expectClose(
      got,
      left.map((v, i) => want(v, right[i]!)),
      { relative },
    );
  });
});

test('pow of negative numbers, of zero, and by whole numbers', async () => {
  const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
  const pairs: [a: number, b: number, want: number, relative?: number][] = [
    [-2, 3, -8],
    [-2, 2, 4],
    [-2, -2, 0.25],
    [-2, -3, -0.125],
    [-3, 0, 1],
    [0, 0, 1],
    [0, 2, 0],
    [0, 0.5, 0],
    [0, -1, inf],
    [0, -0.5, inf],
    [-8, 1 / 3, nan],
    [-1, 1e9, 1],
    [-1, 2049, -1],
    [3, 4, 81],
    [1.5, 2, 2.25],
    [10, -37, 1e-37, 1e-5],
    [10, 38, 1e38, 1e-5],
    // 0.1 ** 38 is subnormal, and 0 on some devices.
    [0.1, -38, 1e38, 1e-4],
    [1.001, 1024, Math.fround(1.001) ** 1024, 1e-4],
    [-1.001, 1025, -(Math.fround(1.001) ** 1025), 1e-3],
    [2, 0.5, Math.SQRT2, 1e-6],
    [nan, 2, nan],
  ];
  const column = (k: 0 | 1) => Float32Array.from(pairs, (pair) => pair[k]);
  const n = [pairs.length];
  const got = await combine('pow', column(0), n, column(1), n, n);
  pairs.forEach(([a, b, want, relative = 0], i) => {
    if (relative > 0) expectClose([got[i]!], [want], { relative });
    else expect(got[i], `${a} ** ${b}`).toBe(want);
  });
});

test.each(['min', 'max'] as const)('%s keeps NaN of both sides', async (f) => {
  const a = Float32Array.of(Number.NaN, 1, Number.NaN, 2, 5);
  const b = Float32Array.of(1, Number.NaN, Number.NaN, 3, 4);
  const got = await combine(f, a, [5], b, [5], [5]);
  expect(Array.from(got)).toEqual([Number.NaN, Number.NaN, Number.NaN, Math[f](2, 3), Math[f](5, 4)]);
});

test('comparisons of equal numbers, and of NaN with anything', async () => {
  const a = Float32Array.of(1, 2, -0, Number.NaN, Number.NaN, 3, Number.POSITIVE_INFINITY);
  const b = Float32Array.of(1, 1, 0, Number.NaN, 0, Number.NaN, Number.POSITIVE_INFINITY);
  const of = async (f: Binary) => Array.from(await combine(f, a, [7], b, [7], [7]));
  expect(await of('equal')).toEqual([1, 0, 1, 0, 0, 0, 1]);
  expect(await of('less')).toEqual([0, 0, 0, 0, 0, 0, 0]);
  expect(await of('less_equal')).toEqual([1, 0, 1, 0, 0, 0, 1]);
});
