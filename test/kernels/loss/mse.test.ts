import { describe, expect, test } from 'vitest';
import { emitMse } from '../../../src/kernels/loss/mse.ts';
import { emitMseGrad } from '../../../src/kernels/loss/mse_grad.ts';
import { expectClose } from '../../reference/close.ts';
import { centralDifferences } from '../../reference/gradient.ts';
import { withGarbage } from '../../reference/padding.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

function reference(
  pred: ArrayLike<number>,
  truth: ArrayLike<number>,
  weight: ArrayLike<number> | undefined,
  channels: number,
): number {
  let sum = 0;
  for (let i = 0; i < pred.length; i++) {
    sum += (weight ? weight[Math.floor(i / channels)]! : 1) * (pred[i]! - truth[i]!) ** 2;
  }
  return sum / pred.length;
}

const positive = (count: number, seed: number) => random(count, seed).map((v) => (v < -0.5 ? 0 : v + 1));

describe.each([false, true])('weighted: %s', (weighted) => {
  test.each([
    [1, 1],
    [1, 2],
    [1, 3],
    [5, 1],
    [255, 1],
    [128, 2],
    [257, 3],
    [1009, 2],
    [2048, 2],
    [2049, 2],
    [50176, 2],
  ])('%i pixels of %i channels', async (pixels, channels) => {
    const count = pixels * channels;
    const [pred, truth] = [random(count, 1), random(count, 2)];
    const weight = weighted ? positive(pixels, 3) : undefined;
    const [y, again, dpred] = [poisoned(1), poisoned(1), poisoned(count)];
    // The garbage differs between the two, so that it would count.
    const inputs = { pred: upload(withGarbage(pred)), truth: upload(truth), weight: weight && upload(weight) };
    const params = { pixels, channels, scale: 1 / count };
    await run((emit) => {
      emitMse(emit, { ...inputs, y }, params);
      emitMse(emit, { ...inputs, y: again }, params);
      emitMseGrad(emit, { ...inputs, dy: upload(Float32Array.of(1.5)), dpred }, params);
    });
    const [loss] = await gpu.readFloats(y, 1);
    expectClose([loss!], [reference(pred, truth, weight, channels)], { relative: 1e-6 });
    expect((await gpu.readFloats(again, 1))[0], 'two runs agree to the bit').toBe(loss);

    const got = await gpu.readFloats(dpred);
    const want = Array.from(
      pred,
      (v, i) => (1.5 * 2 * (weight ? weight[Math.floor(i / channels)]! : 1) * (v - truth[i]!)) / count,
    );
    // Five roundings.
    expectClose(got.slice(0, count), want, { relative: 5e-7 });
    expect(got.slice(count).every(Number.isNaN), 'what lies behind stays').toBe(true);
    if (count > 2000) return;
    const differences = centralDifferences((at) => 1.5 * reference(at, truth, weight, channels), pred);
    expectClose(got.slice(0, count), differences, { absolute: 1e-8, relative: 1e-6 });
  });
});

test('the loss of a batch of 100 is good to 1e-6', async () => {
  const pixels = 100 * 224 * 224;
  const count = 2 * pixels;
  const [pred, truth, weight] = [random(count, 1), random(count, 2), positive(pixels, 3)];
  const [plain, weighted] = [poisoned(1), poisoned(1)];
  const inputs = { pred: upload(pred), truth: upload(truth) };
  const params = { pixels, channels: 2, scale: 1 / count };
  await run((emit) => {
    emitMse(emit, { ...inputs, y: plain }, params);
    emitMse(emit, { ...inputs, weight: upload(weight), y: weighted }, params);
  });
  expectClose(await gpu.readFloats(plain, 1), [reference(pred, truth, undefined, 2)], { relative: 1e-6 });
  expectClose(await gpu.readFloats(weighted, 1), [reference(pred, truth, weight, 2)], { relative: 1e-6 });
});

test('a pixel of weight 0 does not count, whatever its neighbors', async () => {
  const [y, dpred] = [poisoned(1), poisoned(6)];
  const inputs = {
    pred: upload(Float32Array.of(1, 2, 99, 99, 3, 4)),
    truth: upload(Float32Array.of(0, 0, -9, -9, 1, 1)),
    weight: upload(Float32Array.of(1, 0, 2)),
  };
  const params = { pixels: 3, channels: 2, scale: 0.25 };
  await run((emit) => {
    emitMse(emit, { ...inputs, y }, params);
    emitMseGrad(emit, { ...inputs, dy: upload(Float32Array.of(1)), dpred }, params);
  });
  expect([...(await gpu.readFloats(y, 1))]).toEqual([(1 + 4 + 2 * 4 + 2 * 9) / 4]);
  expect([...(await gpu.readFloats(dpred, 6))]).toEqual([0.5, 1, 0, 0, 2, 3]);
});
