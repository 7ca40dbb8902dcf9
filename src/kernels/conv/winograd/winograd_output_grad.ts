import source from '../../../../shaders/conv/winograd/winograd_output_grad.wgsl';
import tile_unit from '../../../../shaders/lib/conv/winograd/tile_unit.wgsl';
import { defineKernel, dispatch1d } from '../../core/define.ts';
import { PARTS, SQUARES } from './squares.ts';
import { tileTransforms } from './transforms.ts';

/** The gradients of Winograd's products, from those of the outputs. */
export const winogradOutputGrad = defineKernel({
  name: 'winograd_output_grad',
  source,
  library: { tile_unit },
  lanes: 'fewest',
  buffers: {
    dy: { access: 'read', length: (p) => p.images * p.out_height * p.out_width * p.vectors * 4 },
    p: { access: 'read_write', length: (p) => p.points ** 2 * p.tiles * p.vectors * 4 },
  },
  params: {
    out_height: 'u32',
    out_width: 'u32',
    vectors: 'u32',
    images: 'u32',
    tiles_y: 'u32',
    tiles_x: 'u32',
    tile_first: 'u32',
    tiles: 'u32',
    points: 'u32',
  },
  constants: { WORKGROUP: 64 },
  variants: { tile: tileTransforms, square: SQUARES },
  workgroups: (p, { square }) => dispatch1d(p.tiles * p.vectors * PARTS[square], 64),
});
