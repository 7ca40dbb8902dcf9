import source from '../../../shaders/elementwise/add.wgsl';
import elementwise from '../../../shaders/lib/elementwise.wgsl';
import { defineKernel } from '../core/define.ts';
import { wholeVec4s } from '../core/vector_width.ts';

/** `y[i] = a[i] + b[i]`. */
export const add = defineKernel({
  name: 'add',
  source,
  library: { elementwise },
  buffers: {
    a: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    b: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    y: { access: 'read_write', length: ({ count }) => wholeVec4s(count) },
  },
  params: { count: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ count }) => count / 4,
});
