import source from '../../../shaders/image/lab_to_rgba.wgsl';
import { defineKernel } from '../core/define.ts';

/**
 * Packed RGBA8 pixels (R in the lowest byte, alpha 255) from the network's scaling of Lab.
 *
 * `lightness` [count] is L* / 50 - 1, `chroma` [count, 2] is (a*, b*) / 127; colors outside sRGB are clipped.
 */
export const labToRgba = defineKernel({
  name: 'lab_to_rgba',
  source,
  buffers: {
    lightness: { access: 'read', length: ({ count }) => count },
    chroma: { access: 'read', length: ({ count }) => 2 * count },
    y: { access: 'read_write', length: ({ count }) => count },
  },
  params: { count: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ count }) => count,
});
