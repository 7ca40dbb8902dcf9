import elementwise from '../../../shaders/lib/elementwise.wgsl';
import source from '../../../shaders/optimizer/ema.wgsl';
import { defineKernel } from '../core/define.ts';
import { wholeVec4s } from '../core/vector_width.ts';

/** `average[i] += rest * (x[i] - average[i])`: one step of an exponential moving average, in place. */
export const ema = defineKernel({
  name: 'ema',
  source,
  library: { elementwise },
  buffers: {
    x: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    average: { access: 'read_write', length: ({ count }) => wholeVec4s(count) },
  },
  params: { count: 'u32', rest: 'f32' },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ count }) => count / 4,
});
