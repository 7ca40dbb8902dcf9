import source from '../../../../shaders/conv/winograd/winograd_input.wgsl';
import winogradPointsChannels from '../../../../shaders/lib/conv/winograd/winograd_points_channels.wgsl';
import winogradPointsTiles from '../../../../shaders/lib/conv/winograd/winograd_points_tiles.wgsl';
import { defineKernel } from '../../core/define.ts';
import { fold } from '../../core/limits.ts';
import { PARTS, SQUARES } from './squares.ts';
import { tileTransforms } from './transforms.ts';

/** The inputs of the tiles, transformed: the first factor of Winograd's products. */
export const winogradInput = defineKernel({
  name: 'winograd_input',
  source,
  lanes: 'fewest',
  buffers: {
    x: { access: 'read', length: (p) => p.images * p.in_height * p.in_width * p.in_stride * 4 },
    v: { access: 'read_write', length: (p) => p.points ** 2 * p.vectors * 4 * Math.ceil(p.tiles / 4) * 4 },
  },
  params: {
    in_height: 'u32',
    in_width: 'u32',
    in_stride: 'u32',
    in_first: 'u32',
    vectors: 'u32',
    images: 'u32',
    tiles_y: 'u32',
    tiles_x: 'u32',
    tile_first: 'u32',
    tiles: 'u32',
    origin_y: 'i32',
    origin_x: 'i32',
    points: 'u32',
  },
  constants: { WORKGROUP: 64 },
  variants: {
    tile: tileTransforms,
    layout: {
      channels: winogradPointsChannels,
      tiles: winogradPointsTiles,
    },
    square: SQUARES,
  },
  workgroups: (p, { square }) => {
    const [x, z] = fold(Math.ceil((p.tiles * PARTS[square]) / 16));
    return [x, Math.ceil(p.vectors / 4), z];
  },
});
