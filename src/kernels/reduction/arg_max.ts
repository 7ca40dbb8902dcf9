import source from '../../../shaders/reduction/arg_max.wgsl';
import { defineKernel } from '../core/define.ts';

/** `y[o, c]` = the row at which `x[o, r, c]` is largest: of equal ones the first, or with `last` = 1 the last. */
export const argMax = defineKernel({
  name: 'arg_max',
  source,
  buffers: {
    x: { access: 'read', length: ({ outer, rows, channels }) => outer * rows * channels },
    y: { access: 'read_write', length: ({ outer, channels }) => outer * channels },
  },
  params: { outer: 'u32', rows: 'u32', channels: 'u32', last: 'u32' },
  constants: { WORKGROUP: 64 },
  variants: {},
  threads: ({ outer, channels }) => outer * channels,
});
