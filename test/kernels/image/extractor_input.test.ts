/** Luma, resized to a square: against float64, and against the renderer on the CPU. */
import { expect, test } from 'vitest';
import { resizeGrey } from '../../../src/image/raster/resize.ts';
import { emitExtractorInput } from '../../../src/kernels/image/extractor_input.ts';
import { expectClose } from '../../reference/close.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

const LUMA = [0.299, 0.587, 0.114];

/** RGBA bytes; a third of the pixels is transparent in part, an eighth grey. */
function noise(width: number, height: number, seed = 1) {
  const data = Uint8ClampedArray.from(random(4 * width * height, seed), (v) => 128 + 128 * v);
  for (let i = 0; i < width * height; i++) {
    if (i % 3) data[4 * i + 3] = 255;
    if (i % 8 === 0) data.fill(data[4 * i]!, 4 * i, 4 * i + 3);
  }
  return { data, width, height };
}

/** The triangle filter as its definition reads: position x of `size` sees `values` with half-pixel centers. */
function resized(values: readonly number[], size: number): number[] {
  const scale = values.length / size;
  const radius = Math.max(scale, 1);
  return Array.from({ length: size }, (_, x) => {
    const weights = values.map((_, j) => Math.max(0, 1 - Math.abs(j + 0.5 - (x + 0.5) * scale) / radius));
    return values.reduce((sum, v, j) => sum + weights[j]! * v, 0) / weights.reduce((sum, w) => sum + w, 0);
  });
}

/** [size, size], 0..1. */
function reference({ data, width, height }: ReturnType<typeof noise>, size: number): number[] {
  const luma = (i: number) => {
    const grey = LUMA.reduce((sum, weight, c) => sum + (weight * data[4 * i + c]!) / 255, 0);
    const alpha = data[4 * i + 3]! / 255;
    return grey * alpha + 1 - alpha;
  };
  const narrow = Array.from({ length: height }, (_, y) =>
    resized(
      Array.from({ length: width }, (_, x) => luma(y * width + x)),
      size,
    ),
  );
  const columns = Array.from({ length: size }, (_, x) =>
    resized(
      narrow.map((row) => row[x]!),
      size,
    ),
  );
  return Array.from({ length: size * size }, (_, i) => columns[i % size]![Math.floor(i / size)]!);
}

async function prepare(
  { data, width, height }: ReturnType<typeof noise>,
  size: number,
  options: { mirror?: boolean; range?: readonly [number, number]; layout?: 'nhwc' | 'nchw' } = {},
): Promise<Float32Array> {
  const y = poisoned(3 * size * size);
  const params = { width, height, size, mirror: false, range: [-1, 1], layout: 'nhwc', ...options } as const;
  await run((emit) => emitExtractorInput(emit, { pixels: upload(new Uint32Array(data.buffer.slice(0))), y }, params));
  return gpu.readFloats(y, 3 * size * size);
}

test.each([
  [1, 1, 1],
  [1, 1, 5],
  [2, 1, 3],
  [7, 5, 7],
  [13, 11, 17],
  [17, 13, 11],
  [64, 3, 16],
  [3, 64, 16],
  [150, 101, 31],
  [257, 255, 16],
])('%i x %i to %i', async (width, height, size) => {
  const picture = noise(width, height, width);
  const got = await prepare(picture, size);
  const want = reference(picture, size).flatMap((v) => [2 * v - 1, 2 * v - 1, 2 * v - 1]);
  expectClose(got, want, { absolute: 2e-6 });
});

test('is what the renderer makes on the CPU, for a photograph’s size too', async () => {
  const picture = noise(1201, 800, 4);
  const got = await prepare(picture, 299);
  const want = resizeGrey(picture, { width: 299, height: 299 }).data;
  expectClose(
    got.filter((_, i) => i % 3 === 0),
    Array.from(want, (v) => v / 127.5 - 1),
    { absolute: 2e-6 },
  );
});

test('mirrored, planar, and in another range', async () => {
  const picture = noise(37, 23, 9);
  const size = 12;
  const plain = await prepare(picture, size, { range: [0, 255] });
  const mirrored = await prepare(picture, size, { range: [0, 255], mirror: true });
  const planar = await prepare(picture, size, { range: [0, 255], layout: 'nchw' });
  expectClose(
    plain,
    reference(picture, size).flatMap((v) => [255 * v, 255 * v, 255 * v]),
    { absolute: 3e-4 },
  );
  for (let i = 0; i < size * size; i++) {
    const [row, x] = [Math.floor(i / size), i % size];
    // The weights are symmetric, but added up from the other end.
    expect(Math.abs(mirrored[3 * i]! - plain[3 * (row * size + size - 1 - x)]!)).toBeLessThan(1e-4);
    for (let c = 0; c < 3; c++) expect(planar[c * size * size + i]).toBe(plain[3 * i + c]);
  }
  expect(Math.abs(mirrored[0]! - plain[0]!)).toBeGreaterThan(0.1);
});

test('white, black and nothing', async () => {
  const flat = (rgba: number[]) => ({
    data: new Uint8ClampedArray(30 * 20 * 4).map((_, i) => rgba[i % 4]!),
    width: 30,
    height: 20,
  });
  expectClose(await prepare(flat([255, 255, 255, 255]), 7), Array(147).fill(1), { absolute: 1e-6 });
  expectClose(await prepare(flat([0, 0, 0, 255]), 7), Array(147).fill(-1), { absolute: 1e-6 });
  expectClose(await prepare(flat([9, 80, 7, 0]), 7), Array(147).fill(1), { absolute: 1e-6 });
});
