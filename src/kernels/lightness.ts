import source from '../../shaders/lightness.wgsl';
import { defineKernel, linear, type Variants } from './define.ts';

/**
 * Which luminance: that of the pixel's BT.601 grey, as a grey picture would have it, or that of its colour. Towards
 * `blue` = 1 the grey becomes that of early film, 0.3 G + 0.7 B, which saw no red; that of the colour stays.
 */
export const sources = {
  // Both are written as differences from green, so that greys are exact.
  luma: `fn luminance(c: vec3f, blue: f32) -> f32 {
  return linear(vec3f(c.g + 0.299 * (1.0 - blue) * (c.r - c.g) + mix(0.114, 0.7, blue) * (c.b - c.g))).x;
}`,
  lab: `fn luminance(c: vec3f, blue: f32) -> f32 {
  let rgb = linear(c);
  return rgb.g + 0.21263901 * (rgb.r - rgb.g) + 0.07219232 * (rgb.b - rgb.g);
}`,
} as const satisfies Variants[string];

/**
 * Lightness of a window of each picture, scaled for the network: `y` [images, height, width, 1] = L* / 50 - 1.
 *
 * `pixels` [images, source_height, source_width] are RGBA8, R in the lowest byte; `windows` [images, 4] are u32:
 * top, left, mirror (0 or 1), 255 · blue.
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
