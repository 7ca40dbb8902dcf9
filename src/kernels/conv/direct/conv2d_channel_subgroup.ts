import source from '../../../../shaders/conv/direct/conv2d_channel_subgroup.wgsl';
import add_outer from '../../../../shaders/lib/conv/direct/add_outer.wgsl';
import conv2d_strip from '../../../../shaders/lib/conv/direct/conv2d_strip.wgsl';
import outer from '../../../../shaders/lib/conv/direct/outer.wgsl';
import { defineKernel } from '../../core/define.ts';
import { BLOCK_BUFFERS, BLOCK_PARAMS, BLOCK_VARIANTS, blockGrid } from './conv2d_block.ts';

const { activation, store } = BLOCK_VARIANTS;

/** `conv2d_block_subgroup` with a shorter inner loop, for weights as they are. */
export const conv2dChannelSubgroup = defineKernel({
  name: 'conv2d_channel_subgroup',
  source,
  library: { add_outer, conv2d_strip, outer },
  buffers: BLOCK_BUFFERS,
  params: BLOCK_PARAMS,
  constants: { WORKGROUP: 8 },
  variants: { activation, store },
  workgroups: (params) => blockGrid(params, 8, 8),
});
