import source from '../../../shaders/image/luma_rows.wgsl';
import { defineKernel } from '../core/define.ts';

/**
 * Luma of a picture with its rows resized: `y` [size, width], 0..1.
 *
 * `pixels` [height, width] are RGBA8, R in the lowest byte.
 */
export const lumaRows = defineKernel({
  name: 'luma_rows',
  source,
  buffers: {
    pixels: { access: 'read', length: ({ height, width }) => height * width },
    y: { access: 'read_write', length: ({ size, width }) => size * width },
  },
  params: { height: 'u32', width: 'u32', size: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ size, width }) => size * width,
});
