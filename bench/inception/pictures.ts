/** Seeded pictures in [-1, 1]: colored waves and some noise, so that no two look alike to a pool over the whole. */
import { Random } from '../../src/util/random.ts';
import type { Floats } from './parameters.ts';

/** Makes `count` pictures [count, size, size, 3]; picture i is the same for every count. */
export function pictures(count: number, size: number, seed = 1): Floats {
  const data = new Float32Array(count * size * size * 3);
  for (let i = 0; i < count; i++) paint(data.subarray(i * size * size * 3, (i + 1) * size * size * 3), size, seed + i);
  return data;
}

function paint(data: Floats, size: number, seed: number): void {
  const random = new Random(seed);
  for (let c = 0; c < 3; c++) {
    const level = random.uniform() - 0.5;
    const [x, y] = [random.uniform() * 40 - 20, random.uniform() * 40 - 20];
    const phase = random.uniform() * 7;
    for (let i = 0; i < size * size; i++) {
      const wave = Math.sin(phase + ((i % size) * x + Math.floor(i / size) * y) / size);
      const value = level + 0.5 * wave + 0.4 * (random.uniform() - 0.5);
      data[i * 3 + c] = Math.min(1, Math.max(-1, value));
    }
  }
}

/** [N, H, W, C] to [N, C, H, W]. */
export function channelsFirst(data: Floats, channels: number, pixels: number): Floats {
  const out = new Float32Array(data.length);
  const image = channels * pixels;
  for (let i = 0; i < data.length; i++) {
    const first = i - (i % image);
    const [pixel, channel] = [Math.floor((i - first) / channels), (i - first) % channels];
    out[first + channel * pixels + pixel] = data[i]!;
  }
  return out;
}
