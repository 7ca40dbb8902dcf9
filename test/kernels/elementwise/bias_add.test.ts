import { describe, expect, test } from 'vitest';
import type { Activation } from '../../../src/kernels/core/activation.ts';
import { biasAdd } from '../../../src/kernels/elementwise/bias_add.ts';
import { expectClose } from '../../reference/close.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

const apply: Record<Activation, (x: number) => number> = {
  none: (x) => x,
  relu: (x) => Math.max(x, 0),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  hard_swish: (x) => x * Math.min(Math.max(x / 6 + 0.5, 0), 1),
  tanh: Math.tanh,
};

describe.each(['none', 'relu', 'relu6', 'hard_swish', 'tanh'] as const)('bias_add, %s', (activation) => {
  test.each([
    [1, 1, 1],
    [1, 5, 1],
    [1, 3, 3],
    [1, 127, 2],
    [1, 17, 64],
    [1, 11, 257],
    [3, 1, 1],
    [3, 7, 1],
    [2, 3, 3],
    [5, 25, 2],
    [3, 9, 64],
    [2, 5, 1001],
  ])('outer %i, rows %i, channels %i', async (outer, rows, channels) => {
    const count = outer * rows * channels;
    const x = random(count, 1);
    const b = random(outer * channels, 2);
    const y = poisoned(count);
    await run((emit) =>
      emit.call(biasAdd, { x: upload(x), b: upload(b), y }, { outer, rows, channels }, { activation }),
    );
    const got = await gpu.readFloats(y);
    const want = Array.from(x, (v, i) => {
      const image = Math.floor(i / (rows * channels));
      return apply[activation](Math.fround(v + b[image * channels + (i % channels)]!));
    });
    // One rounding, that of the sum; four more of at most 2 in hard-swish; WGSL allows tanh an error of 1e-5.
    const absolute = { hard_swish: 8 * 2 ** -23, tanh: 1e-5 };
    expectClose(got.slice(0, count), want, { absolute: activation in absolute ? absolute[activation as 'tanh'] : 0 });
    expect(got.slice(count).every(Number.isNaN), 'what lies behind stays').toBe(true);
  });
});

test('bias_add with tanh of large values is 1, not NaN', async () => {
  const y = poisoned(4);
  const x = upload(Float32Array.of(500, -500, 1e30, -1e30));
  const params = { outer: 1, rows: 1, channels: 4 };
  await run((emit) => emit.call(biasAdd, { x, b: upload(random(4)), y }, params, { activation: 'tanh' }));
  expectClose(await gpu.readFloats(y), [1, -1, 1, -1], { absolute: 1e-5 });
});
