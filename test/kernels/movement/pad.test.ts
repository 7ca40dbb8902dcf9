/** pad: every mode and width, and what stays as it is. The op's test has shapes of every rank. */
import { describe, expect, test } from 'vitest';
import { emitPad, joinPadded, type PadAxis, type PadRule, paddings } from '../../../src/kernels/movement/pad.ts';
import { indicesOf, offsetOf } from '../../reference/arrays.ts';
import { gpu, poisoned, run, upload } from '../../support/gpu.ts';
import { random } from '../../support/random.ts';

const axis = (extent: number, before = 0, after = 0): PadAxis => ({ extent, before, after });

/** The list [0, extent) with its surroundings, made by walking; -1 outside. */
function walk({ extent, before, after }: PadAxis, padding: PadRule): number[] {
  const inside = Array.from({ length: extent }, (_, i) => i);
  if (padding === 'constant') return [...Array(before).fill(-1), ...inside, ...Array(after).fill(-1)];
  if (padding === 'edge') return [...Array(before).fill(0), ...inside, ...Array(after).fill(extent - 1)];
  const bounce = (at: number, step: number, count: number): number[] => {
    if (extent === 1 || count === 0) return Array(count).fill(0);
    const next = at + step < 0 || at + step >= extent ? -step : step;
    return [at + next, ...bounce(at + next, next, count - 1)];
  };
  return [...bounce(0, -1, before).reverse(), ...inside, ...bounce(extent - 1, 1, after)];
}

describe.each(Object.keys(paddings) as PadRule[])('%s', (padding) => {
  test.each<[string, PadAxis[]]>([
    ['a vector', [axis(5, 2, 3)]],
    ['a vector, by more than it has', [axis(3, 8, 7)]],
    ['one element', [axis(1, 3, 2)]],
    ['a vector of whole vec4s by vec4s', [axis(8, 4, 4)]],
    ['a vector of whole vec4s by floats', [axis(8, 3, 1)]],
    ['pixels of 3 channels', [axis(2), axis(7, 1, 2), axis(5, 3, 0), axis(3)]],
    ['pixels of 6 channels', [axis(2), axis(7, 1, 2), axis(5, 3, 0), axis(6)]],
    ['pixels of 8 channels', [axis(2), axis(7, 1, 2), axis(5, 3, 0), axis(8)]],
    ['channels alone', [axis(3), axis(5), axis(4, 4, 0)]],
    ['nothing', [axis(33), axis(31)]],
    ['six axes', [axis(2, 1), axis(2, 0, 1), axis(3, 1, 1), axis(2, 2), axis(2, 0, 2), axis(5, 1, 1)]],
    ['around a workgroup', [axis(255, 1, 1)]],
  ])('%s', async (_, shape) => {
    const extents = shape.map(({ extent }) => extent);
    const result = shape.map(({ extent, before, after }) => before + extent + after);
    const count = result.reduce((product, extent) => product * extent, 1);
    const x = random(extents.reduce((product, extent) => product * extent, 1));
    const y = poisoned(count);
    await run((emit) => emitPad(emit, { x: upload(x), y }, { shape, padding, value: 7.5 }));
    const sources = shape.map((each) => walk(each, padding));
    const want = indicesOf(result).map((index) => {
      const source = index.map((i, k) => sources[k]![i]!);
      return source.includes(-1) ? 7.5 : x[offsetOf(extents, source)]!;
    });
    const got = await gpu.readFloats(y);
    expect(got.slice(0, count)).toEqual(Float32Array.from(want));
    expect(got.slice(count).every(Number.isNaN), 'what lies behind stays').toBe(true);
  });
});

test('axes are joined where the mode allows it', () => {
  const image = [axis(1), axis(9, 1, 1), axis(7, 2, 0), axis(8)];
  expect(joinPadded(image, 'constant')).toEqual([axis(56, 16), axis(9, 1, 1)]);
  expect(joinPadded(image, 'edge')).toEqual([axis(8), axis(7, 2), axis(9, 1, 1)]);
});
