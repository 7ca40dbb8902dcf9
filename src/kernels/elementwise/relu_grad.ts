import source from '../../../shaders/elementwise/relu_grad.wgsl';
import elementwise from '../../../shaders/lib/elementwise.wgsl';
import { defineKernel } from '../core/define.ts';
import { wholeVec4s } from '../core/vector_width.ts';

/** `dx[i] = dy[i]` where relu's output `y[i] > 0`, else 0. */
export const reluGrad = defineKernel({
  name: 'relu_grad',
  source,
  library: { elementwise },
  buffers: {
    y: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    dy: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    dx: { access: 'read_write', length: ({ count }) => wholeVec4s(count) },
  },
  params: { count: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ count }) => count / 4,
});
