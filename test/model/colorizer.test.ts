/** The library as applications use it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyChroma, Colorizer, DeviceError, FormatError, Gpu } from '../../src/index.ts';
import { temporaryFolder, writeTestWeights } from '../cli/run.ts';

const path = join(await temporaryFolder(), 'weights.safetensors');
await writeTestWeights(path);
const weights = await readFile(path);

/** A grey gradient with some structure, RGBA. */
function grey(width: number, height: number) {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) data.fill(((i % width) * 2 + (i >> 3)) & 255, 4 * i, 4 * i + 3);
  return { data, width, height };
}

test('colours, alike each time, also in overlapping calls and at several sizes', async () => {
  const colorizer = await Colorizer.load({ weights });
  const sizes = [
    [40, 30],
    [9, 50],
    [1, 1],
    [64, 64],
    [33, 17],
    [40, 30],
  ] as const;
  const all = await Promise.all(sizes.map(([width, height]) => colorizer.colorize(grey(width, height))));
  for (const [i, [width, height]] of sizes.entries()) expect(all[i]).toMatchObject({ width, height });
  expect(all[5]!.data).toEqual(all[0]!.data);
  expect(all[0]!.data.some((v, i) => i % 4 === 0 && v !== all[0]!.data[i + 2])).toBe(true);
  const plain = await colorizer.colorize(grey(40, 30), { strength: 0 });
  expect(plain.data).toEqual(grey(40, 30).data);
  await colorizer.close();
  await expect(colorizer.colorize(grey(8, 8))).rejects.toThrow(DeviceError);
});

test('what the network said can be put on the picture again, at another strength', async () => {
  const colorizer = await Colorizer.load({ weights });
  const picture = grey(45, 30);
  const chroma = await colorizer.chroma(picture, { renderSize: 30 });
  expect(chroma).toMatchObject({ width: 24, height: 16, extent: { width: 22.5, height: 15 } });
  expect(chroma.guide).toHaveLength(24 * 16);
  for (const options of [{}, { strength: 0.5 }, { strength: 1.5 }, { upsampling: 'bilinear' }] as const) {
    const whole = await colorizer.colorize(picture, { renderSize: 30, ...options });
    expect(applyChroma(picture, chroma, options)).toEqual(whole);
  }
  const [guided, bilinear] = [applyChroma(picture, chroma), applyChroma(picture, chroma, { upsampling: 'bilinear' })];
  expect(guided).not.toEqual(bilinear);
  await colorizer.close();
});

test('with keepColor a picture that has colors is given back, as RGBA; others are colored', async () => {
  const colorizer = await Colorizer.load({ weights });
  const [width, height] = [64, 64];
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => [200, 60, 50, 60, 90, 210][(i % 3) + 3 * (i & 64 ? 1 : 0)]!,
  );
  const kept = await colorizer.colorize({ data, width, height }, { keepColor: true });
  expect(kept.data).toBeInstanceOf(Uint8ClampedArray);
  expect(kept.data.filter((_, i) => i % 4 < 3)).toEqual(Uint8ClampedArray.from(data));
  expect(kept.data.every((v, i) => i % 4 < 3 || v === 255)).toBe(true);
  const deep = { data: Uint16Array.from(kept.data, (v) => v * 257), width, height };
  const same = await colorizer.colorize(deep, { keepColor: true });
  expect(same.data).toEqual(deep.data);
  // A copy: what is done to it leaves the picture alone.
  expect(same.data.buffer).not.toBe(deep.data.buffer);
  const colored = await colorizer.colorize(grey(64, 64), { keepColor: true });
  expect(colored.data).not.toEqual(grey(64, 64).data);
  await colorizer.close();
});

test('a device can be shared, and is left open', async () => {
  const gpu = await Gpu.open();
  const before = gpu.allocatedBytes;
  const [a, b] = [await Colorizer.load({ gpu, weights }), await Colorizer.load({ gpu, weights })];
  const [x, y] = await Promise.all([a.colorize(grey(24, 24)), b.colorize(grey(24, 24))]);
  expect(x.data).toEqual(y.data);
  await a.close();
  await b.close();
  expect(gpu.allocatedBytes).toBe(before);
  await gpu.fence();
  await gpu.close();
});

test('memory does not grow with the number of sizes', async () => {
  const colorizer = await Colorizer.load({ weights });
  for (let i = 1; i < 8; i++) await colorizer.colorize(grey(16 * i, 16));
  const { allocatedBytes } = colorizer.gpu;
  for (let i = 1; i < 8; i++) await colorizer.colorize(grey(16 * i, 16));
  expect(colorizer.gpu.allocatedBytes).toBe(allocatedBytes);
  await colorizer.close();
});

test('what is wrong is said', async () => {
  await expect(Colorizer.load({ weights: new Uint8Array(3) })).rejects.toThrow(FormatError);
  await expect(Colorizer.load({ weights: '/nowhere.safetensors' })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[FormatError: /nowhere.safetensors: expected a file, got 'ENOENT']`,
  );
  const colorizer = await Colorizer.load({ weights });
  const wrong = { data: new Uint8ClampedArray(7), width: 2, height: 2 };
  await expect(colorizer.colorize(wrong)).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: resizeGrey: expected 4, 8, 12, 16 elements of data for 2 x 2, got 7 – pass 1 to 4 channels]`,
  );
  await expect(colorizer.colorize(grey(4, 4), { renderSize: 3 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: render size: expected whole pixels, 8 or more, got 3 – try 224]`,
  );
  await colorizer.close();
});
