import source from '../../../shaders/elementwise/relu.wgsl';
import elementwise from '../../../shaders/lib/elementwise.wgsl';
import is_nan from '../../../shaders/lib/is_nan.wgsl';
import { defineKernel } from '../core/define.ts';
import { wholeVec4s } from '../core/vector_width.ts';

/** `y[i] = max(x[i], 0)`. */
export const relu = defineKernel({
  name: 'relu',
  source,
  library: { elementwise, is_nan },
  buffers: {
    x: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    y: { access: 'read_write', length: ({ count }) => wholeVec4s(count) },
  },
  params: { count: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ count }) => count / 4,
});
