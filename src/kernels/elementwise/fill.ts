import source from '../../../shaders/elementwise/fill.wgsl';
import elementwise from '../../../shaders/lib/elementwise.wgsl';
import { defineKernel } from '../core/define.ts';
import { wholeVec4s } from '../core/vector_width.ts';

/** `y[i] = value`. */
export const fill = defineKernel({
  name: 'fill',
  source,
  library: { elementwise },
  buffers: {
    y: { access: 'read_write', length: ({ count }) => wholeVec4s(count) },
  },
  params: { count: 'u32', value: 'f32' },
  anyNumber: ['value'],
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ count }) => count / 4,
});
