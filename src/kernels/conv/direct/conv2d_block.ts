import source from '../../../../shaders/conv/direct/conv2d_block.wgsl';
import blockWeightsPlain from '../../../../shaders/lib/conv/direct/block_weights_plain.wgsl';
import blockWeightsTurned from '../../../../shaders/lib/conv/direct/block_weights_turned.wgsl';
import conv2d_strip from '../../../../shaders/lib/conv/direct/conv2d_strip.wgsl';
import conv2d_strip_input from '../../../../shaders/lib/conv/direct/conv2d_strip_input.wgsl';
import stripStoreScalar from '../../../../shaders/lib/conv/direct/strip_store_scalar.wgsl';
import stripStoreVec4 from '../../../../shaders/lib/conv/direct/strip_store_vec4.wgsl';
import { activationsOf } from '../../core/activation.ts';
import { defineKernel, type Grid, type Scalar, type Values } from '../../core/define.ts';
import { fold } from '../../core/limits.ts';
import { isNan } from '../../core/nan.ts';
import { SUMS } from './sums.ts';

/** The parameters shared by `conv2d_block` and `conv2d_block_subgroup`; the shader says what each means. */
export const BLOCK_PARAMS = {
  batch: 'u32',
  in_height: 'u32',
  in_width: 'u32',
  in_vectors: 'u32',
  in_stride: 'u32',
  in_first: 'u32',
  rows: 'u32',
  columns: 'u32',
  out_height: 'u32',
  out_width: 'u32',
  out_channels: 'u32',
  out_step_y: 'u32',
  out_step_x: 'u32',
  out_first_y: 'u32',
  out_first_x: 'u32',
  taps_y: 'u32',
  taps_x: 'u32',
  tap_first: 'i32',
  tap_step_y: 'i32',
  tap_step_x: 'i32',
  step_y: 'u32',
  step_x: 'u32',
  origin_y: 'i32',
  origin_x: 'i32',
  bias: 'u32',
  residual: 'u32',
  out_stride: 'u32',
  out_first: 'u32',
} as const satisfies Record<string, Scalar>;

export type BlockParams = Values<typeof BLOCK_PARAMS>;

/** The buffers of both kernels. Channels are padded to whole vec4s everywhere but in `bias`, `residual` and `y`. */
export const BLOCK_BUFFERS = {
  x: { access: 'read', length: (p: BlockParams) => p.batch * p.in_height * p.in_width * p.in_stride * 4 },
  weights: {
    access: 'read',
    length: (p: BlockParams) => {
      if (p.taps_y * p.taps_x === 0) return 0;
      const last =
        p.tap_first + Math.max(0, (p.taps_y - 1) * p.tap_step_y) + Math.max(0, (p.taps_x - 1) * p.tap_step_x);
      return (last + 1) * p.in_vectors * 4 * Math.ceil(p.out_channels / 4) * 4;
    },
  },
  bias: { access: 'read', length: (p: BlockParams) => [0, p.out_channels, p.batch * p.out_channels][p.bias]! },
  residual: {
    access: 'read',
    length: (p: BlockParams) => p.residual * p.batch * p.out_height * p.out_width * p.out_channels,
  },
  y: { access: 'read_write', length: (p: BlockParams) => p.batch * p.out_height * p.out_width * p.out_stride },
} as const;

/** The variants of both kernels. */
export const BLOCK_VARIANTS = {
  /** `turned`: the weights' input and output channels are swapped, as for the gradient of the input. */
  weights: {
    plain: blockWeightsPlain,
    turned: blockWeightsTurned,
  },
  activation: {
    ...activationsOf('vec4f'),
    // Past 15 tanh is 1 in float32; some drivers overflow on large arguments.
    tanh: `${isNan.vec4f}
fn activate(v: vec4f) -> vec4f { return select(tanh(clamp(v, vec4f(-15), vec4f(15))), v, is_nan(v)); }`,
  },
  store: {
    vec4: stripStoreVec4,
    scalar: stripStoreScalar,
  },
} as const;

/** The output channels of a thread's block, in vec4s. A block is named `pixels x channels`. */
export const BLOCK_VECTORS = { '4x16': 4, '4x8': 2, '4x4': 1 } as const;
export type Block = keyof typeof BLOCK_VECTORS;

/** The variants of a kernel that has the block's width as the constant VECTORS. */
export const BLOCK_DECLARATIONS = {
  '4x16': 'const VECTORS = 4u;',
  '4x8': 'const VECTORS = 2u;',
  '4x4': 'const VECTORS = 1u;',
} as const;

/** The grid of both kernels: x and z hold strips of 4 outputs, y blocks of output channels. */
export function blockGrid(p: BlockParams, vectors: number, workgroup: number): Grid {
  const [x, z] = fold(Math.ceil((p.batch * p.rows * Math.ceil(p.columns / 4)) / workgroup));
  return [x, Math.ceil(p.out_channels / (4 * vectors)), z];
}

/** `y = activation(conv(x, w) + bias + residual)` on a grid of outputs. */
export const conv2dBlock = defineKernel({
  name: 'conv2d_block',
  source,
  lanes: 'fewest',
  library: { conv2d_strip, conv2d_strip_input },
  buffers: BLOCK_BUFFERS,
  params: BLOCK_PARAMS,
  constants: { WORKGROUP: 64 },
  variants: {
    ...BLOCK_VARIANTS,
    block: BLOCK_DECLARATIONS,
    sums: SUMS,
  },
  workgroups: (params, { block }) => blockGrid(params, BLOCK_VECTORS[block], 64),
});
