import { expect, test } from 'vitest';
import { chroma } from '../../../src/kernels/image/chroma.ts';
import { coverage } from '../../../src/kernels/image/coverage.ts';
import { labToRgba } from '../../../src/kernels/image/lab_to_rgba.ts';
import { lightness, packTone } from '../../../src/kernels/image/lightness.ts';
import { expectClose } from '../../reference/close.ts';
import { labOf, lumaLightnessOf, rgbOf, type Triple } from '../../reference/lab.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

/** Greys, corners, dark colors, and a spread of the cube. */
const colors: Triple[] = [
  ...Array.from({ length: 256 }, (_, v): Triple => [v, v, v]),
  ...Array.from({ length: 8 }, (_, i): Triple => [255 * (i & 1), 255 * ((i >> 1) & 1), 255 * ((i >> 2) & 1)]),
  ...Array.from({ length: 1000 }, (_, i): Triple => [i % 10, Math.floor(i / 10) % 10, Math.floor(i / 100)]),
  ...chunked(
    Array.from(random(3 * 4096), (v) => Math.floor(128 + 128 * v)),
    3,
  ).map(([r, g, b]): Triple => [r!, g!, b!]),
];
const alphas = colors.map((_, i) => (i * 37) % 256);
const pixels = Uint32Array.from(colors, ([r, g, b], i) => (r | (g << 8) | (b << 16) | (alphas[i]! << 24)) >>> 0);
const all = { images: 1, height: 1, width: colors.length, source_height: 1, source_width: colors.length };
const whole = new Uint32Array([0, 0, 0, 0]);

/** In units of L*, a*, b*: WGSL lets pow be off by some 1e-6, which a* multiplies by 500. lavapipe: 1.3e-4. */
const TOLERANCE = 1e-3;

test('the reference knows the published values of the primaries', () => {
  // Bruce Lindbloom's calculator, sRGB, D65; its white differs in the fifth digit.
  expectClose(labOf([255, 0, 0]), [53.24, 80.09, 67.2], { absolute: 0.02 });
  expectClose(labOf([0, 255, 0]), [87.73, -86.18, 83.18], { absolute: 0.02 });
  expectClose(labOf([0, 0, 255]), [32.3, 79.19, -107.86], { absolute: 0.02 });
  expectClose(rgbOf(labOf([12, 200, 99])), [12, 200, 99], { absolute: 1e-9 });
});

test.each(['luma', 'lab'] as const)('lightness of %s', async (source) => {
  const y = poisoned(colors.length);
  await run((emit) => emit.call(lightness, { pixels: upload(pixels), crops: upload(whole), y }, all, { source }));
  const want = colors.map((rgb) => (source === 'luma' ? lumaLightnessOf(rgb) : labOf(rgb)[0]));
  const got = Array.from(await gpu.readFloats(y, colors.length), (v) => 50 * (v + 1));
  expectClose(got, want, { absolute: TOLERANCE });
});

test.each([102, 255])('lightness as early film saw it, by %i of 255', async (blue) => {
  const y = poisoned(colors.length);
  const crops = upload(new Uint32Array([0, 0, 0, blue]));
  await run((emit) => emit.call(lightness, { pixels: upload(pixels), crops, y }, all, { source: 'luma' }));
  const mix = (today: number, film: number) => today + (blue / 255) * (film - today);
  const want = colors.map(([r, g, b]) => {
    const grey = mix(0.299 * r + 0.587 * g + 0.114 * b, 0.3 * g + 0.7 * b);
    return labOf([grey, grey, grey])[0];
  });
  const got = Array.from(await gpu.readFloats(y, colors.length), (v) => 50 * (v + 1));
  expectClose(got, want, { absolute: TOLERANCE });
});

test('a tone is four bytes; none of it is 0', () => {
  expect(packTone({ blue: 0, gamma: 0, black: 0, white: 0 })).toBe(0);
  expect(packTone({ blue: 0.2, gamma: -1, black: 1, white: 0.4 })).toBe(0x66ff8133);
  expect(packTone({ blue: 1, gamma: 1, black: 0, white: 1 })).toBe(0xff007fff);
});

test.each([
  [{ blue: 0, gamma: 1, black: 0, white: 0 }, Math.exp(0.6), 0, 1],
  [{ blue: 0, gamma: -1, black: 0, white: 0 }, Math.exp(-0.6), 0, 1],
  [{ blue: 0, gamma: 0, black: 1, white: 1 }, 1, 0.2, 0.75],
  [{ blue: 1, gamma: 51 / 127, black: 0.2, white: 0.6 }, Math.exp((0.6 * 51) / 127), 0.04, 0.85],
])('lightness of greys with the tone %o', async (tone, gamma, black, white) => {
  const y = poisoned(256);
  const params = { ...all, width: 256, source_width: 256 };
  const crops = upload(new Uint32Array([0, 0, 0, packTone(tone)]));
  await run((emit) =>
    emit.call(lightness, { pixels: upload(pixels.slice(0, 256)), crops, y }, params, { source: 'luma' }),
  );
  const want = colors.slice(0, 256).map(([grey]) => {
    const toned = 255 * (black + (white - black) * Math.max(grey / 255, 1e-4) ** gamma);
    return labOf([toned, toned, toned])[0];
  });
  const got = Array.from(await gpu.readFloats(y, 256), (v) => 50 * (v + 1));
  expectClose(got, want, { absolute: TOLERANCE });
});

test('chroma, and its gain', async () => {
  const y = poisoned(2 * colors.length);
  const doubled = poisoned(2 * colors.length);
  const buffers = { pixels: upload(pixels), crops: upload(whole) };
  await run((emit) => {
    emit.call(chroma, { ...buffers, y }, { ...all, gain: 1 });
    emit.call(chroma, { ...buffers, y: doubled }, { ...all, gain: 2 });
  });
  const got = await gpu.readFloats(y, 2 * colors.length);
  expectClose(
    Array.from(got, (v) => 127 * v),
    colors.flatMap((rgb) => labOf(rgb).slice(1)),
    { absolute: TOLERANCE },
  );
  expectClose(
    await gpu.readFloats(doubled, 2 * colors.length),
    Array.from(got, (v) => 2 * v),
    { absolute: 1e-6 },
  );
});

test('greys have exactly no chroma', async () => {
  const y = poisoned(512);
  const params = { ...all, width: 256, source_width: 256 };
  await run((emit) =>
    emit.call(chroma, { pixels: upload(pixels.slice(0, 256)), crops: upload(whole), y }, { ...params, gain: 1 }),
  );
  expect(new Set(Array.from(await gpu.readFloats(y, 512), (v) => v + 0))).toEqual(new Set([0]));
});

test('coverage is alpha, 0 and 1 exactly', async () => {
  const y = poisoned(colors.length);
  await run((emit) => emit.call(coverage, { pixels: upload(pixels), crops: upload(whole), y }, all));
  const got = await gpu.readFloats(y, colors.length);
  expectClose(
    got,
    alphas.map((a) => a / 255),
    { absolute: 1e-6 },
  );
  alphas.forEach((a, i) => {
    if (a % 255 === 0) expect(got[i]).toBe(a / 255);
  });
});

test('crops crop and mirror each picture on its own, and repeat the edge', async () => {
  const [images, sourceHeight, sourceWidth, height, width] = [4, 5, 7, 3, 4];
  const source = Uint32Array.from({ length: images * sourceHeight * sourceWidth }, (_, i) => ((i + 1) << 24) >>> 0);
  const crops = [
    [0, 0, 0],
    [2, 3, 0],
    [1, 2, 1],
    [4, 5, 0],
  ];
  const y = poisoned(images * height * width);
  await run((emit) =>
    emit.call(
      coverage,
      { pixels: upload(source), crops: upload(Uint32Array.from(crops.flatMap((w) => [...w, 9]))), y },
      { images, height, width, source_height: sourceHeight, source_width: sourceWidth },
    ),
  );
  const want = crops.flatMap(([top, left, mirror], n) =>
    Array.from({ length: height * width }, (_, i) => {
      const row = Math.min(top! + Math.floor(i / width), sourceHeight - 1);
      const column = mirror ? width - 1 - (i % width) : i % width;
      return (n * sourceHeight + row) * sourceWidth + Math.min(left! + column, sourceWidth - 1) + 1;
    }),
  );
  expect(Array.from(await gpu.readFloats(y, want.length), (v) => Math.round(255 * v))).toEqual(want);
});

test('lab_to_rgba gives back every byte, and clips what lies outside', async () => {
  const labs = colors.map(labOf);
  const vivid = labs.map(([l, a, b]): Triple => [l, 1.7 * a, 1.7 * b]);
  for (const [lab, off] of [
    [labs, 0],
    // Clipping puts no value near a half, but 1.7 times the chroma may: there a rounding error moves a byte by one.
    [vivid, 1],
  ] as const) {
    const y = poisoned(lab.length);
    const l = Float32Array.from(lab, ([v]) => v / 50 - 1);
    const ab = Float32Array.from(lab.flatMap(([, a, b]) => [a / 127, b / 127]));
    await run((emit) => emit.call(labToRgba, { lightness: upload(l), chroma: upload(ab), y }, { count: lab.length }));
    const got = new Uint8Array(await gpu.read(y, lab.length * 4));
    const want = lab.flatMap((v) => [...rgbOf(v).map(Math.round), 255]);
    expectClose(got, want, { absolute: off });
  }
});

function chunked<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size));
}
