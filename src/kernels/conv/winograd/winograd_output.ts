import source from '../../../../shaders/conv/winograd/winograd_output.wgsl';
import tile_unit from '../../../../shaders/lib/conv/winograd/tile_unit.wgsl';
import write_tile from '../../../../shaders/lib/conv/winograd/write_tile.wgsl';
import { defineKernel, dispatch1d, type Scalar, type Values } from '../../core/define.ts';
import { BLOCK_VARIANTS } from '../direct/conv2d_block.ts';
import { PARTS, SQUARES } from './squares.ts';
import { tileTransforms } from './transforms.ts';

/** The parameters of the kernels that end in outputs; the shader says what each means. */
export const OUTPUT_PARAMS = {
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
} as const satisfies Record<string, Scalar>;

type OutputParams = Values<typeof OUTPUT_PARAMS>;

/** Their buffers. */
export const OUTPUT_BUFFERS = {
  m: { length: (p: OutputParams) => p.points ** 2 * p.tiles * p.vectors * 4 },
  bias: { access: 'read', length: (p: OutputParams) => [0, 1, p.images][p.bias]! * p.vectors * 4 },
  residual: {
    access: 'read',
    length: (p: OutputParams) => p.residual * p.images * p.out_height * p.out_width * p.vectors * 4,
  },
  y: { access: 'read_write', length: (p: OutputParams) => p.images * p.out_height * p.out_width * p.out_stride * 4 },
} as const;

/** Their variants. */
export const OUTPUT_VARIANTS = { tile: tileTransforms, activation: BLOCK_VARIANTS.activation } as const;

/** The outputs of the tiles from Winograd's products, with what comes after the sum of a convolution. */
export const winogradOutput = defineKernel({
  name: 'winograd_output',
  source,
  lanes: 'fewest',
  library: { tile_unit, write_tile },
  buffers: { ...OUTPUT_BUFFERS, m: { ...OUTPUT_BUFFERS.m, access: 'read' } },
  params: OUTPUT_PARAMS,
  constants: { WORKGROUP: 64 },
  variants: { ...OUTPUT_VARIANTS, square: SQUARES },
  workgroups: (p, { square }) => dispatch1d(p.tiles * p.vectors * PARTS[square], 64),
});
