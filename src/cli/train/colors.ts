/** Histogram of the colors in the pictures of a run: counted once, from the same pictures for the same folder. */
import { rgbaToLab } from '../../image/color/lab.ts';
import type { Dataset } from '../../train/data/batch.ts';
import { BINS, binOf } from '../../train/data/rebalance.ts';
import { eachOf } from '../shared/scan.ts';

/** Pictures that are counted. They are in the order of their hashes, so the first are a random sample. */
const PICTURES = 500;
/** Pixels that are counted of each picture, about. */
const PIXELS = 4096;
const AT_ONCE = 16;

/** Pixels by bin of a* and b*: see `binOf`. */
export async function countColors(dataset: Dataset): Promise<number[]> {
  const counts = new Array<number>(BINS ** 2).fill(0);
  const indices = Array.from({ length: Math.min(PICTURES, dataset.length) }, (_, i) => i);
  await eachOf(indices, AT_ONCE, async (index) => {
    const { data, width, height } = await dataset.picture(index);
    const every = Math.ceil(Math.sqrt((width * height) / PIXELS));
    for (let y = 0; y < height; y += every) {
      const lab = rgbaToLab(data.subarray(y * width * 4, (y + 1) * width * 4));
      for (let x = 0; x < width; x += every) counts[binOf(lab[3 * x + 1]!, lab[3 * x + 2]!)]!++;
    }
  });
  return counts;
}
