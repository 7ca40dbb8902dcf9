/** Room `koalarize/image`: pictures in memory, and putting colors on them; no device, and no files. */
export { type ApplyChromaOptions, applyChroma, type Chroma } from '../image/color/chroma.ts';
export { labToRgb, luma, rgbToLab } from '../image/color/lab.ts';
export type { Border, BorderOption } from '../image/raster/border.ts';
export type { Origin, Picture, Pixels } from '../image/raster/picture.ts';
