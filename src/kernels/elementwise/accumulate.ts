import source from '../../../shaders/elementwise/accumulate.wgsl';
import elementwise from '../../../shaders/lib/elementwise.wgsl';
import { defineKernel } from '../core/define.ts';
import { wholeVec4s } from '../core/vector_width.ts';

/** `acc[i] += x[i]`: sums the gradients of several micro-batches in place. */
export const accumulate = defineKernel({
  name: 'accumulate',
  source,
  library: { elementwise },
  buffers: {
    x: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    acc: { access: 'read_write', length: ({ count }) => wholeVec4s(count) },
  },
  params: { count: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ count }) => count / 4,
});
