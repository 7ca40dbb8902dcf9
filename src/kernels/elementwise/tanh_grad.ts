import source from '../../../shaders/elementwise/tanh_grad.wgsl';
import elementwise from '../../../shaders/lib/elementwise.wgsl';
import { defineKernel } from '../core/define.ts';
import { wholeVec4s } from '../core/vector_width.ts';

/** `dx[i] = dy[i] * (1 - y[i]^2)`, where `y` is tanh's output. */
export const tanhGrad = defineKernel({
  name: 'tanh_grad',
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
