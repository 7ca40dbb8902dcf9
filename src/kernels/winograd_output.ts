import source from '../../shaders/winograd_output.wgsl';
import { BLOCK_VARIANTS } from './conv2d_block.ts';
import { defineKernel, linear } from './define.ts';
import { outputTransforms } from './winograd_tiles.ts';

/** The outputs of the tiles from Winograd's products, with what comes after the sum of a convolution. */
export const winogradOutput = defineKernel({
  name: 'winograd_output',
  source,
  buffers: {
    m: { access: 'read', length: (p) => p.points ** 2 * p.tiles * p.vectors * 4 },
    bias: { access: 'read', length: (p) => [0, 1, p.images][p.bias]! * p.vectors * 4 },
    residual: { access: 'read', length: (p) => p.residual * p.images * p.out_height * p.out_width * p.vectors * 4 },
    y: { access: 'read_write', length: (p) => p.images * p.out_height * p.out_width * p.out_stride * 4 },
  },
  params: {
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
  constants: { WORKGROUP: 64 },
  variants: { tile: outputTransforms, activation: BLOCK_VARIANTS.activation },
  workgroups: (p) => linear(p.tiles * p.vectors, 64),
});
