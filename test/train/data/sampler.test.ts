import { expect, test } from 'vitest';
import { packTone } from '../../../src/kernels/image/lightness.ts';
import { assembleBatch, sourceSize } from '../../../src/train/data/batch.ts';
import { centered, orderOfParts, Sampler } from '../../../src/train/data/sampler.ts';
import { Random } from '../../../src/util/random.ts';
import { datasetOf, picture } from '../../support/pictures.ts';

const plainLook = { blue: 0, gamma: 0, black: 0, white: 0 };
const flatten = (sampler: Sampler, from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => sampler.batch(from + i)).flat();

test('every picture once an epoch, in another order each epoch', () => {
  const samples = flatten(new Sampler(12, 4, 1), 0, 6).map(({ index }) => index);
  const epochs = [samples.slice(0, 12), samples.slice(12)];
  for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
  expect(epochs[0]).not.toEqual(epochs[1]);
});

test('an epoch that is no multiple of the batch goes on in the next batch', () => {
  const samples = flatten(new Sampler(5, 4, 1), 0, 5).map(({ index }) => index);
  for (let epoch = 0; epoch < 4; epoch++) {
    expect(samples.slice(epoch * 5, epoch * 5 + 5).sort()).toEqual([0, 1, 2, 3, 4]);
  }
});

test('begun in the middle, it gives what it gives from the start', () => {
  const straight = flatten(new Sampler(7, 3, 9), 0, 10);
  expect(flatten(new Sampler(7, 3, 9), 6, 10)).toEqual(straight.slice(18));
});

test('seeds differ', () => {
  expect(flatten(new Sampler(7, 3, 1), 0, 4)).not.toEqual(flatten(new Sampler(7, 3, 2), 0, 4));
});

test('offsets fill [0, 1), and half of the samples are mirrored', () => {
  const samples = flatten(new Sampler(50, 50, 3), 0, 40);
  for (const key of ['cropOffset', 'top', 'left'] as const) {
    const values = samples.map((sample) => sample[key]);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.min(...values)).toBeLessThan(0.01);
    expect(Math.max(...values)).toBeGreaterThan(0.99);
    expect(Math.max(...values)).toBeLessThan(1);
  }
  // 2000 throws: six standard deviations are 134.
  const mirrored = samples.filter(({ mirror }) => mirror).length;
  expect(Math.abs(mirrored - 1000)).toBeLessThan(134);
});

test('early film sees the share of samples that was asked for, and leaves the rest of each as it is', () => {
  const [plain, film] = [0, 0.3].map((share) => flatten(new Sampler(50, 50, 3, { film: share, tone: 0 }), 0, 40));
  expect(plain!.every(({ tone }) => packTone(tone) === 0)).toBe(true);
  const seen = film!.map(({ tone }) => tone.blue).filter((blue) => blue > 0);
  // 2000 throws: six standard deviations are 123.
  expect(Math.abs(seen.length - 600)).toBeLessThan(123);
  expect(Math.min(...seen)).toBeLessThan(0.02);
  expect(Math.max(...seen)).toBeGreaterThan(0.98);
  expect(film!.map((sample) => ({ ...sample, tone: { ...sample.tone, blue: 0 } }))).toEqual(plain);
});

test('other tones are seen in the share of samples that was asked for, whatever film sees', () => {
  const [film, both] = [0, 0.3].map((tone) => flatten(new Sampler(50, 50, 3, { film: 0.5, tone }), 0, 40));
  const seen = both!.map(({ tone }) => tone).filter(({ gamma }) => gamma !== 0);
  expect(Math.abs(seen.length - 600)).toBeLessThan(123);
  for (const [amount, least] of [['gamma', -1] as const, ['black', 0] as const, ['white', 0] as const]) {
    const amounts = seen.map((tone) => tone[amount]);
    expect(Math.min(...amounts)).toBeLessThan(least + 0.03);
    expect(Math.max(...amounts)).toBeGreaterThan(0.97);
  }
  const none = { gamma: 0, black: 0, white: 0 };
  expect(both!.map((sample) => ({ ...sample, tone: { ...sample.tone, ...none } }))).toEqual(film);
});

const SIZE = 16;
const SOURCE = sourceSize(SIZE);

test('a batch holds the squares and the crops that the samples say', async () => {
  const wide = picture(3, SOURCE + 9, SOURCE);
  const tall = picture(5, SOURCE, SOURCE + 4);
  const dataset = { length: 2, picture: async (index: number) => [wide, tall][index]! };
  const samples = [
    { index: 0, cropOffset: 0.999, top: 0, left: 0.999, mirror: true, tone: { ...plainLook, blue: 0.2 } },
    { index: 1, cropOffset: 0.5, top: 0.5, left: 0, mirror: false, tone: { blue: 0, gamma: 1, black: 0.2, white: 1 } },
  ];
  const { pixels, crops } = await assembleBatch(dataset, samples, SIZE);
  const room = SOURCE - SIZE;
  expect([...crops]).toEqual([0, room, 1, 51, Math.floor((room + 1) / 2), 0, 0, 0xff337f00]);
  const bytes = new Uint8Array(pixels.buffer);
  for (const [image, { data, width }, top, left] of [[0, wide, 0, 9] as const, [1, tall, 2, 0] as const]) {
    for (const [y, x] of [
      [0, 0],
      [3, 7],
      [SOURCE - 1, SOURCE - 1],
    ] as const) {
      const at = (image * SOURCE * SOURCE + y * SOURCE + x) * 4;
      const from = ((top + y) * width + left + x) * 4;
      expect([...bytes.subarray(at, at + 4)]).toEqual([...data.subarray(from, from + 4)]);
    }
  }
});

test('validation takes the center', async () => {
  const { crops } = await assembleBatch(datasetOf(1, SOURCE), [centered(0)], SIZE);
  const middle = Math.floor((SOURCE - SIZE + 1) / 2);
  expect([...crops]).toEqual([middle, middle, 0, 0]);
});

test('padded, a whole picture lies in the middle between white bars of alpha 0', async () => {
  const small = picture(2, 10, 7);
  const dataset = { length: 1, pad: 'white' as const, picture: async () => small };
  const samples = [{ index: 0, cropOffset: 0.9, top: 0.9, left: 0.9, mirror: true, tone: { ...plainLook, blue: 1 } }];
  const { pixels, crops } = await assembleBatch(dataset, samples, SIZE);
  const middle = Math.floor((SOURCE - SIZE) / 2);
  expect([...crops], 'nothing of it is cut off').toEqual([middle, middle, 1, 255]);
  const words = new Uint32Array(small.data.buffer as ArrayBuffer);
  const [top, left] = [Math.floor((SOURCE - 7) / 2), Math.floor((SOURCE - 10) / 2)];
  pixels.forEach((pixel, i) => {
    const [y, x] = [Math.floor(i / SOURCE) - top, (i % SOURCE) - left];
    const inside = y >= 0 && y < 7 && x >= 0 && x < 10;
    expect(pixel).toBe(inside ? words[y * 10 + x] : 0x00ffffff);
  });
});

test('parts are mixed with their neighbors, and each picture still comes once an epoch', () => {
  const parts = Array.from({ length: 40 }, (_, i) => 20 + i);
  const length = parts.reduce((sum, part) => sum + part);
  const order = orderOfParts(new Random(3), parts, 50);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length }, (_, i) => i));
  // With a window of 1 it is part after part: each picture's place there is where it lies on the way through the parts.
  const plain = orderOfParts(new Random(3), parts, 1);
  const places = new Map([...plain].map((picture, place) => [picture, place]));
  expect(Math.max(...[...order].map((picture, place) => places.get(picture)! - place))).toBeLessThan(50);
  expect([...plain].filter((picture, place) => order[place] === picture).length).toBeLessThan(length / 10);
  const samplers = [1, 2].map((seed) => new Sampler(length, 8, seed, undefined, 1, parts));
  const [one, other] = samplers.map((sampler) => flatten(sampler, 0, 20).map(({ index }) => index));
  expect(one).not.toEqual(other);
  const again = new Sampler(length, 8, 1, undefined, 1, parts);
  expect(flatten(again, 10, 20).map(({ index }) => index)).toEqual(one!.slice(80));
});
