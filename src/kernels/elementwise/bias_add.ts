import source from '../../../shaders/elementwise/bias_add.wgsl';
import elementwise from '../../../shaders/lib/elementwise.wgsl';
import { activations } from '../core/activation.ts';
import { defineKernel } from '../core/define.ts';
import { wholeVec4s } from '../core/vector_width.ts';

/**
 * `y[o, r, c] = activation(x[o, r, c] + b[o, c])`.
 *
 * `outer` 1 and `rows` N*H*W: one bias for all pixels; `outer` N and `rows` H*W: one for each image.
 */
export const biasAdd = defineKernel({
  name: 'bias_add',
  source,
  library: { elementwise },
  buffers: {
    x: { access: 'read', length: ({ outer, rows, channels }) => wholeVec4s(outer * rows * channels) },
    b: { access: 'read', length: ({ outer, channels }) => outer * channels },
    y: { access: 'read_write', length: ({ outer, rows, channels }) => wholeVec4s(outer * rows * channels) },
  },
  params: { outer: 'u32', rows: 'u32', channels: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: { activation: activations },
  threads: ({ outer, rows, channels }) => (outer * rows * channels) / 4,
});
