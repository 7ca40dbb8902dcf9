/** How strength acts: its parts at their corners, and all of them on pictures. */
import { describe, expect, it } from 'vitest';
import { castGuard, chromaStatistics } from '../../../src/image/color/cast_guard.ts';
import { applyChroma, type Chroma } from '../../../src/image/color/chroma.ts';
import { CHROMA_CEILING, ceilingGain } from '../../../src/image/color/chroma_ceiling.ts';
import { linearToSrgb, rgbToLab } from '../../../src/image/color/lab.ts';
import { lightnessWindow } from '../../../src/image/color/lightness_window.ts';
import { smoothstep } from '../../../src/image/color/smoothstep.ts';

/** The 16-bit grey of a lightness. */
function greyOf(lightness: number): number {
  const f = (lightness + 16) / 116;
  return Math.round(linearToSrgb(lightness > 8 ? f ** 3 : lightness / 903.3) * 65535);
}

function plane(width: number, ...values: number[]): Chroma {
  return { data: Float32Array.from(values), width, height: values.length / 2 / width };
}

/** Two hues, so that no cast is seen. */
const TWO_HUES = plane(2, 12, 20, -12, -20);

/** a*, b* of one pixel of that lightness, over the first of two hues. */
function chromaAt(lightness: number, strength: number, chroma = TWO_HUES): [number, number] {
  const data = new Uint16Array(chroma.width * chroma.height).fill(greyOf(lightness));
  const out = applyChroma({ data, width: chroma.width, height: chroma.height }, chroma, { strength });
  const [r, g, b] = out.data;
  const [, itsA, itsB] = rgbToLab(r! / 65535, g! / 65535, b! / 65535);
  return [itsA, itsB];
}

const range = (from: number, to: number, steps: number) =>
  Array.from({ length: steps + 1 }, (_, i) => from + ((to - from) * i) / steps);

/** The largest step between neighbors. */
const jump = (values: readonly number[]) => Math.max(...values.slice(1).map((v, i) => Math.abs(v - values[i]!)));

describe('parts', () => {
  it('smoothstep goes from 0 to 1', () => {
    expect([1, 2, 3, 4, 5].map((v) => smoothstep(2, 4, v))).toEqual([0, 0, 0.5, 1, 1]);
    expect(smoothstep(2, 4, 2.5)).toBeCloseTo(0.15625, 12);
  });

  it('the lightness window is off at 20 and 90, full from 35 to 75, and has no steps', () => {
    expect([0, 20, 35, 55, 75, 90, 100].map(lightnessWindow)).toEqual([0, 0, 1, 1, 1, 0, 0]);
    expect(lightnessWindow(27.5)).toBeCloseTo(0.5, 12);
    expect(lightnessWindow(82.5)).toBeCloseTo(0.5, 12);
    expect(jump(range(0, 100, 1000).map(lightnessWindow))).toBeLessThan(0.011);
  });

  it('the ceiling leaves small increases, is never passed, and keeps the order of colors', () => {
    expect(ceilingGain(1, 30, 70)).toBe(1);
    expect(ceilingGain(5, 70, 70)).toBe(1);
    expect(ceilingGain(5, 90, 70)).toBe(1);
    expect(ceilingGain(1.5, 0, 70)).toBe(1.5);
    expect(ceilingGain(1.1, 7, 70)).toBeCloseTo(1.099, 3);
    for (const gain of [1.2, 2, 10]) {
      const after = range(0, 100, 400).map((chroma) => chroma * ceilingGain(gain, chroma, 70));
      const inOrder = [...after].sort((x, y) => x - y);
      expect(after).toEqual(inOrder);
      expect(Math.max(...after.slice(0, 280))).toBeLessThanOrEqual(70);
      expect(jump(after)).toBeLessThan(0.25 * gain + 1e-9);
    }
    const growing = range(1, 10, 100).map((gain) => ceilingGain(gain, 20, 70));
    expect(growing).toEqual([...growing].sort((x, y) => x - y));
  });

  it('the guard withdraws from weak pictures of one hue only', () => {
    expect(castGuard({ oneHue: 1, high: 15 })).toBe(0);
    expect(castGuard({ oneHue: 0.98, high: 20 })).toBe(0);
    expect(castGuard({ oneHue: 0.9, high: 15 })).toBe(1);
    expect(castGuard({ oneHue: 1, high: 40 })).toBe(1);
    expect(castGuard({ oneHue: 0.94, high: 15 })).toBeCloseTo(0.5, 12);
    expect(castGuard({ oneHue: 1, high: 30 })).toBeCloseTo(0.5, 12);
    expect(jump(range(0.8, 1, 1000).map((oneHue) => castGuard({ oneHue, high: 10 })))).toBeLessThan(0.004);
  });

  it('statistics are those of the picture, without the padding', () => {
    const data = Float32Array.of(3, 4, 3, 4, 99, 99, -3, -4, 6, 8, 99, 99, 99, 99, 99, 99, 99, 99);
    const { oneHue, high } = chromaStatistics(data, 3, 2, 2);
    expect(oneHue).toBeCloseTo(Math.hypot(9, 12) / 25, 12);
    expect(high).toBe(10);
    expect(chromaStatistics(new Float32Array(8), 2, 2, 2)).toEqual({ oneHue: 0, high: 0 });
    const ramp = Float32Array.from({ length: 400 }, (_, i) => (i % 2 ? 0 : i / 2 + 1));
    expect(chromaStatistics(ramp, 20, 20, 10).high).toBe(198);
  });
});

describe('strength', () => {
  it('multiplies evenly up to 1, at every lightness, casts included', () => {
    const oneTint = plane(1, 4, 8);
    for (const lightness of [15, 30, 60, 85]) {
      for (const chroma of [TWO_HUES, oneTint]) {
        const [a, b] = chromaAt(lightness, 0.1, chroma);
        expect(a).toBeCloseTo(0.1 * chroma.data[0]!, 1);
        expect(b).toBeCloseTo(0.1 * chroma.data[1]!, 1);
      }
    }
    const [a, b] = chromaAt(60, 0);
    expect(Math.hypot(a, b)).toBeLessThan(1e-6);
  });

  it('above 1 adds at middle lightnesses, and nothing near black and white', () => {
    const more = (lightness: number) => Math.hypot(...chromaAt(lightness, 1.6)) / Math.hypot(...chromaAt(lightness, 1));
    const full = ceilingGain(1.6, Math.hypot(12, 20), CHROMA_CEILING);
    expect(full).toBeGreaterThan(1.4);
    expect(more(50)).toBeCloseTo(full, 2);
    expect(more(36)).toBeCloseTo(full, 2);
    expect(more(27.5)).toBeGreaterThan(1.1);
    expect(more(27.5)).toBeLessThan(full - 0.1);
    for (const lightness of [12, 19.9, 90.1, 95]) expect(more(lightness)).toBe(1);
  });

  it('grows without steps, through 1 as well, and keeps the hue', () => {
    const chromas = range(0, 3, 300).map((strength) => {
      const [a, b] = chromaAt(50, strength);
      if (strength > 0.05) expect(Math.atan2(b, a)).toBeCloseTo(Math.atan2(20, 12), 2);
      return Math.hypot(a, b);
    });
    for (const [i, chroma] of chromas.slice(1).entries()) expect(chroma).toBeGreaterThan(chromas[i]! - 1e-9);
    expect(jump(chromas)).toBeLessThan(0.01 * Math.hypot(12, 20) + 0.02);
  });

  it('takes nothing above 1 to a picture of one weak tint, and does to one strong color', () => {
    expect(chromaAt(50, 2, plane(1, 6, 10))).toEqual(chromaAt(50, 1, plane(1, 6, 10)));
    expect(Math.hypot(...chromaAt(50, 2, plane(1, -30, 30)))).toBeGreaterThan(48);
  });

  it('judges a cast by the picture, not by the padding', () => {
    const padded = { ...plane(2, 6, 10, -90, -90), extent: { width: 1, height: 1 } };
    expect(chromaAt(50, 2, padded)).toEqual(chromaAt(50, 1, padded));
  });

  it('stays below the ceiling, however strong, and never takes from the network', () => {
    for (const strength of [2, 10, 1e6]) {
      expect(Math.hypot(...chromaAt(60, strength, plane(2, 20, 20, -20, -20)))).toBeLessThan(CHROMA_CEILING + 0.1);
    }
    const vivid = plane(2, 60, 50, -20, -20);
    expect(chromaAt(55, 3, vivid)).toEqual(chromaAt(55, 1, vivid));
  });
});
