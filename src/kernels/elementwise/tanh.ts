import source from '../../../shaders/elementwise/tanh.wgsl';
import elementwise from '../../../shaders/lib/elementwise.wgsl';
import is_nan from '../../../shaders/lib/is_nan.wgsl';
import { defineKernel } from '../core/define.ts';
import { wholeVec4s } from '../core/vector_width.ts';

/** `y[i] = tanh(x[i])`, for any finite x. */
export const tanh = defineKernel({
  name: 'tanh',
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
