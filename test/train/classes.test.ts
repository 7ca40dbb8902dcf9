/** Training with classes of color: what is minimized, where it begins, what is learned and what is written down. */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeSafetensors } from '../../src/formats/safetensors.ts';
import { compile } from '../../src/graph/compile.ts';
import { glorotUniform } from '../../src/graph/initializers.ts';
import { reachable } from '../../src/graph/node.ts';
import { ParameterLayout, ParameterSlab } from '../../src/graph/parameters.ts';
import { Colorizer } from '../../src/model/colorizer.ts';
import { colorClassifier, colorizationNetwork } from '../../src/model/network.ts';
import { decodeWeights, weightsMetadata } from '../../src/model/weights.ts';
import { assembleBatch, sourceSize } from '../../src/train/data/batch.ts';
import { BINS, BINS_PER_UNIT, binOf, priorLogits } from '../../src/train/data/rebalance.ts';
import { centered } from '../../src/train/data/sampler.ts';
import { lossGraph, type NetworkBuilder } from '../../src/train/loss.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { Validator } from '../../src/train/validator.ts';
import { gpu } from '../support/gpu.ts';
import { datasetOf, picture, writePictures } from '../support/pictures.ts';
import { random } from '../support/random.ts';
import { callIn, logOf } from '../support/train_command.ts';

const SIZE = 32;
const CONFIG = {
  size: SIZE,
  lightness: 'luma',
  chromaScale: 1,
  masked: false,
  classes: true,
} as const;
const NETWORK = { widthDivisor: 16, embeddingWidth: 0, temperature: 0.5 };
const learner: NetworkBuilder = (lightness) => colorClassifier(NETWORK, lightness);

let root: string;
let photos: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'koalarize-classes-'));
  photos = join(root, 'photos');
  await writePictures(photos, 16);
});
afterAll(() => rm(root, { recursive: true }));

test('the loss is the cross-entropy with the mean color of each 4 x 4 pixels, weighted by that color', async () => {
  const microBatch = 2;
  const weights = random(BINS ** 2, 8).map((value) => value + 1.5);
  const { loss, answer, target } = lossGraph({ ...CONFIG, microBatch, colorWeights: weights }, learner);
  expect(answer.shape).toEqual([microBatch, SIZE / 4, SIZE / 4, BINS ** 2]);
  const parameters = new ParameterSlab(gpu, 'test', new ParameterLayout(reachable([loss])));
  parameters.write(glorotUniform(parameters.layout, 7));
  const executable = await compile(gpu, { label: 'test', parameters, outputs: { loss, answer, target } });
  const batch = await assembleBatch(datasetOf(microBatch, sourceSize(SIZE)), [centered(0), centered(1)], SIZE);
  executable.feed('pixels', batch.pixels);
  executable.feed('crops', batch.crops);
  executable.run();
  const [got, z, t] = await Promise.all(['loss', 'answer', 'target'].map((name) => executable.read(name)));
  executable.close();
  parameters.close();

  let want = 0;
  const side = SIZE / 4;
  const pixels = microBatch * side * side;
  for (let p = 0; p < pixels; p++) {
    const [n, y, x] = [Math.floor(p / side ** 2), Math.floor(p / side) % side, p % side];
    const [a, b] = [0, 1].map((channel) => {
      let sum = 0;
      for (let i = 0; i < 16; i++) {
        sum += t![2 * ((n * SIZE + 4 * y + Math.floor(i / 4)) * SIZE + 4 * x + (i % 4)) + channel]!;
      }
      return sum / 16;
    }) as [number, number];
    const logits = Array.from(z!.subarray(p * BINS ** 2, (p + 1) * BINS ** 2));
    const sum = logits.reduce((total, v) => total + Math.exp(v), 0);
    const share = (k: number) => {
      const near = (v: number, bin: number) => Math.max(0, 1 - Math.abs(v * BINS_PER_UNIT + (BINS - 1) / 2 - bin));
      return near(a, Math.floor(k / BINS)) * near(b, k % BINS);
    };
    const entropy = logits.reduce((total, v, k) => total + share(k) * (Math.log(sum) - v), 0);
    want += (weights[binOf(127 * a, 127 * b)]! * entropy) / pixels;
  }
  // A pixel on a bin's edge may fall to either side: one of 128, a factor of 2.5 at most.
  expect(Math.abs(got![0]! / want - 1)).toBeLessThan(2e-2);
});

test('padding is refused: it has no color', () => {
  expect(() => lossGraph({ ...CONFIG, masked: true, microBatch: 1 }, learner)).toThrow('without padding');
});

test('the first logits are the logarithms of how often colors occur', () => {
  const counts = new Array<number>(BINS ** 2).fill(0);
  counts[binOf(0, 0)] = 900;
  counts[binOf(50, 0)] = 100;
  const prior = priorLogits(counts);
  const sum = prior.reduce((total, v) => total + Math.exp(v), 0);
  expect(sum).toBeCloseTo(1, 2);
  expect(prior[binOf(0, 0)]! - prior[binOf(50, 0)]!).toBeCloseTo(Math.log(9), 3);
  expect(prior[binOf(-90, 90)]).toBeCloseTo(Math.log(1e-6), 5);
});

test('what is learned as classes is validated, and answered, as colors', async () => {
  const pictures = 8;
  const dataset = datasetOf(pictures, sourceSize(SIZE));
  const config = { ...CONFIG, batch: pictures, microBatch: pictures, adam: {} };
  const trainer = await Trainer.create(gpu, config, learner);
  trainer.load(glorotUniform(trainer.weights.layout, 1));
  const network: NetworkBuilder = (lightness) => colorizationNetwork(NETWORK, lightness);
  const validator = await Validator.create(gpu, trainer, network, dataset);
  const samples = Array.from({ length: pictures }, (_, i) => centered(i));
  const batch = await assembleBatch(dataset, samples, SIZE);
  const before = await validator.score();
  const losses: number[] = [];
  for (let step = 1; step <= 200; step++) losses.push(await trainer.step(batch, step, 4e-3));
  const { mse, meanColor } = await validator.score();
  validator.close();
  trainer.close();
  // All classes are about as likely at first: the logarithm of their number.
  expect(Math.abs(losses[0]! / Math.log(BINS ** 2) - 1)).toBeLessThan(0.1);
  expect(losses.at(-1)).toBeLessThan(0.6 * losses[0]!);
  expect(mse).toBeLessThan(before.mse);
  expect(mse).toBeLessThan(0.5 * meanColor);
}, 900_000); // minutes on SwiftShader

test('from a regression to classes, wider, stopped and resumed: the same bits, and weights that color', async () => {
  const call = (...argv: string[]) => callIn(root, ...argv);
  const size = ['--size', '32', '--batch', '4', '--val-count', '2'];
  const narrow = join(root, 'narrow');
  expect((await call(photos, '--out', narrow, ...size, '--width-divisor', '32', '--steps', '2')).code).toBe(0);
  const init = join(narrow, 'weights.safetensors');
  const classes = ['--width-divisor', '16', '--init', init, '--temperature', '0.7', '--rebalance', '0.9'];
  const [whole, parts] = [join(root, 'whole'), join(root, 'parts')];
  const first = await call(
    photos,
    '--out',
    whole,
    ...size,
    ...classes,
    '--steps',
    '6',
    '--lr-decay',
    'constant',
    '--warmup',
    '0',
  );
  expect(first.err).toContain('classes of color, annealed at 0.7; colors rebalanced 0.9');
  expect(first.code).toBe(0);
  const begun = [photos, '--out', parts, ...size, ...classes, '--steps', '3', '--lr-decay', 'constant'];
  expect((await call(...begun, '--warmup', '0')).code).toBe(0);
  expect((await call('--resume', '--out', parts, '--steps', '6')).code).toBe(0);
  const weights = (run: string) => readFile(join(run, 'weights.safetensors'));
  expect((await weights(parts)).equals(await weights(whole))).toBe(true);
  // They begin with how often colors occur, not with all of 529 alike.
  expect((await logOf(whole))[0]!.loss).toBeLessThan(0.8 * Math.log(BINS ** 2));

  const { network, tensors, metadata } = decodeWeights(await weights(whole), 'weights');
  expect(network).toEqual({ widthDivisor: 16, embeddingWidth: 0, temperature: 0.7 });
  expect(metadata.temperature).toBe('0.7');
  expect(tensors.get('classes.weight')!.shape).toEqual([1, 1, 4, BINS ** 2]);
  expect(tensors.has('dec5.weight')).toBe(false);
  const colorizer = await Colorizer.load({ gpu, weights: await weights(whole) });
  const { data, width, height } = await colorizer.colorize(picture(3, 50, 40));
  await colorizer.close();
  expect([width, height]).toEqual([50, 40]);
  expect(data.some((value, i) => i % 4 === 0 && value !== data[i + 2])).toBe(true);

  const back = ['--width-divisor', '16', '--init', join(whole, 'weights.safetensors'), '--steps', '1'];
  const refused = await call(photos, '--out', join(root, 'refused'), ...size, ...back);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('expected weights of a regression, got some with classes of color');
  const lost = join(root, 'lost');
  await cp(parts, lost, { recursive: true });
  await rm(join(lost, 'colors.json'));
  expect((await call('--resume', '--out', lost, '--steps', '8')).err).toContain(
    'expected the colors that the run began with',
  );
});

test('a temperature out of range, or with bars, is refused', async () => {
  for (const [argv, message] of [
    [['--temperature', '1.5'], '--temperature: expected a number from 0 to 1'],
    [['--temperature', '0.5', '--pad', 'white'], '--temperature and --pad white: expected one of them'],
  ] as const) {
    const { code, err } = await callIn(root, photos, ...argv);
    expect(code).toBe(2);
    expect(err).toContain(message);
  }
  const info = { network: { ...NETWORK, temperature: -1 }, lightness: 'luma' } as const;
  const file = encodeSafetensors({ tensors: new Map(), metadata: weightsMetadata(info) });
  expect(() => decodeWeights(file, 'weights')).toThrow("weights: expected a temperature above 0, got '-1'");
});
