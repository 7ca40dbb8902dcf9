/** A grey picture as a file: a ramp, 96 x 64 pixels. */
import { join } from 'node:path';
import { writeImage } from '../../src/image/node.ts';

/** Writes it into `folder`. @returns its path */
export async function rampFile(folder: string): Promise<string> {
  const data = new Uint8ClampedArray(96 * 64 * 4).fill(255);
  for (let i = 0; i < data.length; i++) if (i % 4 < 3) data[i] = 40 + 2 * (Math.floor(i / 4) % 96);
  const path = join(folder, 'grey.png');
  await writeImage(path, { data, width: 96, height: 64 });
  return path;
}
