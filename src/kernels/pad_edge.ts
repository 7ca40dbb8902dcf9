import source from '../../shaders/pad_edge.wgsl';
import { defineKernel, linear } from './define.ts';
import { elementsOf, widths } from './width.ts';

/** Extends `x` right and down by repeating its last column and row: `[N, H, W, C]` to `[N, padded_height, padded_width, C]`. */
export const padEdge = defineKernel({
  name: 'pad_edge',
  source,
  buffers: {
    x: { access: 'read', length: (p) => p.batch * p.height * p.width * p.channels },
    y: { access: 'read_write', length: (p) => p.batch * p.padded_height * p.padded_width * p.channels },
  },
  params: { batch: 'u32', height: 'u32', width: 'u32', channels: 'u32', padded_height: 'u32', padded_width: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: { vector: widths },
  workgroups: (p, { vector }) =>
    linear(p.batch * p.padded_height * p.padded_width * elementsOf(p.channels, vector), 256),
});
