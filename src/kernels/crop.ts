import source from '../../shaders/crop.wgsl';
import { defineKernel, linear } from './define.ts';
import { elementsOf, widths } from './width.ts';

/** Takes the top left `cropped_height` x `cropped_width` pixels of each image of `x` `[N, H, W, C]`. */
export const crop = defineKernel({
  name: 'crop',
  source,
  buffers: {
    x: { access: 'read', length: (p) => p.batch * p.height * p.width * p.channels },
    y: { access: 'read_write', length: (p) => p.batch * p.cropped_height * p.cropped_width * p.channels },
  },
  params: { batch: 'u32', height: 'u32', width: 'u32', channels: 'u32', cropped_height: 'u32', cropped_width: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: { vector: widths },
  workgroups: (p, { vector }) =>
    linear(p.batch * p.cropped_height * p.cropped_width * elementsOf(p.channels, vector), 256),
});
