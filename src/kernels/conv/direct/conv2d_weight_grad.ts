import source from '../../../../shaders/conv/direct/conv2d_weight_grad.wgsl';
import weight_grad_quads from '../../../../shaders/lib/conv/direct/weight_grad_quads.wgsl';
import { defineKernel, type Grid, type Scalar, type Values } from '../../core/define.ts';
import { BLOCK_DECLARATIONS, BLOCK_VECTORS } from './conv2d_block.ts';
import { SUMS } from './sums.ts';

/** The parameters shared by `conv2d_weight_grad` and `conv2d_weight_grad_subgroup`; the shader says what each means. */
export const WEIGHT_GRAD_PARAMS = {
  batch: 'u32',
  in_height: 'u32',
  in_width: 'u32',
  in_vectors: 'u32',
  rows: 'u32',
  columns: 'u32',
  out_vectors: 'u32',
  taps_y: 'u32',
  taps_x: 'u32',
  step_y: 'u32',
  step_x: 'u32',
  origin_y: 'i32',
  origin_x: 'i32',
  splits: 'u32',
  quads_per_split: 'u32',
} as const satisfies Record<string, Scalar>;

export type WeightGradParams = Values<typeof WEIGHT_GRAD_PARAMS>;

/** The buffers of both kernels; channels are whole vec4s. */
export const WEIGHT_GRAD_BUFFERS = {
  x: { access: 'read', length: (p: WeightGradParams) => p.batch * p.in_height * p.in_width * p.in_vectors * 4 },
  dy: { access: 'read', length: (p: WeightGradParams) => p.batch * p.rows * p.columns * p.out_vectors * 4 },
  partial: {
    access: 'read_write',
    length: (p: WeightGradParams) => p.splits * p.taps_y * p.taps_x * p.in_vectors * 4 * p.out_vectors * 4,
  },
} as const;

/** The grid of both kernels: x holds taps and input channels, y blocks of output channels, z the splits. */
export function weightGradGrid(p: WeightGradParams, vectors: number, workgroup: number): Grid {
  return [Math.ceil((p.taps_y * p.taps_x * p.in_vectors) / workgroup), Math.ceil(p.out_vectors / vectors), p.splits];
}

/** The gradient of a convolution's weights, in `splits` parts that are still to be added up. */
export const conv2dWeightGrad = defineKernel({
  name: 'conv2d_weight_grad',
  source,
  lanes: 'fewest',
  library: { weight_grad_quads },
  buffers: WEIGHT_GRAD_BUFFERS,
  params: WEIGHT_GRAD_PARAMS,
  constants: { WORKGROUP: 64 },
  variants: { block: BLOCK_DECLARATIONS, sums: SUMS },
  workgroups: (params, { block }) => weightGradGrid(params, BLOCK_VECTORS[block], 64),
});
