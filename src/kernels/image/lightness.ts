import source from '../../../shaders/image/lightness.wgsl';
import crop from '../../../shaders/lib/crop.wgsl';
import lab from '../../../shaders/lib/lab.wgsl';
import lightnessLab from '../../../shaders/lib/lightness_lab.wgsl';
import lightnessLuma from '../../../shaders/lib/lightness_luma.wgsl';
import { defineKernel, type Variants } from '../core/define.ts';

/** How a picture is shown to the network. All 0: as it is. */
export interface Tone {
  /** 0…1: from the grey of today to that of early film, which saw no red. */
  readonly blue: number;
  /** −1…1: from the lightest tone curve, a gamma of e^−0.6 (0.55), to the darkest, e^0.6 (1.8). */
  readonly gamma: number;
  /** 0…1: how faded black is; at 1 it lies at 0.2 of the way to white. */
  readonly black: number;
  /** 0…1: how faded white is; at 1 it lies at 0.75. */
  readonly white: number;
}

/** A tone as the fourth word of a picture's window. */
export function packTone({ blue, gamma, black, white }: Tone): number {
  const byte = (value: number, most: number) => Math.round(most * value) & 0xff;
  return (byte(blue, 255) | (byte(gamma, 127) << 8) | (byte(black, 255) << 16) | (byte(white, 255) << 24)) >>> 0;
}

/**
 * Which luminance: that of the pixel's BT.601 grey, as a grey picture would have it, or that of its color. A tone
 * changes the grey, towards 0.3 G + 0.7 B and along a tone curve; that of the color stays.
 */
export const sources = {
  luma: lightnessLuma,
  lab: lightnessLab,
} as const satisfies Variants[string];

/**
 * Lightness of a crop of each picture, scaled for the network: `y` [images, height, width, 1] = L* / 50 - 1.
 *
 * `pixels` [images, source_height, source_width] are RGBA8, R in the lowest byte; `crops` [images, 4] are u32:
 * top, left, mirror (0 or 1), a packed `Look`.
 */
export const lightness = defineKernel({
  name: 'lightness',
  source,
  library: { crop, lab },
  buffers: {
    pixels: { access: 'read', length: (p) => p.images * p.source_height * p.source_width },
    crops: { access: 'read', length: ({ images }) => 4 * images },
    y: { access: 'read_write', length: ({ images, height, width }) => images * height * width },
  },
  params: { images: 'u32', height: 'u32', width: 'u32', source_height: 'u32', source_width: 'u32' },
  constants: { WORKGROUP: 256, GAMMA: 0.6, BLACK: 0.2, WHITE: 0.25 },
  variants: { source: sources },
  threads: ({ images, height, width }) => images * height * width,
});
