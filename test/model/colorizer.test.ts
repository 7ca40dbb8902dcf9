/** The library as applications use it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.ts';
import { smooth } from '../../src/image/color/smooth.ts';
import { encodeImage, readImage } from '../../src/image/node.ts';
import { ArgumentError, applyChroma, Colorizer, DeviceError, FormatError, Gpu, ShapeError } from '../../src/index.ts';
import { sha256 } from '../../src/onnx/sha256.ts';
import { refusal } from '../support/refusal.ts';
import { temporaryFolder, writeTestWeights } from '../support/run.ts';

const path = join(await temporaryFolder(), 'weights.safetensors');
await writeTestWeights(path);
const weights = await readFile(path);

/** A grey gradient with some structure, RGBA. */
function grey(width: number, height: number) {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) data.fill(((i % width) * 2 + (i >> 3)) & 255, 4 * i, 4 * i + 3);
  return { data, width, height };
}

test('colors, alike each time, also in overlapping calls and at several sizes', async () => {
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
  const chroma = await colorizer.chroma(picture, { renderSize: 30, smoothing: 0 });
  expect(chroma).toMatchObject({ width: 24, height: 16, extent: { width: 22.5, height: 15 } });
  expect(chroma.guide).toHaveLength(24 * 16);
  for (const options of [{}, { strength: 0.5 }, { strength: 1.5 }, { upsampling: 'bilinear' }] as const) {
    const whole = await colorizer.colorize(picture, { renderSize: 30, smoothing: 0, ...options });
    expect(applyChroma(picture, chroma, options)).toEqual(whole);
  }
  const [guided, bilinear] = [applyChroma(picture, chroma), applyChroma(picture, chroma, { upsampling: 'bilinear' })];
  expect(guided).not.toEqual(bilinear);
  expect(await colorizer.chroma(picture, { renderSize: 30, smoothing: 0.3 })).toEqual(smooth(chroma, 0.3));
  expect(await colorizer.chroma(picture, { renderSize: 30 })).toEqual(smooth(chroma));
  for (const smoothing of [-1, 1.1, Number.NaN]) {
    await expect(colorizer.chroma(picture, { smoothing })).rejects.toThrow('expected smoothing from 0 to 1');
  }
  await colorizer.close();
});

test('what is colored says with what: program and weights', async () => {
  const colorizer = await Colorizer.load({ weights });
  const origin = { program: 'koalarize 0.1.0', weights: await sha256(weights) };
  expect(colorizer.origin).toEqual(origin);
  const colored = await colorizer.colorize(grey(24, 24));
  expect(colored.origin).toEqual(origin);
  const xmpOf = async (options = {}) => {
    const { bytes } = await encodeImage('colored.png', colored, options);
    return (await readImage(bytes)).metadata.xmp;
  };
  expect(await xmpOf()).toContain(`koalarize:WeightsSHA256="${origin.weights}"`);
  expect(await xmpOf({ mark: false })).toBeUndefined();
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
  expect(kept.origin).toBeUndefined();
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

test('after close every call says so, also on a device that is shared, which stays as good as it was', async () => {
  const gpu = await Gpu.open();
  const before = gpu.allocatedBytes;
  const [closed, open] = [await Colorizer.load({ gpu, weights }), await Colorizer.load({ gpu, weights })];
  const want = await open.colorize(grey(24, 24));
  // What was asked before is answered.
  const pending = closed.colorize(grey(24, 24), { quality: 'best' });
  const closing = closed.close();
  const message = 'colorizer: expected an open one, got a closed one – load it again: await Colorizer.load()';
  await expect(closed.colorize(grey(24, 24))).rejects.toEqual(new DeviceError(message));
  await pending;
  await closing;
  await closed.close();
  await expect(closed.chroma(grey(24, 24))).rejects.toEqual(new DeviceError(message));
  expect((await open.colorize(grey(24, 24))).data).toEqual(want.data);
  await open.close();
  expect(gpu.allocatedBytes).toBe(before);
  await gpu.fence();
  await gpu.close();
});

test('weights that are no numbers are found when they are loaded', async () => {
  const { tensors, metadata } = decodeSafetensors(weights, 'test');
  const data = tensors.get('enc2.weight')!.data.slice();
  data.set([Number.NaN, Number.NEGATIVE_INFINITY, Number.NaN], 7);
  const { shape } = tensors.get('enc2.weight')!;
  const file = encodeSafetensors({ tensors: new Map([...tensors, ['enc2.weight', { shape, data }]]), metadata });
  await expect(Colorizer.load({ weights: file })).rejects.toThrow(
    `weights: expected finite numbers, got 3 of ${data.length} in 'enc2.weight' that are not (NaN at 7)`,
  );
  await expect(Colorizer.load({ weights: file })).rejects.toThrow(FormatError);
});

test.each([
  [{ weigths: 'x' }, "Colorizer.load: expected an option that exists, got 'weigths' – do you mean 'weights'?"],
  [{ adaptor: 'x' }, "got 'adaptor' – do you mean 'adapter'?"],
  ['weights.safetensors', 'Colorizer.load: expected options as an object, got a string'],
  [null, 'Colorizer.load: expected options as an object, got null'],
  [{ weights: new ArrayBuffer(8) }, 'got ArrayBuffer – wrap it: new Uint8Array(buffer)'],
  [{ weights: new Float32Array(8) }, 'expected bytes as a Uint8Array, a path or a URL, got Float32Array'],
  [{ weights, gpu: {} }, 'Colorizer.load: expected a Gpu, got an object – open one: await Gpu.open()'],
])('Colorizer.load(%o) is refused', async (options, message) => {
  await expect(Colorizer.load(options as never)).rejects.toThrow(message);
  await expect(Colorizer.load(options as never)).rejects.toThrow(ArgumentError);
});

test('what is no picture, or no option, is refused: floats are not read as bytes', async () => {
  const colorizer = await Colorizer.load({ weights });
  const good = grey(4, 4);
  const kinds = 'expected pixels as a Uint8ClampedArray, Uint8Array or Uint16Array, got';
  for (const [picture, message] of [
    [{ ...good, data: new Float32Array(64).fill(0.5) }, `${kinds} Float32Array – scale them to 0..255 or 0..65535`],
    [{ ...good, data: new Int16Array(64) }, `${kinds} Int16Array`],
    [{ ...good, data: new Uint32Array(16) }, `${kinds} Uint32Array`],
    [{ ...good, data: [...good.data] }, `${kinds} an array`],
    [{ ...good, data: good.data.buffer }, `${kinds} ArrayBuffer`],
    [good.data, 'expected a picture { data, width, height } as an object, got Uint8ClampedArray'],
    ['old.jpg', 'expected a picture { data, width, height } as an object, got a string'],
    [undefined, 'expected a picture { data, width, height } as an object, got undefined'],
  ] as const) {
    await expect(colorizer.colorize(picture as never)).rejects.toThrow(message);
    await expect(colorizer.chroma(picture as never)).rejects.toThrow(ArgumentError);
  }
  for (const [options, message] of [
    [{ strenght: 1 }, "got 'strenght' – do you mean 'strength'?"],
    [{ rendersize: 64 }, "got 'rendersize' – do you mean 'renderSize'?"],
    [{ quality: 'constructor' }, "expected quality fast or best, got 'constructor'"],
    [{ strength: '1' }, 'expected a strength of 0 or more, got 1'],
    [1, 'expected options as an object, got a number'],
  ] as const) {
    await expect(colorizer.colorize(good, options as never)).rejects.toThrow(message);
  }
  await colorizer.close();
});

test('arrays of another window are what they are', async () => {
  const colorizer = await Colorizer.load({ weights });
  const { data, width, height } = grey(16, 16);
  const deep = Uint16Array.from(data, (code) => 257 * code);
  const foreign = runInNewContext('(codes) => Uint16Array.from(codes)') as (codes: Uint16Array) => Uint16Array;
  expect(foreign(deep)).not.toBeInstanceOf(Uint16Array);
  const want = await colorizer.colorize({ data: deep, width, height });
  expect((await colorizer.colorize({ data: foreign(deep), width, height })).data).toEqual(want.data);
  await colorizer.close();
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
  await expect(Colorizer.load({ weights: '/nowhere.safetensors' })).rejects.toThrow(
    refusal('EnvironmentError', '/nowhere.safetensors', 'no such file', 'a file'),
  );
  const colorizer = await Colorizer.load({ weights });
  const wrong = { data: new Uint8ClampedArray(7), width: 2, height: 2 };
  await expect(colorizer.colorize(wrong)).rejects.toThrow(
    refusal('ShapeError', 'colorize', '7', '4, 8, 12, 16 elements of data for 2 x 2'),
  );
  await expect(colorizer.colorize(grey(4, 4), { renderSize: 3 })).rejects.toThrow(
    refusal('ShapeError', 'render size', '3', 'whole pixels, 8 or more'),
  );
  await colorizer.close();
});
