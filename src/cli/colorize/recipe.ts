/** Recipe of a call: what it colors with, as the ledger tells it. */
import { fileURLToPath } from 'node:url';
import { DEFAULT_SMOOTHING } from '../../image/color/smooth.ts';
import { defaultWeights } from '../../model/package_files.ts';
import { decodeWeights } from '../../model/weights.ts';
import { sha256 } from '../../onnx/sha256.ts';
import { readBytes } from '../../runtime/node/adapters.ts';
import type { Recipe } from '../ledger/line.ts';
import type { ColorizeRequest } from './options.ts';

/**
 * Reads the weights' file, and fills in what they decide. Neither the device nor `--tune` is part of it: what they change is
 * rounding.
 *
 * @throws EnvironmentError or FormatError for weights that cannot be used
 */
export async function recipeOf({ load, ask, apply, keepColor, mark }: ColorizeRequest): Promise<Recipe> {
  const path = load.weights === undefined ? fileURLToPath(defaultWeights()) : String(load.weights);
  const file = await readBytes(path);
  const { embedding, size } = decodeWeights(file, path);
  return {
    weights: await sha256(file),
    extractor: embedding?.sha256 ?? null,
    options: {
      strength: apply.strength ?? 1,
      upsampling: apply.upsampling ?? 'guided',
      renderSize: ask.renderSize ?? size,
      quality: ask.quality ?? 'fast',
      smoothing: ask.smoothing ?? DEFAULT_SMOOTHING,
      border: String(ask.border),
      precision: load.precision ?? 'f32',
      keepColor,
      mark,
    },
  };
}
