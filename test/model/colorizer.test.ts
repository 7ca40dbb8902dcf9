/** The library as applications use it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyChroma, Colorizer, DeviceError, FormatError, Gpu, ShapeError } from '../../src/index.ts';
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

test('a border is kept from the network, and stays neutral', async () => {
  const colorizer = await Colorizer.load({ weights });
  const scene = (x: number, y: number) => 125 + 45 * Math.sin(x / 5) + 45 * Math.cos(y / 6);
  const draw = (width: number, height: number, code: (x: number, y: number) => number) => {
    const data = Uint8ClampedArray.from({ length: width * height }, (_, i) => code(i % width, Math.floor(i / width)));
    return { data, width, height };
  };
  const inside = (x: number, y: number) => x >= 8 && y >= 8 && x < 112 && y < 82;
  const framed = draw(120, 90, (x, y) => (inside(x, y) ? scene(x, y) : 12));
  const inner = draw(104, 74, (x, y) => scene(x + 8, y + 8));
  const { border, ...chroma } = await colorizer.chroma(framed);
  expect(border).toEqual([8 / 90, 8 / 120, 8 / 90, 8 / 120].map((share) => Array(2).fill(expect.closeTo(share, 8))));
  expect(chroma).toEqual(await colorizer.chroma(inner));
  expect(await colorizer.chroma(framed, { border: 'none' })).not.toEqual(chroma);
  expect(await colorizer.chroma(framed, { border: 8, quality: 'best' })).toMatchObject({ border });
  const { data } = await colorizer.colorize(framed);
  const colored = framed.data.map((_, i) => Number(new Set(data.subarray(4 * i, 4 * i + 3)).size > 1));
  expect(colored.some((is, i) => is && !inside(i % 120, Math.floor(i / 120)))).toBe(false);
  expect(colored.filter((is) => is).length).toBeGreaterThan(5000);
  await expect(colorizer.colorize(framed, { border: 45 })).rejects.toThrow(ShapeError);
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
    `[ShapeError: colorize: expected 4, 8, 12, 16 elements of data for 2 x 2, got 7 – pass 1 to 4 channels]`,
  );
  await expect(colorizer.colorize(grey(4, 4), { renderSize: 3 })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: render size: expected whole pixels, 8 or more, got 3 – try 224]`,
  );
  await colorizer.close();
});
