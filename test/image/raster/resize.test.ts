import { describe, expect, it } from 'vitest';
import { luma } from '../../../src/image/color/lab.ts';
import { fitText, isInk } from '../../../src/image/raster/font.ts';
import { GREY_THRESHOLD, isGrey, type Picture } from '../../../src/image/raster/picture.ts';
import { chromaOf, renderGrey, renderSize } from '../../../src/image/raster/render.ts';
import {
  type Plane,
  padToMultiple,
  resizeGrey,
  resizePicture,
  resizePlane,
  type Size,
} from '../../../src/image/raster/resize.ts';
import { contactSheet } from '../../../src/image/raster/sheet.ts';
import { deep, noise, random } from '../../support/fixtures.ts';
import { refusal } from '../../support/refusal.ts';

function planeNoise(width: number, height: number, channels: number): Plane {
  const next = random(4);
  return { data: Float32Array.from({ length: width * height * channels }, () => next() * 255), width, height };
}

/** The triangle filter by its definition: every input pixel, weight falling to 0 at `radius`, divided by the sum. */
function naiveResize(plane: Plane, to: Size, channels: number): number[] {
  const out: number[] = [];
  const weight = (i: number, j: number, from: number, target: number) => {
    const scale = from / target;
    return Math.max(0, 1 - Math.abs((i + 0.5) * scale - 0.5 - j) / Math.max(scale, 1));
  };
  for (let y = 0; y < to.height; y++) {
    for (let x = 0; x < to.width; x++) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        let total = 0;
        for (let j = 0; j < plane.height; j++) {
          for (let i = 0; i < plane.width; i++) {
            const w = weight(x, i, plane.width, to.width) * weight(y, j, plane.height, to.height);
            sum += w * plane.data[(j * plane.width + i) * channels + c]!;
            total += w;
          }
        }
        out.push(sum / total);
      }
    }
  }
  return out;
}

function worst(got: Float32Array, expected: ArrayLike<number>): number {
  expect(got.length).toBe(expected.length);
  return got.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
}

describe('resizePlane', () => {
  it.each([
    ['shrink', 41, 29, 7, 5, 1],
    ['shrink a little', 16, 16, 15, 13, 2],
    ['enlarge', 5, 4, 17, 11, 2],
    ['shrink one way, enlarge the other', 31, 3, 6, 8, 3],
    ['from one pixel', 1, 1, 4, 3, 1],
    ['to one pixel', 9, 8, 1, 1, 1],
    ['to the same size', 6, 5, 6, 5, 1],
  ])('%s: equals a naive float64 filter', (_, w, h, width, height, channels) => {
    const plane = planeNoise(w, h, channels);
    const got = resizePlane(plane, { width, height });
    // Sums of up to 82 terms of 255 in float32.
    expect(worst(got.data, naiveResize(plane, { width, height }, channels))).toBeLessThan(1e-3);
  });

  it('does not alias: fine stripes shrink to their mean', () => {
    const stripes = { data: Float32Array.from({ length: 640 }, (_, i) => (i % 2) * 255), width: 640, height: 1 };
    const { data } = resizePlane(stripes, { width: 40, height: 1 });
    // The filters at both ends are cut off inside a stripe.
    expect(worst(data.subarray(1, -1), new Float32Array(38).fill(127.5))).toBeLessThan(1e-3);
    expect(worst(data, new Float32Array(40).fill(127.5))).toBeLessThan(3);
  });
});

describe('resizeGrey', () => {
  const picture = noise(33, 21);
  const size = { width: 9, height: 6 };
  const grey = {
    ...picture,
    data: Float32Array.from({ length: 33 * 21 }, (_, i) =>
      luma(...([...picture.data.subarray(4 * i, 4 * i + 3)] as [number, number, number])),
    ),
  };

  it('is the resized BT.601 luma', () => {
    expect(worst(resizeGrey(picture, size).data, naiveResize(grey, size, 1))).toBeLessThan(1e-3);
  });

  it('gives 16-bit pictures on the same scale of 0..255', () => {
    const rgba = noise(33, 21);
    const wide = { ...rgba, data: Uint16Array.from(rgba.data, (code) => code * 257) };
    expect(worst(resizeGrey(wide, size).data, naiveResize(grey, size, 1))).toBeLessThan(1e-3);
  });

  it('counts transparent pixels as white', () => {
    const glass = (alpha: number) => ({ data: Uint8Array.of(0, 0, 0, alpha), width: 1, height: 1 });
    const one = { width: 1, height: 1 };
    expect([0, 51, 255].map((alpha) => resizeGrey(glass(alpha), one).data[0])).toEqual([255, 204, 0]);
  });
});

describe('renderSize', () => {
  it.each([
    [4000, 3000, 299, 224],
    [3000, 4000, 224, 299],
    [224, 224, 224, 224],
    [150, 100, 300, 200],
    [1, 1, 2, 2],
    [7, 5, 14, 10],
    [3000, 17, 896, 34],
    [17, 3000, 34, 896],
    [20000, 1, 896, 2],
  ])('%i x %i becomes %i x %i', (width, height, w, h) => {
    expect(renderSize(width, height)).toEqual({ width: w, height: h });
  });

  it('refuses sizes that make no sense', () => {
    expect(() => renderSize(10, 10, 0)).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: render size: expected whole pixels, 8 or more, got 0 – try 224]`,
    );
    expect(() => renderSize(10, 10, Number.NaN)).toThrow('got NaN');
  });

  it.each([
    [1, 1],
    [7, 5],
    [3000, 17],
    [1000, 731],
  ])('renderGrey of %i x %i is a multiple of 8 around the picture', (width, height) => {
    const plane = renderGrey(noise(width, height, { grey: true }));
    const { extent } = plane;
    expect([plane.width % 8, plane.height % 8]).toEqual([0, 0]);
    expect(plane.width - extent.width).toBeLessThan(8);
    expect(plane.data.length).toBe(plane.width * plane.height);
    expect(plane.data.at(-1)).toBe(plane.data[(extent.height - 1) * plane.width + extent.width - 1]);
  });
});

describe('padding', () => {
  it('repeats the last column and row', () => {
    const plane = { data: Float32Array.of(1, 2, 3, 4, 5, 6), width: 3, height: 2 };
    expect(padToMultiple(plane, 4)).toEqual({
      data: Float32Array.of(1, 2, 3, 3, 4, 5, 6, 6, 4, 5, 6, 6, 4, 5, 6, 6),
      width: 4,
      height: 4,
    });
  });

  it('leaves the picture itself as it is, with two channels', () => {
    const plane = planeNoise(13, 7, 2);
    const padded = padToMultiple(plane);
    expect([padded.width, padded.height]).toEqual([16, 8]);
    for (let y = 0; y < 7; y++) {
      const row = padded.data.subarray(y * 16 * 2, y * 16 * 2 + 13 * 2);
      expect(row).toEqual(plane.data.subarray(y * 13 * 2, (y + 1) * 13 * 2));
    }
  });
});

describe('isGrey', () => {
  const flat = (r: number, g: number, b: number): Picture => ({
    data: Uint8Array.of(r, g, b, 255),
    width: 1,
    height: 1,
  });
  it('looks at the mean spread of R, G and B', () => {
    expect(GREY_THRESHOLD).toBe(6);
    expect(isGrey(flat(100, 105, 103))).toBe(true);
    expect(isGrey(flat(100, 106, 103))).toBe(false);
    expect(isGrey(noise(8, 8))).toBe(false);
    expect(isGrey(noise(8, 8, { grey: true }))).toBe(true);
    expect([isGrey(deep(noise(8, 8))), isGrey(deep(noise(8, 8, { grey: true })))]).toEqual([false, true]);
  });
});

describe('contactSheet', () => {
  const solid = (width: number, height: number, code: number): Picture => {
    const data = new Uint8Array(width * height * 4).fill(code);
    for (let i = 3; i < data.length; i += 4) data[i] = 255;
    return { data, width, height };
  };

  it('centers each picture in a cell of one size, with gaps', () => {
    const options = { cell: { width: 8, height: 8 }, gap: 2, background: 200 };
    const sheet = contactSheet([[solid(40, 20, 10), solid(3, 6, 20)], [deep(solid(9, 9, 0))]], options);
    expect([sheet.width, sheet.height]).toEqual([22, 22]);
    const at = (x: number, y: number) => sheet.data[(y * 22 + x) * 4];
    // Wide: bars of 2 above and below; tall: bars of 2 left and right.
    expect([at(2, 3), at(2, 4), at(9, 7), at(9, 8)]).toEqual([200, 10, 10, 200]);
    expect([at(13, 2), at(14, 2), at(17, 9), at(18, 9)]).toEqual([200, 20, 20, 200]);
    expect([at(1, 12), at(2, 12), at(11, 21), at(15, 15)]).toEqual([200, at(2, 12), 200, 200]);
    expect(sheet.data.filter((_, i) => i % 4 === 3).every((alpha) => alpha === 255)).toBe(true);
  });

  it('writes labels above the columns, the end of those that are too long', () => {
    const options = { cell: { width: 36, height: 10 }, gap: 2, labels: ['I', 'far too long'], background: 255 };
    const sheet = contactSheet([[solid(9, 9, 100), solid(9, 9, 100)]], options);
    expect([sheet.width, sheet.height]).toEqual([2 * 38 + 2, 18 + 12 + 2]);
    const row = (y: number, from: number) =>
      Array.from({ length: 10 }, (_, x) => (sheet.data[(y * sheet.width + from + x) * 4] === 0 ? '#' : '.')).join('');
    expect([row(2, 2), row(4, 2), row(15, 2), row(16, 2)]).toEqual([
      '..######..',
      '....##....',
      '..######..',
      '..........',
    ]);
    expect(fitText('far too long', 36, 2)).toBe('…ng');
    expect(fitText('é', 36, 2)).toBe('e');
    expect([isInk('日', 0, 0), isInk('日', 2, 3)]).toEqual([true, false]);
  });

  it('refuses an empty sheet', () => {
    expect(() => contactSheet([])).toThrow(refusal('ShapeError', 'contactSheet', 'none', 'at least one picture'));
  });

  it('lays transparent pixels over white', () => {
    const glass = { data: Uint8Array.of(0, 0, 0, 128), width: 1, height: 1 };
    expect([...resizePicture(glass, { width: 1, height: 1 }).data]).toEqual([127, 127, 127, 255]);
  });
});

describe('chromaOf', () => {
  it("undoes the network's last doubling to the bit, and brings the grey along at that size", () => {
    const plane = renderGrey(noise(29, 21, { grey: true }), 21);
    expect(plane).toMatchObject({ width: 32, height: 24, extent: { width: 29, height: 21 } });
    const half = Float32Array.from({ length: 16 * 12 * 2 }, (_, i) => Math.sin(i * i) / 3);
    const doubled = Float32Array.from({ length: 32 * 24 * 2 }, (_, i) => {
      const [x, y] = [(i >> 1) % 32, Math.floor(i / 64)];
      return half[((y >> 1) * 16 + (x >> 1)) * 2 + (i & 1)]!;
    });
    const chroma = chromaOf(doubled, plane);
    expect(chroma).toMatchObject({ width: 16, height: 12, extent: { width: 14.5, height: 10.5 } });
    expect(chroma.data).toEqual(half.map((value) => value * 127));
    expect(chroma.guide).toHaveLength(16 * 12);
    const at = (x: number, y: number) => plane.data[y * 32 + x]!;
    expect(chroma.guide![3 * 16 + 5]).toBeCloseTo((at(10, 6) + at(11, 6) + at(10, 7) + at(11, 7)) / 4, 4);
  });
});
