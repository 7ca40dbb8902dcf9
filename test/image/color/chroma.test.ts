import { describe, expect, it } from 'vitest';
import {
  type ApplyChromaOptions,
  applyChroma,
  applyChromaInTurns,
  type Chroma,
} from '../../../src/image/color/chroma.ts';
import { greyToLightness, linearToSrgb, rgbToLab } from '../../../src/image/color/lab.ts';
import { lumaRow, maxCode, type Picture } from '../../../src/image/raster/picture.ts';
import { deep, noise, random } from '../../support/fixtures.ts';

/** Chroma noise up to +- `size` in a* and b*. */
function chromaNoise(width: number, height: number, size: number, seed = 3): Chroma {
  const next = random(seed);
  return { data: Float32Array.from({ length: width * height * 2 }, () => (2 * next() - 1) * size), width, height };
}

function flat(a: number, b: number): Chroma {
  return { data: Float32Array.of(a, b), width: 1, height: 1 };
}

function labAt(picture: Picture, pixel: number): [number, number, number] {
  const max = maxCode(picture);
  const [r, g, b] = picture.data.subarray(4 * pixel, 4 * pixel + 3);
  return rgbToLab(r! / max, g! / max, b! / max);
}

/** What bilinear upsampling means, one sample at a time, in double precision. */
function naiveBilinear(chroma: Chroma, x: number, y: number, picture: Picture, channel: number): number {
  const { width, height } = chroma.extent ?? chroma;
  const columns = Math.ceil(width);
  const rows = Math.ceil(height);
  const sx = ((x + 0.5) / picture.width) * width - 0.5;
  const sy = ((y + 0.5) / picture.height) * height - 0.5;
  let sum = 0;
  for (const j of [Math.floor(sy), Math.floor(sy) + 1]) {
    for (const i of [Math.floor(sx), Math.floor(sx) + 1]) {
      const row = Math.min(Math.max(j, 0), rows - 1);
      const column = Math.min(Math.max(i, 0), columns - 1);
      const weight = (1 - Math.abs(sx - i)) * (1 - Math.abs(sy - j));
      sum += weight * chroma.data[(row * chroma.width + column) * 2 + channel]!;
    }
  }
  return sum;
}

describe('lightness', () => {
  it.each<[string, Picture]>([
    ['8-bit', noise(64, 48, { grey: true })],
    ['16-bit', deep(noise(64, 48, { grey: true }))],
  ])('of a %s grey picture is kept at every pixel under strong chroma', (_, picture) => {
    const max = maxCode(picture);
    const out = applyChroma(picture, chromaNoise(9, 7, 127));
    let colored = 0;
    for (let i = 0; i < 64 * 48; i++) {
      const grey = picture.data[4 * i]!;
      const [lightness, a, b] = labAt(out, i);
      colored += Math.hypot(a, b) > 5 ? 1 : 0;
      // What rounding the three components by half a code can do: under 0.23 at 8 bits.
      expect(Math.abs(lightness - greyToLightness(grey / max))).toBeLessThan(max === 255 ? 0.25 : 0.002);
    }
    expect(colored).toBeGreaterThan(2000);
  });

  it('is that of the luma for a color picture, whose own chroma is dropped', () => {
    const color = noise(40, 30);
    const row = new Uint16Array(40);
    const grey = new Uint8ClampedArray(40 * 30 * 4).fill(255);
    for (let y = 0; y < 30; y++) {
      lumaRow(color.data, 4, 40, y, row);
      row.forEach((code, x) => {
        grey.fill(code, (y * 40 + x) * 4, (y * 40 + x) * 4 + 3);
      });
    }
    const chroma = chromaNoise(5, 5, 60);
    expect(applyChroma(color, chroma)).toEqual(applyChroma({ data: grey, width: 40, height: 30 }, chroma));
  });

  it.each([255, 65535])('leaves every grey up to %i exactly as it is without chroma', (max) => {
    const data = max === 255 ? new Uint8ClampedArray(256) : new Uint16Array(65536);
    for (let code = 0; code <= max; code++) data[code] = code;
    const picture: Picture = { data, width: max + 1, height: 1 };
    for (const chroma of [flat(0, 0), flat(1e-9, -1e-9)]) {
      const out = applyChroma(picture, chroma);
      const wrong = data.findIndex((code, i) => [0, 1, 2].some((c) => out.data[4 * i + c] !== code));
      expect(wrong).toBe(-1);
    }
  });
});

describe('gamut clip', () => {
  // 16 bits, so that rounding does not hide the clip.
  it('keeps L* within 0.5 and the hue within a degree', () => {
    for (let grey = 6000; grey < 65000; grey += 4000) {
      for (let angle = 0; angle < 360; angle += 7) {
        const wanted = (angle * Math.PI) / 180;
        const picture = { data: Uint16Array.of(grey), width: 1, height: 1 };
        const out = applyChroma(picture, flat(140 * Math.cos(wanted), 140 * Math.sin(wanted)));
        const [lightness, a, b] = labAt(out, 0);
        expect(Math.abs(lightness - greyToLightness(grey / 65535))).toBeLessThan(0.5);
        const turn = Math.atan2(b, a) - wanted;
        expect((Math.abs(Math.atan2(Math.sin(turn), Math.cos(turn))) * 180) / Math.PI).toBeLessThan(1);
        // As far out as it goes: a component at its limit, to within the last halving (0.14 units of chroma).
        const rgb = [...out.data.subarray(0, 3)];
        expect(Math.min(...rgb) < 2500 || Math.max(...rgb) > 65535 - 400).toBe(true);
      }
    }
  });

  it('returns colors inside sRGB to within one code', () => {
    const next = random(5);
    for (let i = 0; i < 2000; i++) {
      const rgb = [0, 0, 0].map(() => Math.floor(next() * 256));
      const [lightness, a, b] = rgbToLab(rgb[0]! / 255, rgb[1]! / 255, rgb[2]! / 255);
      // The 16-bit grey of that lightness.
      const y = ((lightness + 16) / 116) ** 3;
      if (lightness < 8 || Math.max(...rgb) > 250 || Math.min(...rgb) < 5) continue;
      const picture = { data: Uint16Array.of(Math.round(linearToSrgb(y) * 65535)), width: 1, height: 1 };
      const out = applyChroma(picture, flat(a, b));
      rgb.forEach((code, c) => {
        expect(Math.abs(out.data[c]! / 257 - code)).toBeLessThan(0.2);
      });
    }
  });
});

describe('upsampling', () => {
  it.each([
    ['enlarged', { width: 37, height: 23 }, { width: 5, height: 4 }, undefined],
    ['with padding left out', { width: 37, height: 23 }, { width: 8, height: 8 }, { width: 6.5, height: 5 }],
    ['at the same size', { width: 8, height: 8 }, { width: 8, height: 8 }, undefined],
    ['shrunk', { width: 3, height: 2 }, { width: 8, height: 8 }, undefined],
  ])('%s equals a naive float64 bilinear', (_, size, plane, extent) => {
    const chroma = { ...chromaNoise(plane.width, plane.height, 20), ...(extent && { extent }) };
    // Mid grey takes any chroma of 20, and 16 bits show it to 0.01.
    const picture = { ...size, data: new Uint16Array(size.width * size.height).fill(32768) };
    const out = applyChroma(picture, chroma);
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        const [, a, b] = labAt(out, y * size.width + x);
        expect(Math.abs(a - naiveBilinear(chroma, x, y, picture, 0))).toBeLessThan(0.01);
        expect(Math.abs(b - naiveBilinear(chroma, x, y, picture, 1))).toBeLessThan(0.01);
      }
    }
  });

  it('never reads the padding', () => {
    const data = new Float32Array(4 * 4 * 2).fill(1e6);
    for (const pixel of [0, 1, 4, 5]) data.fill(0, 2 * pixel, 2 * pixel + 2);
    const picture = noise(11, 9, { grey: true });
    const out = applyChroma(picture, { data, width: 4, height: 4, extent: { width: 1.5, height: 2 } });
    expect(out.data).toEqual(picture.data);
  });
});

describe('options and inputs', () => {
  it('multiplies the chroma by a strength up to 1', () => {
    const picture = { data: Uint16Array.of(32768), width: 1, height: 1 };
    expect(labAt(applyChroma(picture, flat(10, -20), { strength: 0.5 }), 0)[2]).toBeCloseTo(-10, 1);
    expect(labAt(applyChroma(picture, flat(10, -20)), 0)[2]).toBeCloseTo(-20, 1);
    expect([...applyChroma(picture, flat(10, -20), { strength: 0 }).data]).toEqual([32768, 32768, 32768, 65535]);
  });

  it('keeps alpha, and reads grey, grey with alpha, and RGB', () => {
    const size = { width: 2, height: 1 };
    const read = (...codes: number[]) => [...applyChroma({ ...size, data: Uint8Array.from(codes) }, flat(0, 0)).data];
    expect(read(7, 9)).toEqual([7, 7, 7, 255, 9, 9, 9, 255]);
    expect(read(7, 1, 9, 2)).toEqual([7, 7, 7, 1, 9, 9, 9, 2]);
    expect(read(7, 7, 7, 9, 9, 9)).toEqual([7, 7, 7, 255, 9, 9, 9, 255]);
    expect(read(7, 7, 7, 1, 9, 9, 9, 2)).toEqual([7, 7, 7, 1, 9, 9, 9, 2]);
  });

  it('leaves the input as it is', () => {
    const picture = noise(9, 9);
    const before = picture.data.slice();
    applyChroma(picture, flat(30, 30));
    expect(picture.data).toEqual(before);
  });

  it.each([
    [1, 1],
    [7, 5],
    [3000, 17],
    [1600, 1200],
  ])('colors %i x %i', (width, height) => {
    const picture = { data: new Uint8ClampedArray(width * height).fill(128), width, height };
    const out = applyChroma(picture, chromaNoise(28, 21, 40));
    expect([out.width, out.height, out.data.length]).toEqual([width, height, width * height * 4]);
    expect(out.data.at(-1)).toBe(255);
    expect(labAt(out, width * height - 1)[0]).toBeCloseTo(greyToLightness(128 / 255), 0);
  });

  it('refuses what does not fit', () => {
    const picture = noise(2, 2);
    const refused = (picture: Picture, chroma: Chroma, options: ApplyChromaOptions = {}) =>
      expect(() => applyChroma(picture, chroma, options));
    refused({ ...picture, width: 3 }, flat(0, 0)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: applyChroma: expected 6, 12, 18, 24 elements of data for 3 x 2, got 16 – pass 1 to 4 channels]`,
    );
    const where = 'applyChroma';
    for (const [changed, chroma, options, got] of [
      [{ width: 0 }, {}, {}, '0 x 2'],
      [{}, { width: 2 }, {}, '2'],
      [{}, { data: flat(0, Number.NaN).data }, {}, 'NaN at 1'],
      [{}, { extent: { width: 2, height: 1 } }, {}, '2 x 1'],
      [{}, {}, { strength: -1 }, '-1'],
    ] as const) {
      const error = expect.objectContaining({ where, got });
      refused({ ...picture, ...changed }, { ...flat(0, 0), ...chroma }, options).toThrow(error);
    }
  });
});

describe('in turns', () => {
  it('colors as at once, and lets timers of others run in the midst of a large picture', async () => {
    // Of 2.3 turns, with rows that do not share out evenly.
    const picture = noise(1021, 2260);
    const chroma = { ...chromaNoise(7, 15, 60), guide: Float32Array.from({ length: 7 * 15 }, (_, i) => i) };
    const options = { strength: 1.3 };
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const { data } = await applyChromaInTurns(picture, chroma, options);
    clearInterval(timer);
    expect(ticks).toBeGreaterThanOrEqual(2);
    expect(Buffer.from(data).equals(Buffer.from(applyChroma(picture, chroma, options).data))).toBe(true);
    await expect(applyChromaInTurns(picture, { ...chroma, width: 8 })).rejects.toThrow('applyChroma: expected');
  });
});
