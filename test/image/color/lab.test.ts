import { describe, expect, it } from 'vitest';
import {
  GREY_LIGHTNESS,
  greyToLightness,
  greyToNetwork,
  labToRgb,
  linearToSrgb,
  luma,
  networkToChroma,
  RGB_TO_XYZ,
  rgbaToLab,
  rgbToLab,
  srgbToLinear,
  WHITE,
  XYZ_TO_RGB,
} from '../../../src/image/color/lab.ts';

describe('published values', () => {
  // sRGB to L*a*b* under D65 with the white 0.95047, 1, 1.08883: http://www.brucelindbloom.com/ColorCalculator.html,
  // the same as skimage.color.rgb2lab gives. Two decimals.
  it.each([
    ['red', [255, 0, 0], [53.24, 80.09, 67.2]],
    ['green', [0, 255, 0], [87.73, -86.18, 83.18]],
    ['blue', [0, 0, 255], [32.3, 79.19, -107.86]],
    ['cyan', [0, 255, 255], [91.11, -48.09, -14.13]],
    ['magenta', [255, 0, 255], [60.32, 98.23, -60.82]],
    ['yellow', [255, 255, 0], [97.14, -21.55, 94.48]],
    ['white', [255, 255, 255], [100, 0, 0]],
    ['mid grey', [128, 128, 128], [53.59, 0, 0]],
    ['black', [0, 0, 0], [0, 0, 0]],
  ])('%s', (_, rgb, lab) => {
    const got = rgbToLab(rgb[0]! / 255, rgb[1]! / 255, rgb[2]! / 255);
    got.forEach((value, i) => {
      expect(Math.abs(value - lab[i]!)).toBeLessThanOrEqual(0.0051);
    });
  });

  it('has the matrix of IEC 61966-2-1 to its four digits', () => {
    const published = [0.4124, 0.3576, 0.1805, 0.2126, 0.7152, 0.0722, 0.0193, 0.1192, 0.9505];
    RGB_TO_XYZ.forEach((value, i) => {
      expect(Math.abs(value - published[i]!)).toBeLessThan(2.1e-4);
    });
  });

  it('decodes the transfer curve at its known points', () => {
    expect(srgbToLinear(0.5)).toBeCloseTo(0.2140411, 7);
    expect(srgbToLinear(0.04045)).toBeCloseTo(0.0031308, 7);
    expect(linearToSrgb(0.5)).toBeCloseTo(0.735357, 7);
    expect(linearToSrgb(1)).toBeCloseTo(1, 12);
  });
});

describe('identities', () => {
  it('has inverse matrices and rows that sum to the white', () => {
    for (let i = 0; i < 3; i++) {
      expect(RGB_TO_XYZ[3 * i]! + RGB_TO_XYZ[3 * i + 1]! + RGB_TO_XYZ[3 * i + 2]!).toBeCloseTo(WHITE[i]!, 12);
      for (let j = 0; j < 3; j++) {
        let sum = 0;
        for (let k = 0; k < 3; k++) sum += RGB_TO_XYZ[3 * i + k]! * XYZ_TO_RGB[3 * k + j]!;
        expect(sum).toBeCloseTo(i === j ? 1 : 0, 12);
      }
    }
  });

  it('goes to L*a*b* and back without loss', () => {
    let worst = 0;
    for (let r = 0; r < 256; r += 15) {
      for (let g = 0; g < 256; g += 15) {
        for (let b = 0; b < 256; b += 15) {
          const back = labToRgb(...rgbToLab(r / 255, g / 255, b / 255));
          [r, g, b].forEach((code, i) => {
            worst = Math.max(worst, Math.abs(back[i]! * 255 - code));
          });
        }
      }
    }
    expect(worst).toBeLessThan(1e-4);
  });

  it('gives every grey a* = b* = 0, and the L* of the tables', () => {
    for (let code = 0; code < 256; code++) {
      const [lightness, a, b] = rgbToLab(code / 255, code / 255, code / 255);
      expect(Math.max(Math.abs(a), Math.abs(b))).toBeLessThan(1e-10);
      expect(GREY_LIGHTNESS[code]).toBeCloseTo(lightness, 4);
      expect(greyToLightness(code / 255)).toBeCloseTo(lightness, 10);
    }
  });

  it('converts RGBA in bulk as it does one color', () => {
    const lab = rgbaToLab(Uint8Array.of(10, 200, 30, 0, 255, 128, 64, 255));
    expect([...lab]).toEqual([
      ...rgbToLab(10 / 255, 200 / 255, 30 / 255).map(Math.fround),
      ...rgbToLab(1, 128 / 255, 64 / 255).map(Math.fround),
    ]);
  });
});

describe('luma and the network scales', () => {
  it('weights R, G, B as BT.601', () => {
    expect([luma(1, 0, 0), luma(0, 1, 0), luma(0, 0, 1)]).toEqual([0.299, 0.587, 0.114]);
  });

  it('scales L* by 50 minus 1 and a*, b* by 127', () => {
    expect([...greyToNetwork(Float32Array.of(0, 255))]).toEqual([-1, 1]);
    expect(greyToNetwork(Float32Array.of(128))[0]).toBeCloseTo(53.585 / 50 - 1, 4);
    expect([...networkToChroma(Float32Array.of(-1, 0.5))]).toEqual([-127, 63.5]);
  });
});
