/** The script that every consumer runs: it colors a small picture, and tells the result. */

/** A grey ramp, 32 x 24 pixels. */
const PICTURE = `{
  data: Uint8ClampedArray.from({ length: 32 * 24 * 4 }, (_, i) => (i % 4 === 3 ? 255 : 8 * (Math.floor(i / 4) % 32))),
  width: 32,
  height: 24,
}`;

/** @param options what `Colorizer.load` is given  @param tell what is done with \`result\`, the bytes joined by commas */
export function coloring(options: string, tell: string): string {
  return `
import { Colorizer } from 'koalarize';
const colorizer = await Colorizer.load(${options});
const { data } = await colorizer.colorize(${PICTURE});
const result = data.join();
await colorizer.close();
${tell}
`;
}

/** The largest difference between two results, in codes of 0 … 255. */
export function difference(a: string, b: string): number {
  const [these, those] = [a.split(',').map(Number), b.split(',').map(Number)];
  if (these.length !== 32 * 24 * 4 || those.length !== these.length) return Number.NaN;
  return Math.max(...these.map((value, i) => Math.abs(value - those[i]!)));
}

/** Whether any pixel has a color. */
export function isColored(result: string): boolean {
  const bytes = result.split(',').map(Number);
  return bytes.some((value, i) => i % 4 === 0 && Math.abs(value - bytes[i + 2]!) > 4);
}
