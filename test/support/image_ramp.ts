/** A ramp of brightness in files of any sample type, and what comes of decoding them. */
import { expect } from 'vitest';
import { readImage } from '../../src/image/node.ts';
import { samplesOf, type TiffPage } from './tiff.ts';

export const WIDTH = 32;
/** Brightness 0…1 along a row, twice over. */
export const RAMP = Array.from({ length: 2 * WIDTH }, (_, i) => (i % WIDTH) / (WIDTH - 1));

export function page(bits: number, kind: 1 | 2 | 3, values: readonly number[], more: Partial<TiffPage> = {}): TiffPage {
  const samples = more.samples ?? 1;
  return {
    width: WIDTH,
    height: values.length / samples / WIDTH,
    bits,
    kind,
    data: samplesOf(values, bits, kind),
    ...more,
  };
}

/** Red, green, blue and alpha of a decoded file, 0…1. */
export async function decoded(file: Uint8Array): Promise<number[]> {
  const { data, depth } = await readImage(file);
  return Array.from(data, (code) => code / (depth === 16 ? 65535 : 255));
}

/** The largest difference from the colors that are expected, in 8-bit levels. */
export function worst(got: readonly number[], expected: readonly number[]): number {
  expect(got.length).toBe(expected.length);
  return 255 * Math.max(...got.map((value, i) => Math.abs(value - expected[i]!)));
}

export const opaqueGrey = (values: readonly number[]) => values.flatMap((v) => [v, v, v, 1]);
export const whole = (most: number) => RAMP.map((v) => Math.round(v * most));
