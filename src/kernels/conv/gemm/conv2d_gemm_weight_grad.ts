import source from '../../../../shaders/conv/gemm/conv2d_gemm_weight_grad.wgsl';
import gemm_weight_grad from '../../../../shaders/lib/conv/gemm/gemm_weight_grad.wgsl';
import operand_f32 from '../../../../shaders/lib/conv/gemm/operand_f32.wgsl';
import { defineKernel } from '../../core/define.ts';
import { TILE_DECLARATIONS, tileColumns, tileRows } from './conv2d_gemm.ts';
import { SCHEDULES } from './schedule.ts';

/** The gradient of a convolution's weights, in `splits` parts that are still to be added up. */
export const conv2dGemmWeightGrad = defineKernel({
  name: 'conv2d_gemm_weight_grad',
  source,
  lanes: 'fewest',
  library: { gemm_weight_grad, operand_f32 },
  buffers: {
    x: { access: 'read', length: (p) => p.batch * p.in_height * p.in_width * p.in_vectors * 4 },
    dy: { access: 'read', length: (p) => p.batch * p.rows * p.columns * p.out_vectors * 4 },
    partial: {
      access: 'read_write',
      length: (p) => p.splits * p.taps_y * p.taps_x * p.in_vectors * 4 * p.out_vectors * 4,
    },
  },
  params: {
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
    pixels_per_split: 'u32',
  },
  constants: {},
  variants: { tile: TILE_DECLARATIONS, schedule: SCHEDULES },
  workgroups: (p, { tile }) => [
    Math.ceil((p.taps_y * p.taps_x * p.in_vectors * 4) / tileRows(tile)),
    Math.ceil((p.out_vectors * 4) / tileColumns(tile)),
    p.splits,
  ],
});
