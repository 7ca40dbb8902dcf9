import source from '../../../../shaders/conv/direct/conv2d_unpad.wgsl';
import { defineKernel } from '../../core/define.ts';

/** Sums `[splits, blocks, padded_rows, padded_columns]` over the splits into `[blocks, rows, columns]`. */
export const conv2dUnpad = defineKernel({
  name: 'conv2d_unpad',
  source,
  buffers: {
    x: {
      access: 'read',
      length: ({ splits, blocks, padded_rows, padded_columns }) => splits * blocks * padded_rows * padded_columns,
    },
    y: { access: 'read_write', length: ({ blocks, rows, columns }) => blocks * rows * columns },
  },
  params: {
    splits: 'u32',
    blocks: 'u32',
    rows: 'u32',
    columns: 'u32',
    padded_rows: 'u32',
    padded_columns: 'u32',
  },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ blocks, rows, columns }) => blocks * rows * columns,
});
