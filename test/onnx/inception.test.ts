/** Narrow Inception-ResNet-v2 networks in each style of ONNX file, against ONNX Runtime's CPU provider. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { seededParameters } from '../../bench/inception/calibrate.ts';
import { check, passes } from '../../bench/inception/check.ts';
import { compare, feed, reference } from '../../bench/inception/reference.ts';
import { STYLE_NAMES, writeNetwork } from '../../bench/inception/styles/index.ts';
import { loadOnnx } from '../../src/onnx/load.ts';
import { gpu } from '../support/gpu.ts';

const network = { widthDivisor: 16, size: 107, classes: 1001 };
const parameters = await seededParameters(network);
const folder = await mkdtemp(join(tmpdir(), 'inception-'));
afterAll(() => rm(folder, { recursive: true }));

test.each(STYLE_NAMES)('%s: the logits are those of ONNX Runtime, for one picture and for two', async (style) => {
  const before = gpu.allocatedBytes;
  const outcomes = await check(gpu, style, parameters, { ...network, batches: [1, 2], folder, keep: false });
  expect(outcomes.map(({ batch }) => batch)).toEqual([1, 2]);
  for (const outcome of outcomes) {
    expect(outcome.deviation).toBeGreaterThan(0.5);
    expect(passes(outcome), JSON.stringify(outcome)).toBe(true);
  }
  expect(gpu.allocatedBytes).toBe(before);
});

test('an output that is asked for leaves what only others need out', async () => {
  const style = writeNetwork('two-heads', network, parameters);
  const path = join(folder, 'two-heads.onnx');
  await style.finish().write(path);
  const picture = feed(1, network.size, style.layout);
  const feeds = { [style.inputName]: picture };
  const auxiliary = 'InceptionResnetV2/AuxLogits';
  const [expected] = await reference(path, { ...style, logitsName: auxiliary }, [picture]);

  const all = await loadOnnx(gpu, path);
  const one = await loadOnnx(gpu, path, { outputs: [auxiliary] });
  for (const results of [await all.run(feeds), await one.run(feeds)]) {
    const { difference } = compare(results[auxiliary]!.data, expected!, network.classes);
    expect(difference).toBeLessThan(1e-3);
  }
  const shapes = { [style.inputName]: picture.shape };
  const counts = [await all.compile(shapes), await one.compile(shapes)].map(({ program }) => program.dispatches.length);
  // Five eighths of the convolutions come before the auxiliary head.
  expect(counts[1]! / counts[0]!).toBeGreaterThan(0.4);
  expect(counts[1]! / counts[0]!).toBeLessThan(0.85);
  all.close();
  one.close();
});
