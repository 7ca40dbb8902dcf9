import source from '../../shaders/winograd_input.wgsl';
import { defineKernel } from './define.ts';
import { inputTransforms } from './winograd_tiles.ts';

/** The inputs of the tiles, transformed: the first factor of Winograd's products. */
export const winogradInput = defineKernel({
  name: 'winograd_input',
  source,
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
    tile: inputTransforms,
    layout: {
      channels: `alias V = f32;
fn store(point: u32, tile: u32, vector: u32, value: vec4f) {
  let stride = (params.tiles + 3) / 4 * 4;
  let at = (point * params.vectors + vector) * 4 * stride + tile;
  v[at] = value.x;
  v[at + stride] = value.y;
  v[at + 2 * stride] = value.z;
  v[at + 3 * stride] = value.w;
}`,
      tiles: `alias V = vec4f;
fn store(point: u32, tile: u32, vector: u32, value: vec4f) {
  v[(point * params.tiles + tile) * params.vectors + vector] = value;
}`,
    },
  },
  workgroups: (p) => {
    const groups = Math.ceil(p.tiles / 16);
    const folds = Math.ceil(groups / 65535);
    return [Math.ceil(groups / folds), Math.ceil(p.vectors / 4), folds];
  },
});
