/**
 * Trains a small colorizer on a folder of photographs.   node examples/train.js photos/ weights.safetensors [STEPS]
 * `koalarize train` is the same with checkpoints, validation and a cache.
 */
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  colorizationNetwork,
  encodeWeights,
  Gpu,
  readState,
  sourceSize,
  Trainer,
  train,
  weightsMetadata,
} from 'koalarize';
import sharp from 'sharp';

const [folder, to, steps = '100'] = process.argv.slice(2);
if (!folder || !to) throw new Error('usage: node examples/train.js FOLDER WEIGHTS [STEPS]');
const size = 64; // pixels a side

// By number, their shorter side as long as crops of `size` need.
const names = (await readdir(folder)).filter((name) => /\.(jpe?g|png|webp)$/i.test(name));
const side = sourceSize(size);
const dataset = {
  length: names.length,
  async picture(index) {
    const resized = sharp(join(folder, names[index])).autoOrient().resize(side, side, { fit: 'outside' });
    const pixels = resized.flatten({ background: '#fff' }).toColourspace('srgb').ensureAlpha().raw();
    const { data, info } = await pixels.toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  },
};

// The network may be any graph from lightness [N, H, W, 1] to chroma [N, H, W, 2].
const info = { network: { widthDivisor: 8, embeddingWidth: 0 }, lightness: 'luma' };
const network = (lightness) => colorizationNetwork(info.network, lightness);
const gpu = await Gpu.open();
const trainer = await Trainer.create(gpu, { size }, network);
for await (const { step, loss } of train({ trainer, dataset, steps: Number(steps) }))
  console.log(step, loss.toFixed(5));
await writeFile(to, encodeWeights(await readState(trainer), { ...weightsMetadata(info), size: String(size) }));
console.log(`${to}: after ${trainer.lastStep} steps`);
trainer.close();
await gpu.close();
