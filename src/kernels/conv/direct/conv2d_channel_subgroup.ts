import source from '../../../../shaders/conv/direct/conv2d_channel_subgroup.wgsl';
import add_outers from '../../../../shaders/lib/conv/direct/add_outers.wgsl';
import block_weights_plain from '../../../../shaders/lib/conv/direct/block_weights_plain.wgsl';
import conv2d_strip from '../../../../shaders/lib/conv/direct/conv2d_strip.wgsl';
import conv2d_strip_input from '../../../../shaders/lib/conv/direct/conv2d_strip_input.wgsl';
import outer from '../../../../shaders/lib/conv/direct/outer.wgsl';
import { defineKernel } from '../../core/define.ts';
import { BLOCK_BUFFERS, BLOCK_PARAMS, BLOCK_VARIANTS, blockGrid } from './conv2d_block.ts';

const { activation, store } = BLOCK_VARIANTS;

/** `conv2d_block_subgroup` that adds products to the sums one by one, for weights as they are. */
export const conv2dChannelSubgroup = defineKernel({
  name: 'conv2d_channel_subgroup',
  source,
  library: { add_outers, block_weights_plain, conv2d_strip, conv2d_strip_input, outer },
  buffers: BLOCK_BUFFERS,
  params: BLOCK_PARAMS,
  constants: { WORKGROUP: 8 },
  variants: { activation, store },
  workgroups: (params) => blockGrid(params, 8, 8),
});
