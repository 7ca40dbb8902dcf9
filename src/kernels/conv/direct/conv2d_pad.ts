import source from '../../../../shaders/conv/direct/conv2d_pad.wgsl';
import { defineKernel } from '../../core/define.ts';

/** Copies `[blocks, rows, columns]` into `[blocks, padded_rows, vectors * 4]`, zeros elsewhere. */
export const conv2dPad = defineKernel({
  name: 'conv2d_pad',
  source,
  buffers: {
    x: { access: 'read', length: ({ blocks, rows, columns }) => blocks * rows * columns },
    y: { access: 'read_write', length: ({ blocks, padded_rows, vectors }) => blocks * padded_rows * vectors * 4 },
  },
  params: { blocks: 'u32', rows: 'u32', columns: 'u32', padded_rows: 'u32', vectors: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ blocks, padded_rows, vectors }) => blocks * padded_rows * vectors,
});
