import { expect, test } from 'vitest';
import { type AdamSettings, adam, adamParams } from '../../../src/kernels/optimizer/adam.ts';
import { expectClose } from '../../reference/close.ts';
import { isGarbage, withGarbage } from '../../reference/padding.ts';
import { gpu, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

/** PyTorch's torch.optim.Adam, one step in float64, in place. */
function reference(
  [p, m, v]: readonly [Float64Array, Float64Array, Float64Array],
  g: ArrayLike<number>,
  { step, learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, gradScale = 1 }: AdamSettings,
): void {
  for (let i = 0; i < p.length; i++) {
    const gradient = gradScale * g[i]!;
    m[i] = beta1 * m[i]! + (1 - beta1) * gradient;
    v[i] = beta2 * v[i]! + (1 - beta2) * gradient ** 2;
    const denominator = Math.sqrt(v[i]!) / Math.sqrt(1 - beta2 ** step) + epsilon;
    p[i] = p[i]! - (learningRate / (1 - beta1 ** step)) * (m[i]! / denominator);
  }
}

/** Of gradients: from 1 down to 1e-6, where epsilon begins to matter. */
const scale = (i: number) => 10 ** -(i % 7);

test.each([1, 3, 4, 5, 255, 256, 257, 1009, 1024, 1025])('ten steps over %i parameters', async (count) => {
  const start = random(count, 9);
  const p = upload(withGarbage(start));
  const [m, v] = [upload(withGarbage(new Float32Array(count))), upload(withGarbage(new Float32Array(count)))];
  const want = [Float64Array.from(start), new Float64Array(count), new Float64Array(count)] as const;
  for (let step = 1; step <= 10; step++) {
    const g = random(count, step).map((value, i) => value * scale(i));
    const settings = { count, step, learningRate: 0.01, gradScale: 0.25 };
    const gradient = upload(withGarbage(g));
    const buffers = { g: gradient, p, m, v, squares: gradient };
    await run((emit) => emit.call(adam, buffers, adamParams(settings), { clipping: 'none' }));
    reference(want, g, settings);
  }
  const [gotP, gotM, gotV] = [await gpu.readFloats(p), await gpu.readFloats(m), await gpu.readFloats(v)];
  // Ten roundings of a parameter below 1.1, and of updates of 0.01 with some 1e-6 of error each.
  expectClose(gotP.slice(0, count), want[0], { absolute: 7e-7 });
  // m stays below 0.2 of its gradients' scale, and is rounded twice a step; v is a sum of positive terms.
  const relativeToScale = (m: ArrayLike<number>) => Array.from(m, (value, i) => value / scale(i));
  expectClose(relativeToScale(gotM.slice(0, count)), relativeToScale(want[1]), { absolute: 4e-8 });
  expectClose(gotV.slice(0, count), want[2], { relative: 2e-6 });
  for (const got of [gotP, gotM, gotV]) {
    expect(isGarbage(got, count), 'what lies behind stays').toBe(true);
  }
});

test('the first step is one learning rate against the sign of the gradient', async () => {
  const p = upload(Float32Array.of(1, 1, 1, 1));
  const g = upload(Float32Array.of(3, -3, 1e-3, 0));
  const [m, v] = [upload(new Float32Array(4)), upload(new Float32Array(4))];
  const buffers = { g, p, m, v, squares: g };
  const params = adamParams({ count: 4, step: 1, learningRate: 0.125 });
  await run((emit) => emit.call(adam, buffers, params, { clipping: 'none' }));
  // epsilon / 1e-3 = 1e-5 of the step.
  expectClose(await gpu.readFloats(p), [0.875, 1.125, 0.875, 1], { absolute: 2e-6 });
});

test.each([
  ['scales gradients down whose norm is too large', 25, 0.2],
  ['leaves smaller ones', 0.75, 1],
  ['leaves none at all', 0, 1],
])('clipping %s', async (_, squared, factor) => {
  const p = upload(new Float32Array(4));
  const g = upload(Float32Array.of(6, -8, 0, 1));
  const squares = upload(Float32Array.of(squared));
  const [m, v] = [upload(new Float32Array(4)), upload(new Float32Array(4))];
  const params = adamParams({ count: 4, step: 1, learningRate: 0.125, gradScale: 0.5, maxNorm: 1 });
  await run((emit) => emit.call(adam, { g, p, m, v, squares }, params, { clipping: 'norm' }));
  const want = [3, -4, 0, 0.5].map((gradient) => 0.1 * factor * gradient);
  expectClose(await gpu.readFloats(m), want, { relative: 1e-6 });
});

test('the parameters of a step are computed in float64', () => {
  expect(adamParams({ count: 7, step: 2, learningRate: 0.001 })).toMatchInlineSnapshot(`
    {
      "beta1": 0.9,
      "beta2": 0.999,
      "count": 7,
      "epsilon": 1e-8,
      "grad_scale": 1,
      "max_norm": 0,
      "one_minus_beta1": 0.09999999999999998,
      "one_minus_beta2": 0.0010000000000000009,
      "root2": 0.04471017781221601,
      "step_size": 0.005263157894736844,
    }
  `);
});
