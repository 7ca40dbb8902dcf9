import source from '../../../../shaders/conv/gemm/conv2d_gemm_sum.wgsl';
import { defineKernel, dispatch1d } from '../../core/define.ts';

/** Adds up the parts that `conv2d_gemm` left in `partial`; bias, residual and activation come here. */
export const conv2dGemmSum = defineKernel({
  name: 'conv2d_gemm_sum',
  source,
  buffers: {
    partial: {
      access: 'read',
      length: (p) => p.splits * p.batch * p.rows * p.columns * Math.ceil(p.out_channels / 4) * 4,
    },
    bias: { access: 'read', length: (p) => [0, 1, p.batch][p.bias]! * p.out_channels },
    residual: { access: 'read', length: (p) => p.residual * p.batch * p.out_height * p.out_width * p.out_channels },
    y: { access: 'read_write', length: (p) => p.batch * p.out_height * p.out_width * p.out_stride },
  },
  params: {
    splits: 'u32',
    batch: 'u32',
    rows: 'u32',
    columns: 'u32',
    out_height: 'u32',
    out_width: 'u32',
    out_channels: 'u32',
    out_step_y: 'u32',
    out_step_x: 'u32',
    out_first_y: 'u32',
    out_first_x: 'u32',
    bias: 'u32',
    residual: 'u32',
    activation: 'u32',
    out_stride: 'u32',
    out_first: 'u32',
  },
  constants: { WORKGROUP: 256 },
  variants: {},
  workgroups: (p) => dispatch1d(p.batch * p.rows * p.columns * p.out_channels, 256),
});
