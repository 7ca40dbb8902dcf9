/** Cross-entropy over classes of color, its gradient, and the annealed mean, against float64. */
import { describe, expect, test } from 'vitest';
import { annealedMean } from '../../../src/kernels/loss/annealed_mean.ts';
import { BINS_PER_UNIT } from '../../../src/kernels/loss/chroma_bins.ts';
import { emitCrossEntropy } from '../../../src/kernels/loss/cross_entropy.ts';
import { emitCrossEntropyGrad } from '../../../src/kernels/loss/cross_entropy_grad.ts';
import { expectClose } from '../../reference/close.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

/** The probabilities of one pixel's classes. */
function softmax(logits: ArrayLike<number>, sharpness = 1): number[] {
  const z = Array.from(logits, (v) => sharpness * v);
  const most = Math.max(...z);
  const powers = z.map((v) => Math.exp(v - most));
  const sum = powers.reduce((total, v) => total + v, 0);
  return powers.map((v) => v / sum);
}

/** The four bins around a color, by bilinear interpolation; all others have no share. */
function shares(a: number, b: number, side: number): number[] {
  const place = [a, b].map((v) => Math.min(Math.max(v * BINS_PER_UNIT + (side - 1) / 2, 0), side - 1));
  const [low, high] = place.map((v) => Math.min(Math.floor(v), side - 2)) as [number, number];
  const [u, v] = [place[0]! - low, place[1]! - high];
  const result = new Array<number>(side * side).fill(0);
  result[low * side + high] = (1 - u) * (1 - v);
  result[(low + 1) * side + high] = u * (1 - v);
  result[low * side + high + 1] = (1 - u) * v;
  result[(low + 1) * side + high + 1] = u * v;
  return result;
}

const cases = [
  [1, 3],
  [2, 5],
  [255, 7],
  [70_001, 3], // more workgroups than one dimension has
  [300, 23],
] as const;

describe.each([false, true])('weighted: %s', (weighted) => {
  test.each(cases)('cross-entropy of %i pixels, %i bins a side', async (pixels, side) => {
    const classes = side * side;
    const logits = random(pixels * classes, 1).map((v) => 6 * v);
    // Some of the colors are beyond the table.
    const chroma = random(2 * pixels, 2).map((v) => (v * 0.6 * side) / BINS_PER_UNIT);
    const weight = weighted ? random(pixels, 3).map((v) => (v < -0.5 ? 0 : v + 1)) : undefined;
    const [y, again, dlogits] = [poisoned(1), poisoned(1), poisoned(pixels * classes)];
    const inputs = { logits: upload(logits), chroma: upload(chroma), weight: weight && upload(weight) };
    const params = { pixels, side, scale: 1 / pixels };
    await run((emit) => {
      emitCrossEntropy(emit, { ...inputs, y }, params);
      emitCrossEntropy(emit, { ...inputs, y: again }, params);
      emitCrossEntropyGrad(emit, { ...inputs, dy: upload(Float32Array.of(1.5)), dlogits }, params);
    });
    let loss = 0;
    const gradient = new Float64Array(pixels * classes);
    for (let p = 0; p < pixels; p++) {
      const probabilities = softmax(logits.subarray(p * classes, (p + 1) * classes));
      const factor = (weight ? weight[p]! : 1) / pixels;
      shares(chroma[2 * p]!, chroma[2 * p + 1]!, side).forEach((share, k) => {
        loss -= factor * share * Math.log(probabilities[k]!);
        gradient[p * classes + k] = 1.5 * factor * (probabilities[k]! - share);
      });
    }
    const [got] = await gpu.readFloats(y, 1);
    // exp and log of up to 35 ulp, shares of a place up to `side` that is rounded.
    expectClose([got!], [loss], { relative: 1e-5 });
    expect((await gpu.readFloats(again, 1))[0], 'two runs agree to the bit').toBe(got);
    const grads = (await gpu.readFloats(dlogits, pixels * classes)).map((v) => v * pixels);
    const want = gradient.map((v) => v * pixels);
    expectClose(grads, want, { relative: 1e-5, absolute: 1e-5 });
  });
});

test('large logits do not overflow', async () => {
  const logits = new Float32Array(9).fill(-1e4);
  logits[4] = 1e4;
  const [y, dlogits, mean] = [poisoned(1), poisoned(9), poisoned(2)];
  const inputs = { logits: upload(logits), chroma: upload(Float32Array.of(0, 0)) };
  const params = { pixels: 1, side: 3, scale: 1 };
  await run((emit) => {
    emitCrossEntropy(emit, { ...inputs, y }, params);
    emitCrossEntropyGrad(emit, { ...inputs, dy: upload(Float32Array.of(1)), dlogits }, params);
    const bins = { pixels: 1, side: 3, bins_per_unit: BINS_PER_UNIT, sharpness: 1 };
    emit.call(annealedMean, { logits: inputs.logits, y: mean }, bins);
  });
  expect([...(await gpu.readFloats(y, 1))]).toEqual([0]);
  expect((await gpu.readFloats(dlogits, 9)).every((v) => v === 0)).toBe(true);
  expect([...(await gpu.readFloats(mean, 2))]).toEqual([0, 0]);
});

test.each(cases)('annealed mean of %i pixels, %i bins a side', async (pixels, side) => {
  const classes = side * side;
  const logits = random(pixels * classes, 4).map((v) => 6 * v);
  for (const temperature of [1, 0.38]) {
    const y = poisoned(2 * pixels);
    const params = { pixels, side, bins_per_unit: BINS_PER_UNIT, sharpness: 1 / temperature };
    await run((emit) => emit.call(annealedMean, { logits: upload(logits), y }, params));
    const want = new Float64Array(2 * pixels);
    for (let p = 0; p < pixels; p++) {
      softmax(logits.subarray(p * classes, (p + 1) * classes), 1 / temperature).forEach((probability, k) => {
        want[2 * p]! += (probability * (Math.floor(k / side) - (side - 1) / 2)) / BINS_PER_UNIT;
        want[2 * p + 1]! += (probability * ((k % side) - (side - 1) / 2)) / BINS_PER_UNIT;
      });
    }
    expectClose(await gpu.readFloats(y, 2 * pixels), want, { absolute: 2e-5 });
  }
});

test('towards temperature 0 it is the likeliest class, and equal logits are grey', async () => {
  const logits = Float32Array.from({ length: 50 }, (_, i) => (i < 25 ? (i === 3 ? 1 : 0) : 7));
  const y = poisoned(4);
  const params = { pixels: 2, side: 5, bins_per_unit: BINS_PER_UNIT, sharpness: 100 };
  await run((emit) => emit.call(annealedMean, { logits: upload(logits), y }, params));
  const got = await gpu.readFloats(y, 4);
  expectClose(got.subarray(0, 2), [-2 / BINS_PER_UNIT, 1 / BINS_PER_UNIT], { relative: 1e-6 });
  expect([...got.subarray(2)]).toEqual([0, 0]);
});
