import source from '../../shaders/lightness.wgsl';
import { defineKernel, linear, type Variants } from './define.ts';

/** Which luminance: that of the pixel's BT.601 grey, as a grey picture would have it, or that of its colour. */
export const sources = {
  // Both are written as differences from green, so that greys are exact.
  luma: `fn luminance(c: vec3f) -> f32 {
  return linear(vec3f(c.g + 0.299 * (c.r - c.g) + 0.114 * (c.b - c.g))).x;
}`,
  lab: `fn luminance(c: vec3f) -> f32 {
  let rgb = linear(c);
  return rgb.g + 0.21263901 * (rgb.r - rgb.g) + 0.07219232 * (rgb.b - rgb.g);
}`,
} as const satisfies Variants[string];

/**
 * Lightness of a window of each picture, scaled for the network: `y` [images, height, width, 1] = L* / 50 - 1.
 *
 * `pixels` [images, source_height, source_width] are RGBA8, R in the lowest byte; `windows` [images, 4] are u32:
 * top, left, mirror (0 or 1), unused.
 */
export const lightness = defineKernel({
  name: 'lightness',
  source,
  buffers: {
    pixels: { access: 'read', length: (p) => p.images * p.source_height * p.source_width },
    windows: { access: 'read', length: ({ images }) => 4 * images },
    y: { access: 'read_write', length: ({ images, height, width }) => images * height * width },
  },
  params: { images: 'u32', height: 'u32', width: 'u32', source_height: 'u32', source_width: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: { source: sources },
  workgroups: ({ images, height, width }) => linear(images * height * width, 256),
});
