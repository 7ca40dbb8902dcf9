import source from '../../../shaders/nn/lrn.wgsl';
import { defineKernel } from '../core/define.ts';

const WORKGROUP = 256;

/** Local response normalization: every element divided by a power of the squares of the channels around it. */
export const lrn = defineKernel({
  name: 'lrn',
  source,
  buffers: {
    x: { access: 'read', length: ({ pixels, channels }) => pixels * channels },
    y: { access: 'read_write', length: ({ pixels, channels }) => pixels * channels },
  },
  params: { pixels: 'u32', channels: 'u32', before: 'u32', after: 'u32', scale: 'f32', beta: 'f32', bias: 'f32' },
  constants: { WORKGROUP },
  variants: {},
  threads: ({ pixels, channels }) => pixels * channels,
});
