/** Pictures to train on in tests: what is where decides texture and color, so that the color can be learned. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import type { Dataset, DecodedPicture } from '../../src/train/data/batch.ts';

/** RGBA. Soft stripes, whose direction and width follow from the number; the hue follows from the brightness alone. */
export function picture(number: number, width: number, height = width): DecodedPicture {
  const data = new Uint8Array(width * height * 4).fill(255);
  const angle = (number * Math.PI) / 8;
  const period = 32 + (number % 3) * 8;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const wave = Math.sin((2 * Math.PI * (x * Math.cos(angle) + y * Math.sin(angle))) / period);
      const [r, g, b] = [0, 1, 2].map((channel) => 45 * Math.cos(1.2 * wave + (channel * 2 * Math.PI) / 3));
      // Less its luma, the color leaves the brightness as it is.
      const bright = 125 + 50 * wave - (0.299 * r! + 0.587 * g! + 0.114 * b!);
      data.set([bright + r!, bright + g!, bright + b!], (y * width + x) * 4);
    }
  }
  return { data, width, height };
}

/** `count` squares in memory. */
export function datasetOf(count: number, side: number): Dataset {
  const pictures = Array.from({ length: count }, (_, number) => picture(number, side));
  return { length: count, picture: async (index) => pictures[index]! };
}

/** Writes picture `number` to a file, in the format of its extension. */
export async function writePicture(path: string, number: number, width = 48, height = 40): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const raw = { width, height, channels: 4 } as const;
  const image = sharp(picture(number, width, height).data, { raw }).removeAlpha();
  const extension = path.toLowerCase().replace(/.*\./, '');
  const format = ({ jpg: 'jpeg', tif: 'tiff' } as const)[extension as 'jpg'] ?? (extension as 'png');
  await writeFile(path, await image.toFormat(format).toBuffer());
}

/** Writes `count` pictures as PNG files. */
export async function writePictures(dir: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await writePicture(join(dir, `${i}.png`), i);
}
