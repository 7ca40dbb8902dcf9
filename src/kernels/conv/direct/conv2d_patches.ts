import source from '../../../../shaders/conv/direct/conv2d_patches.wgsl';
import { defineKernel } from '../../core/define.ts';

/** Lays the inputs of each output pixel of a convolution side by side, padded to whole vec4s. */
export const conv2dPatches = defineKernel({
  name: 'conv2d_patches',
  source,
  buffers: {
    x: { access: 'read', length: (p) => p.batch * p.in_height * p.in_width * p.channels },
    y: { access: 'read_write', length: (p) => p.batch * p.rows * p.columns * p.vectors * 4 },
  },
  params: {
    batch: 'u32',
    in_height: 'u32',
    in_width: 'u32',
    channels: 'u32',
    rows: 'u32',
    columns: 'u32',
    vectors: 'u32',
    taps_y: 'u32',
    taps_x: 'u32',
    step_y: 'u32',
    step_x: 'u32',
    origin_y: 'i32',
    origin_x: 'i32',
  },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: (p) => p.batch * p.rows * p.columns * p.vectors,
});
