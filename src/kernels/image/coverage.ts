import source from '../../../shaders/image/coverage.wgsl';
import crop from '../../../shaders/lib/crop.wgsl';
import { defineKernel } from '../core/define.ts';

/**
 * Weight of each pixel of a crop of each picture: `y` [images, height, width] = alpha / 255.
 *
 * `pixels` [images, source_height, source_width] are RGBA8, R in the lowest byte; `crops` [images, 4] are u32:
 * top, left, mirror (0 or 1), unused.
 */
export const coverage = defineKernel({
  name: 'coverage',
  source,
  library: { crop },
  buffers: {
    pixels: { access: 'read', length: (p) => p.images * p.source_height * p.source_width },
    crops: { access: 'read', length: ({ images }) => 4 * images },
    y: { access: 'read_write', length: ({ images, height, width }) => images * height * width },
  },
  params: { images: 'u32', height: 'u32', width: 'u32', source_height: 'u32', source_width: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ images, height, width }) => images * height * width,
});
