import source from '../../shaders/winograd_product_subgroup.wgsl';
import { BLOCK_VARIANTS } from './conv2d_block.ts';
import { defineKernel } from './define.ts';
import { outputTransforms } from './winograd_tiles.ts';

/** `winograd_multiply_subgroup` and `winograd_output` in one. */
export const winogradProductSubgroup = defineKernel({
  name: 'winograd_product_subgroup',
  source,
  buffers: {
    v: { access: 'read', length: (p) => p.points ** 2 * p.in_channels * Math.ceil(p.tiles / 4) * 4 },
    u: { access: 'read', length: (p) => p.points ** 2 * p.in_channels * p.vectors * 4 },
    bias: { access: 'read', length: (p) => [0, 1, p.images][p.bias]! * p.vectors * 4 },
    residual: { access: 'read', length: (p) => p.residual * p.images * p.out_height * p.out_width * p.vectors * 4 },
    m: { access: 'read_write', length: (p) => p.points ** 2 * p.tiles * p.vectors * 4 },
    y: { access: 'read_write', length: (p) => p.images * p.out_height * p.out_width * p.out_stride * 4 },
  },
  params: {
    in_channels: 'u32',
    out_height: 'u32',
    out_width: 'u32',
    out_stride: 'u32',
    out_first: 'u32',
    vectors: 'u32',
    images: 'u32',
    tiles_y: 'u32',
    tiles_x: 'u32',
    tile_first: 'u32',
    tiles: 'u32',
    bias: 'u32',
    residual: 'u32',
    points: 'u32',
  },
  constants: { WORKGROUP: 8 },
  variants: { tile: outputTransforms, activation: BLOCK_VARIANTS.activation },
  workgroups: (p) => [Math.ceil(p.tiles / 32), Math.ceil(p.vectors / 8)],
});
