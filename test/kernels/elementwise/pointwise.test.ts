/** relu, relu_grad, tanh, tanh_grad, add, accumulate, fill: four elements a thread, any count. */
import { describe, expect, test } from 'vitest';
import type { KernelSpec } from '../../../src/kernels/core/define.ts';
import { accumulate } from '../../../src/kernels/elementwise/accumulate.ts';
import { add } from '../../../src/kernels/elementwise/add.ts';
import { fill } from '../../../src/kernels/elementwise/fill.ts';
import { relu } from '../../../src/kernels/elementwise/relu.ts';
import { reluGrad } from '../../../src/kernels/elementwise/relu_grad.ts';
import { tanh } from '../../../src/kernels/elementwise/tanh.ts';
import { tanhGrad } from '../../../src/kernels/elementwise/tanh_grad.ts';
import { expectClose } from '../../reference/close.ts';
import { centralDifferences, dot } from '../../reference/gradient.ts';
import { isGarbage, withGarbage } from '../../reference/padding.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

interface Case {
  readonly kernel: KernelSpec<string, { count: 'u32' }, Record<never, never>>;
  readonly want: (first: number, second: number) => number;
  /** 0 where float32 has only one right answer. */
  readonly absolute: number;
}

const pointwise: readonly Case[] = [
  { kernel: relu, want: (x) => Math.max(x, 0), absolute: 0 },
  { kernel: reluGrad, want: (y, dy) => (y > 0 ? dy : 0), absolute: 0 },
  // WGSL allows tanh an error of 1e-5; lavapipe has 1.4e-7.
  { kernel: tanh, want: Math.tanh, absolute: 1e-5 },
  // Three roundings of values below 1.
  { kernel: tanhGrad, want: (y, dy) => dy * (1 - y * y), absolute: 3e-7 },
  { kernel: add, want: (a, b) => Math.fround(a + b), absolute: 0 },
];

/** Around a vec4, around a workgroup of threads, around a workgroup of vec4s, and primes. */
const COUNTS = [1, 3, 4, 5, 255, 256, 257, 1009, 1023, 1024, 1025, 5003];

describe.each(pointwise.map((c) => [c.kernel.name, c] as const))('%s', (_, { kernel, want, absolute }) => {
  test.each(COUNTS)('of %i elements', async (count) => {
    const first = random(count, 1);
    const second = random(count, 2);
    const y = poisoned(count);
    const names = Object.keys(kernel.buffers);
    const buffers = Object.fromEntries(names.map((name, i) => [name, upload(i === 0 ? first : second)]));
    await run((emit) => emit.call(kernel, { ...buffers, [names.at(-1)!]: y }, { count }));
    const got = await gpu.readFloats(y);
    expectClose(
      got.slice(0, count),
      Array.from(first, (v, i) => want(v, second[i]!)),
      { absolute },
    );
    expect(got.slice(count).every(Number.isNaN), 'what lies behind stays').toBe(true);
  });
});

test.each(COUNTS)('accumulate %i elements', async (count) => {
  const x = random(count, 2);
  const acc = upload(withGarbage(random(count, 1)));
  await run((emit) => emit.call(accumulate, { x: upload(withGarbage(x)), acc }, { count }));
  const got = await gpu.readFloats(acc);
  expect(got.slice(0, count)).toEqual(random(count, 1).map((v, i) => v + x[i]!));
  expect(isGarbage(got, count), 'what lies behind stays').toBe(true);
});

test.each(COUNTS)('fill %i elements', async (count) => {
  const y = poisoned(count);
  await run((emit) => emit.call(fill, { y }, { count, value: -2.5 }));
  const got = await gpu.readFloats(y);
  expect(got.slice(0, count)).toEqual(new Float32Array(count).fill(-2.5));
  expect(got.slice(count).every(Number.isNaN), 'what lies behind stays').toBe(true);
});

test('a range of a slab is read and written in its place alone', async () => {
  const slab = poisoned(256);
  gpu.write(slab, random(5), 256);
  const y = poisoned(256);
  const range = { offset: 256, size: 32 };
  await run((emit) => emit.call(relu, { x: { buffer: slab, ...range }, y: { buffer: y, ...range } }, { count: 5 }));
  const got = await gpu.readFloats(y);
  expect(got.slice(64, 69)).toEqual(random(5).map((v) => Math.max(v, 0)));
  expect(got.filter((v) => !Number.isNaN(v)).length).toBe(5);
});

test('tanh of large values is 1, not NaN', async () => {
  const x = Float32Array.of(9, -9, 44, 89, -89, 1e4, -1e30, 3e38);
  const y = poisoned(x.length);
  await run((emit) => emit.call(tanh, { x: upload(x), y }, { count: x.length }));
  expectClose(await gpu.readFloats(y), Array.from(x, Math.tanh), { absolute: 1e-5 });
});

test('tanh_grad is the derivative of tanh, relu_grad that of relu', async () => {
  const count = 37;
  // Kept from relu's kink, where differences would straddle it.
  const x = random(count).map((v) => v + Math.sign(v) * 0.01);
  const dy = random(count, 2);
  const [t, dt, r, dr] = [poisoned(count), poisoned(count), poisoned(count), poisoned(count)];
  await run((emit) => {
    emit.call(tanh, { x: upload(x), y: t }, { count });
    emit.call(tanhGrad, { y: t, dy: upload(dy), dx: dt }, { count });
    emit.call(relu, { x: upload(x), y: r }, { count });
    emit.call(reluGrad, { y: r, dy: upload(dy), dx: dr }, { count });
  });
  // tanh itself may be off by 1e-5, and its derivative by twice that.
  const wantTanh = centralDifferences((at) => dot(at.map(Math.tanh), dy), x);
  expectClose(await gpu.readFloats(dt, count), wantTanh, { absolute: 2e-5 });
  const wantRelu = centralDifferences(
    (at) =>
      dot(
        at.map((v) => Math.max(v, 0)),
        dy,
      ),
    x,
  );
  expectClose(await gpu.readFloats(dr, count), wantRelu, { absolute: 1e-8 });
});

test.each([relu, tanh])('$name keeps NaN, of either sign', async (kernel) => {
  const x = Float32Array.of(Number.NaN, -1, 0.5, 0, 0);
  new Uint32Array(x.buffer)[3] = 0xffc00000;
  const y = poisoned(x.length);
  await run((emit) => emit.call(kernel, { x: upload(x), y }, { count: x.length }));
  expect(Array.from((await gpu.readFloats(y)).slice(0, 5), Number.isNaN)).toEqual([true, false, false, true, false]);
});
