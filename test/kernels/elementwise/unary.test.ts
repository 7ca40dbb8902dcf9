/** unary: every function against JavaScript's, around vec4s and workgroups, and where floats are special. */
import { describe, expect, test } from 'vitest';
import { type Unary, unaries, unary } from '../../../src/kernels/elementwise/unary.ts';
import { expectClose } from '../../reference/close.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

const COUNTS = [1, 3, 4, 5, 255, 1009, 1023, 1024, 1025];
const alpha = 0.3;
const beta = 0.6;

interface Case {
  readonly want: (x: number) => number;
  /** What the values in (-1, 1) are multiplied by. */
  readonly scale: number;
  /** Per element; 0 where float32 has only one right answer. */
  readonly relative: number;
  readonly absolute?: number;
}

/** WGSL's bound for exp is 3 + 2 |x| units in the last place. */
const EXP = 6e-8;
/** erf by its Taylor series in float64, which is good to 1e-11 up to 4; then it is 1 in float32. */
function erf(x: number): number {
  if (Math.abs(x) > 4) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
const cases: Readonly<Record<Unary, Case>> = {
  abs: { want: Math.abs, scale: 100, relative: 0 },
  celu: { want: (x) => (x > 0 ? x : alpha * Math.expm1(x / alpha)), scale: 2, relative: 4e-6 },
  ceil: { want: Math.ceil, scale: 5, relative: 0 },
  clip: { want: (x) => Math.min(Math.max(x, Math.fround(alpha)), Math.fround(beta)), scale: 1, relative: 0 },
  elu: { want: (x) => (x > 0 ? x : alpha * Math.expm1(x)), scale: 2, relative: 2e-6 },
  erf: { want: erf, scale: 6, relative: 0, absolute: 1e-6 },
  exp: { want: Math.exp, scale: 80, relative: (3 + 2 * 80) * 2 * EXP },
  floor: { want: Math.floor, scale: 5, relative: 0 },
  gelu: { want: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)), scale: 8, relative: 4e-7, absolute: 4e-6 },
  gelu_tanh: {
    want: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
    scale: 4,
    relative: (8 + 2 * 20) * 2 * EXP,
    absolute: 1e-7,
  },
  hard_sigmoid: { want: (x) => Math.min(Math.max(alpha * x + beta, 0), 1), scale: 4, relative: 0, absolute: 2e-7 },
  hard_swish: { want: (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1), scale: 6, relative: 0, absolute: 1e-6 },
  leaky_relu: { want: (x) => (x > 0 ? x : Math.fround(Math.fround(alpha) * x)), scale: 3, relative: 0 },
  // WGSL's bound is 2^-21 between 0.5 and 2.
  log: { want: (x) => Math.log(x), scale: 40, relative: 4e-7, absolute: 2 ** -21 },
  mish: { want: (x) => x * Math.tanh(Math.log1p(Math.exp(x))), scale: 30, relative: (8 + 2 * 30) * 2 * EXP },
  neg: { want: (x) => -x, scale: 100, relative: 0 },
  reciprocal: { want: (x) => 1 / x, scale: 100, relative: 2.5 * 2 * EXP },
  // No ties among random numbers: those are below.
  round: { want: Math.round, scale: 9, relative: 0 },
  selu: { want: (x) => beta * (x > 0 ? x : alpha * Math.expm1(x)), scale: 2, relative: 2e-6 },
  sigmoid: { want: (x) => 1 / (1 + Math.exp(-x)), scale: 20, relative: (8 + 2 * 20) * 2 * EXP },
  sign: { want: Math.sign, scale: 3, relative: 0 },
  softplus: {
    want: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    scale: 40,
    relative: (8 + 2 * 40) * 2 * EXP,
  },
  softsign: { want: (x) => x / (1 + Math.abs(x)), scale: 30, relative: 3 * 2 * EXP },
  sqrt: { want: (x) => Math.sqrt(x), scale: 100, relative: 4e-7 },
  thresholded_relu: { want: (x) => (x > Math.fround(alpha) ? x : 0), scale: 2, relative: 0 },
  trunc: { want: Math.trunc, scale: 5, relative: 0 },
};

async function apply(f: Unary, x: Float32Array<ArrayBuffer>, bounds = { alpha, beta }): Promise<Float32Array> {
  const y = poisoned(x.length);
  await run((emit) => emit.call(unary, { x: upload(x), y }, { count: x.length, ...bounds }, { f }));
  const got = await gpu.readFloats(y);
  expect(got.slice(x.length).every(Number.isNaN), 'what lies behind stays').toBe(true);
  return got.slice(0, x.length);
}

describe.each(Object.keys(unaries) as Unary[])('%s', (f) => {
  const { want, scale, relative, absolute = 0 } = cases[f];
  test.each(COUNTS)('of %i elements', async (count) => {
    const x = random(count).map((v) => v * scale);
    const positive = f === 'log' || f === 'sqrt' ? x.map(Math.abs) : x;
    expectClose(await apply(f, positive), Array.from(positive, want), { relative, absolute });
  });

  test('keeps NaN, and leaves its neighbors alone', async () => {
    const got = await apply(f, Float32Array.of(0.5, Number.NaN, 2, 0.25, Number.NaN));
    expect(Array.from(got, Number.isNaN)).toEqual([false, true, false, false, true]);
  });
});

test('values past the range of the formula', async () => {
  const { POSITIVE_INFINITY: inf, NaN: nan } = Number;
  const none = { alpha: -inf, beta: inf };
  expect(Array.from(await apply('sigmoid', Float32Array.of(-1e4, -100, 0, 100, 1e4)))).toEqual(
    [0, 0, 0.5, 1, 1].map((v, i) => (i === 1 ? expect.closeTo(0, 30) : v)),
  );
  expect(Array.from(await apply('log', Float32Array.of(0, -1, 1)))).toEqual([-inf, nan, 0]);
  expect(Array.from(await apply('sqrt', Float32Array.of(0, -1, 1)))).toEqual([0, nan, 1]);
  expect(Array.from(await apply('clip', Float32Array.of(inf, -inf, 3e38), none))).toEqual([
    inf,
    -inf,
    Math.fround(3e38),
  ]);
  expect(Array.from(await apply('clip', Float32Array.of(0, 1, 2, 3), { alpha: 2, beta: 1 }))).toEqual([1, 1, 1, 1]);
});

test('elu keeps its digits close to zero', async () => {
  const x = Float32Array.of(-1e-8, -1e-6, -1e-4, -1e-2, -0.2499, -0.2501);
  expectClose(await apply('elu', x, { alpha: 1, beta: 0 }), Array.from(x, Math.expm1), { relative: 1e-6 });
});

test('erf, gelu and softplus far from 0, round at ties', async () => {
  const { POSITIVE_INFINITY: inf } = Number;
  const far = Float32Array.of(-inf, -30, -4, 4, 30, inf);
  expect(Array.from(await apply('erf', far))).toEqual([-1, -1, -1, 1, 1, 1]);
  expect(Array.from(await apply('gelu', Float32Array.of(-30, 30, 1e30)))).toEqual([-0, 30, Math.fround(1e30)]);
  const low = Float32Array.of(-80, -20, -10);
  expectClose(await apply('softplus', low), Array.from(low, Math.exp), { relative: 4e-5 });
  expect(Array.from(await apply('softplus', Float32Array.of(-inf, 100, inf)))).toEqual([0, 100, inf]);
  const ties = Float32Array.of(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5);
  expect(Array.from(await apply('round', ties), (v) => v + 0)).toEqual([-2, -2, 0, 0, 2, 2]);
});
