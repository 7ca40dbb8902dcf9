/** Colors a file in Node.   node examples/color.js old.jpg color.jpg   (npm i koalarize webgpu sharp) */
import { existsSync } from 'node:fs';
import { Colorizer } from 'koalarize';
import sharp from 'sharp';

const [from, to] = process.argv.slice(2);
if (!from || !to) throw new Error('usage: node examples/color.js FROM TO');
if (existsSync(to)) throw new Error(`${to} is there already`);

const pixels = sharp(from).autoOrient().toColourspace('srgb');
const decoded = pixels.flatten({ background: '#fff' }).ensureAlpha().raw(); // nothing transparent is left
const { data, info } = await decoded.toBuffer({ resolveWithObject: true });

const colorizer = await Colorizer.load(); // opens a device, loads the weights beside the package
const { width, height } = info;
const color = await colorizer.colorize({ data, width, height }, { strength: 1 });
await colorizer.close();

const raw = { width, height, channels: 4 };
await sharp(color.data, { raw }).removeAlpha().toFile(to);
console.log(`${to}: ${width} x ${height}`);
process.exit(); // Dawn keeps threads.
