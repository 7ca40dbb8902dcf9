/** Pictures and files made on the spot; no photographs are kept here. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Picture } from '../../src/image/raster/picture.ts';

/** A reproducible sequence of numbers in 0..1 (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An opaque 8-bit RGBA picture of noise; `grey` makes the three components equal. */
export function noise(width: number, height: number, { grey = false, seed = 1 } = {}): Picture<Uint8ClampedArray> {
  const next = random(seed);
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < data.length; i += 4) {
    for (let c = 0; c < 3; c++) data[i + c] = grey && c > 0 ? data[i]! : Math.floor(next() * 256);
  }
  return { data, width, height };
}

/** An opaque 8-bit RGBA picture of one color. */
export function flat(width: number, height: number, color: readonly [number, number, number]) {
  const data = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => [...color, 255][i % 4]!);
  return { data, width, height } satisfies Picture;
}

/** The same picture with 16 bits a component, and noise in the lower eight. */
export function deep({ data, width, height }: Picture, seed = 2): Picture<Uint16Array> {
  const next = random(seed);
  const out = new Uint16Array(data.length);
  for (let i = 0; i < out.length; i += 4) {
    const low = Math.floor(next() * 256);
    for (let c = 0; c < 3; c++) out[i + c] = data[i + c]! * 256 + low;
    out[i + 3] = data[i + 3]! * 257;
  }
  return { data: out, width, height };
}

/** An empty folder that is removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'koalarize-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
