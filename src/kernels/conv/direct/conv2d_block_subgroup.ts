import source from '../../../../shaders/conv/direct/conv2d_block_subgroup.wgsl';
import add_products from '../../../../shaders/lib/conv/direct/add_products.wgsl';
import conv2d_strip from '../../../../shaders/lib/conv/direct/conv2d_strip.wgsl';
import conv2d_strip_input from '../../../../shaders/lib/conv/direct/conv2d_strip_input.wgsl';
import { defineKernel } from '../../core/define.ts';
import { BLOCK_BUFFERS, BLOCK_PARAMS, BLOCK_VARIANTS, blockGrid } from './conv2d_block.ts';

/** `conv2d_block` for subgroups of 8 lanes, with turned weights; 32 output channels per thread. Else see `conv2d_channel_subgroup`. */
export const conv2dBlockSubgroup = defineKernel({
  name: 'conv2d_block_subgroup',
  source,
  library: { add_products, conv2d_strip, conv2d_strip_input },
  buffers: BLOCK_BUFFERS,
  params: BLOCK_PARAMS,
  constants: { WORKGROUP: 8 },
  variants: { ...BLOCK_VARIANTS, weights: { turned: BLOCK_VARIANTS.weights.turned } },
  workgroups: (params) => blockGrid(params, 8, 8),
});
