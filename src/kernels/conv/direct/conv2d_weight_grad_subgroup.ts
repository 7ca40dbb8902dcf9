import source from '../../../../shaders/conv/direct/conv2d_weight_grad_subgroup.wgsl';
import add_products from '../../../../shaders/lib/conv/direct/add_products.wgsl';
import weight_grad_quads from '../../../../shaders/lib/conv/direct/weight_grad_quads.wgsl';
import { defineKernel } from '../../core/define.ts';
import { WEIGHT_GRAD_BUFFERS, WEIGHT_GRAD_PARAMS, weightGradGrid } from './conv2d_weight_grad.ts';

/** `conv2d_weight_grad` for subgroups of 8 lanes; 32 output channels per thread. */
export const conv2dWeightGradSubgroup = defineKernel({
  name: 'conv2d_weight_grad_subgroup',
  source,
  library: { add_products, weight_grad_quads },
  buffers: WEIGHT_GRAD_BUFFERS,
  params: WEIGHT_GRAD_PARAMS,
  constants: { WORKGROUP: 8 },
  variants: {},
  workgroups: (params) => weightGradGrid(params, 8, 8),
});
