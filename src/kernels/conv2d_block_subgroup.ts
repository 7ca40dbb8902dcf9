import source from '../../shaders/conv2d_block_subgroup.wgsl';
import { BLOCK_BUFFERS, BLOCK_PARAMS, BLOCK_VARIANTS, blockGrid } from './conv2d_block.ts';
import { defineKernel } from './define.ts';

/** `conv2d_block` for subgroups of 8 lanes; 32 output channels per thread. */
export const conv2dBlockSubgroup = defineKernel({
  name: 'conv2d_block_subgroup',
  source,
  buffers: BLOCK_BUFFERS,
  params: BLOCK_PARAMS,
  constants: { WORKGROUP: 8 },
  variants: BLOCK_VARIANTS,
  workgroups: (params) => blockGrid(params, 8, 8),
});
