import source from '../../../shaders/image/chroma.wgsl';
import crop from '../../../shaders/lib/crop.wgsl';
import lab from '../../../shaders/lib/lab.wgsl';
import { defineKernel } from '../core/define.ts';

/**
 * Color of a crop of each picture, scaled for the network: `y` [images, height, width, 2] = gain * (a*, b*) / 127.
 *
 * `pixels` [images, source_height, source_width] are RGBA8, R in the lowest byte; `crops` [images, 4] are u32:
 * top, left, mirror (0 or 1), unused.
 */
export const chroma = defineKernel({
  name: 'chroma',
  source,
  library: { crop, lab },
  buffers: {
    pixels: { access: 'read', length: (p) => p.images * p.source_height * p.source_width },
    crops: { access: 'read', length: ({ images }) => 4 * images },
    y: { access: 'read_write', length: ({ images, height, width }) => 2 * images * height * width },
  },
  params: { images: 'u32', height: 'u32', width: 'u32', source_height: 'u32', source_width: 'u32', gain: 'f32' },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ images, height, width }) => images * height * width,
});
