/** Upsampling along the picture's edges: against its formula in double precision, and what it is for. */
import { describe, expect, it } from 'vitest';
import { applyChroma, type Chroma } from '../../../src/image/color/chroma.ts';
import { GUIDE_VARIANCE } from '../../../src/image/color/injection.ts';
import { DETAIL_LIMIT, guidedRows } from '../../../src/image/color/upsample.ts';
import type { Picture } from '../../../src/image/raster/picture.ts';
import { resizeGrey, resizePlane } from '../../../src/image/raster/resize.ts';
import { noise, random } from '../../support/fixtures.ts';
import { refusal } from '../../support/refusal.ts';

interface Guided extends Chroma {
  readonly guide: Float32Array;
  readonly extent: { readonly width: number; readonly height: number };
}

/** Noise for chroma and guide, with values in the padding that would show. */
function guided(width: number, height: number, extent = { width, height }): Guided {
  const next = random(11);
  const data = Float32Array.from({ length: width * height * 2 }, () => (2 * next() - 1) * 25);
  const guide = Float32Array.from({ length: width * height }, () => 255 * next());
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (x < Math.ceil(extent.width) && y < Math.ceil(extent.height)) continue;
      data.fill(1e5, 2 * (y * width + x), 2 * (y * width + x) + 2);
      guide[y * width + x] = 1e5;
    }
  }
  return { data, guide, width, height, extent };
}

function rowsOf(chroma: Guided, picture: Picture, max = 255): Float64Array {
  const { width, height } = picture;
  const up = guidedRows(chroma, chroma.guide, picture, max);
  const out = new Float64Array(width * height * 2);
  for (let y = 0; y < height; y++) {
    const grey = Uint16Array.from(picture.data.subarray(y * width, (y + 1) * width));
    up(y, grey, out.subarray(2 * y * width, 2 * (y + 1) * width));
  }
  return out;
}

type Sample = (i: number, j: number) => number;

/** One sample by the formula, everything from scratch. */
function naive(chroma: Guided, picture: Picture, x: number, y: number, channel: number): number {
  const columns = Math.ceil(chroma.extent.width);
  const rows = Math.ceil(chroma.extent.height);
  const clamp = (v: number, n: number) => Math.min(Math.max(v, 0), n - 1);
  const at = (i: number, j: number) => clamp(j, rows) * chroma.width + clamp(i, columns);
  const value = (i: number, j: number, c = channel) => chroma.data[2 * at(i, j) + c]!;
  const guide = (i: number, j: number) => chroma.guide[at(i, j)]!;
  const gain = (i: number, j: number) => {
    const [ci, cj] = [clamp(i, columns), clamp(j, rows)];
    const near = [-1, 0, 1].flatMap((dj) =>
      [-1, 0, 1].map((di) => ({ w: ((2 - Math.abs(di)) * (2 - Math.abs(dj))) / 16, i: ci + di, j: cj + dj })),
    );
    const mean = (of: Sample) => near.reduce((sum, n) => sum + n.w * of(n.i, n.j), 0);
    const spread = (one: Sample, other: Sample) => {
      const [m, n] = [mean(one), mean(other)];
      return mean((p, q) => (one(p, q) - m) * (other(p, q) - n));
    };
    const variance = spread(guide, guide);
    const both = [0, 1].map((c) => (p: number, q: number) => value(p, q, c));
    const explained =
      both.reduce((sum, of) => sum + spread(guide, of) ** 2, 0) /
      (variance + 1) /
      (both.reduce((sum, of) => sum + spread(of, of), 0) + 1);
    return (explained * spread(guide, both[channel]!)) / (variance + GUIDE_VARIANCE);
  };
  const sx = ((x + 0.5) / picture.width) * chroma.extent.width - 0.5;
  const sy = ((y + 0.5) / picture.height) * chroma.extent.height - 0.5;
  const up = (of: Sample) => {
    let sum = 0;
    for (const j of [Math.floor(sy), Math.floor(sy) + 1]) {
      for (const i of [Math.floor(sx), Math.floor(sx) + 1]) {
        sum += (1 - Math.abs(sx - i)) * (1 - Math.abs(sy - j)) * of(i, j);
      }
    }
    return sum;
  };
  const detail = picture.data[y * picture.width + x]! - up(guide);
  return up(value) + (up(gain) * detail) / Math.sqrt(1 + (detail / DETAIL_LIMIT) ** 2);
}

function greys(width: number, height: number): Picture<Uint8Array> {
  const next = random(4);
  return { data: Uint8Array.from({ length: width * height }, () => 256 * next()), width, height };
}

describe('guided upsampling', () => {
  it.each([
    ['odd sizes', [37, 23], [5, 4], undefined],
    ['a fraction of padding', [37, 23], [8, 8], [6.5, 4.5]],
    ['one column', [1, 31], [1, 5], undefined],
    ['one row', [31, 1], [8, 1], [4.5, 0.5]],
    ['one pixel', [1, 1], [4, 4], [0.5, 0.5]],
    ['the same size', [8, 8], [8, 8], undefined],
    ['shrinking', [3, 2], [8, 8], undefined],
  ])('equals the formula: %s', (_, [width, height], [w, h], extent) => {
    const chroma = guided(w!, h!, extent && { width: extent[0]!, height: extent[1]! });
    const picture = greys(width!, height!);
    const out = rowsOf(chroma, picture);
    for (let y = 0; y < height!; y++) {
      for (let x = 0; x < width!; x++) {
        for (const c of [0, 1]) {
          expect(out[2 * (y * width! + x) + c]).toBeCloseTo(naive(chroma, picture, x, y, c), 4);
        }
      }
    }
  });

  it('does not depend on the order of the rows', () => {
    const chroma = guided(6, 5);
    const picture = greys(40, 30);
    const all = rowsOf(chroma, picture);
    const up = guidedRows(chroma, chroma.guide, picture, 255);
    for (let y = 29; y >= 0; y -= 7) {
      const row = new Float64Array(80);
      up(y, Uint16Array.from(picture.data.subarray(y * 40, (y + 1) * 40)), row);
      expect(row).toEqual(all.subarray(80 * y, 80 * (y + 1)));
    }
  });

  /** Grey and a* with a step at one column; both reduced and enlarged again. How far off a* is, in small pixels. */
  function bleeding(low: number, high: number, upsampling: 'guided' | 'bilinear', edge: number): number {
    const [width, height, small] = [320, 64, { width: 20, height: 4 }];
    const data = new Uint16Array(width * height).map((_, i) => (i % width < edge ? low : high) * 257);
    const ab = new Float32Array(2 * width * height).map((_, i) => (i % 2 ? 0 : (i / 2) % width < edge ? -15 : 15));
    const picture = { data, width, height };
    const truth = { data: ab, width, height };
    const plane = resizePlane(truth, small, 2);
    const chroma = { ...plane, guide: resizeGrey(picture, small).data };
    const out = applyChroma(picture, chroma, { upsampling });
    const wanted = applyChroma(picture, truth, { upsampling: 'bilinear' });
    // Red less green stands for a*: the share of the whole step by which each pixel of a middle row is off.
    const difference = (p: Picture, x: number) => p.data[4 * (32 * width + x)]! - p.data[4 * (32 * width + x) + 1]!;
    let off = 0;
    for (let x = 0; x < width; x++) {
      const span = Math.abs(difference(wanted, x < edge ? 0 : width - 1)) * 2;
      off += Math.abs(difference(out, x) - difference(wanted, x)) / span;
    }
    return off / (width / small.width);
  }

  it.each([160, 164, 168])('lets colors bleed less across an edge in the grey (at column %i)', (edge) => {
    const strong = [bleeding(64, 192, 'bilinear', edge), bleeding(64, 192, 'guided', edge)];
    expect(strong[0]).toBeGreaterThan(0.3);
    expect(strong[1]! / strong[0]!).toBeLessThan(0.65);
    const weak = [bleeding(100, 140, 'bilinear', edge), bleeding(100, 140, 'guided', edge)];
    expect(weak[1]! / weak[0]!).toBeLessThan(0.75);
  });

  it('is the bilinear one where the grey has no edges, where colors have none, and without a guide', () => {
    const flat = { data: new Uint8ClampedArray(40 * 30).fill(120), width: 40, height: 30 };
    const { data, guide, ...size } = guided(6, 5);
    const bilinear = (picture: Picture, chroma: Chroma) => applyChroma(picture, chroma, { upsampling: 'bilinear' });
    const even = { ...size, data, guide: new Float32Array(30).fill(120) };
    expect(applyChroma(flat, even)).toEqual(bilinear(flat, even));
    const picture = greys(40, 30);
    const one = { ...size, guide, data: new Float32Array(60).map((_, i) => (i % 2 ? 12 : -7)) };
    expect(applyChroma(picture, one)).toEqual(bilinear(picture, one));
    const without = { ...size, data };
    expect(applyChroma(picture, without)).toEqual(bilinear(picture, { ...without, guide }));
    expect(applyChroma(picture, { ...without, guide })).not.toEqual(applyChroma(picture, without));
  });

  it('colors 8 and 16 bits alike, to the rounding', () => {
    const picture = noise(41, 29, { grey: true });
    const chroma = guided(7, 5, { width: 6.5, height: 4.5 });
    const same = { ...picture, data: Uint16Array.from(picture.data, (code) => code * 257) };
    const [eight, sixteen] = [applyChroma(picture, chroma), applyChroma(same, chroma)];
    for (const [i, code] of eight.data.entries()) expect(Math.abs(sixteen.data[i]! / 257 - code)).toBeLessThan(0.51);
  });

  it('takes what is transparent as white, as the network does', () => {
    const size = { width: 12, height: 9 };
    const [clear, white] = [new Uint8Array(12 * 9 * 2), new Uint8Array(12 * 9).fill(255)];
    for (let i = 0; i < 108; i++) {
      if (i % 12 > 5) white[i] = clear[2 * i] = 100 + (i % 7);
      clear[2 * i + 1] = i % 12 > 5 ? 255 : 0;
    }
    const chroma = { ...guided(4, 3), guide: resizeGrey({ ...size, data: white }, { width: 4, height: 3 }).data };
    const [a, b] = [applyChroma({ ...size, data: clear }, chroma), applyChroma({ ...size, data: white }, chroma)];
    for (let i = 0; i < 108; i++) {
      if (i % 12 > 5) expect([...a.data.slice(4 * i, 4 * i + 3)]).toEqual([...b.data.slice(4 * i, 4 * i + 3)]);
    }
  });

  it('refuses a guide that does not fit', () => {
    const picture = greys(4, 4);
    const chroma = guided(2, 2);
    expect(() => applyChroma(picture, { ...chroma, guide: new Float32Array(3) })).toThrowErrorMatchingInlineSnapshot(
      `[ShapeError: applyChroma: expected a guide [2, 2] = 4 elements, got 3 – one grey for each a*, b*]`,
    );
    expect(() => applyChroma(picture, { ...chroma, guide: Float32Array.of(1, 2, Number.NaN, 4) })).toThrow(
      refusal('FormatError', 'applyChroma', 'NaN at 2', 'a finite guide'),
    );
    expect(() => applyChroma(picture, chroma, { upsampling: 'cubic' as 'guided' })).toThrow(
      refusal('ShapeError', 'applyChroma', "'cubic'", 'guided or bilinear'),
    );
  });
});
