import source from '../../../../shaders/conv/gemm/conv2d_gemm.wgsl';
import gemm_forward from '../../../../shaders/lib/conv/gemm/gemm_forward.wgsl';
import operand_f32 from '../../../../shaders/lib/conv/gemm/operand_f32.wgsl';
import is_nan from '../../../../shaders/lib/is_nan.wgsl';
import { defineKernel, type Grid, type Scalar, type Values } from '../../core/define.ts';
import { fold } from '../../core/limits.ts';
import { PRODUCTS, SCHEDULES } from './schedule.ts';

/** How a workgroup's tile is shared out: rows x columns threads, each of 4*quads pixels x 4*vectors channels. */
export interface TileSizes {
  readonly rows: number;
  readonly columns: number;
  readonly quads: number;
  readonly vectors: number;
  /** Terms of the sums that lie in workgroup memory at a time. */
  readonly depth: number;
}

/**
 * The tiles, named `pixels x channels`. At most 256 threads and 16 KiB of workgroup memory: what every device has. With
 * 64 sums a thread, half the depth leaves registers enough for two workgroups on a multiprocessor.
 */
export const TILES = {
  '32x32': { rows: 8, columns: 8, quads: 1, vectors: 1, depth: 16 },
  '64x64': { rows: 8, columns: 16, quads: 2, vectors: 1, depth: 16 },
  '128x64': { rows: 16, columns: 16, quads: 2, vectors: 1, depth: 16 },
  '64x128': { rows: 8, columns: 16, quads: 2, vectors: 2, depth: 8 },
  '128x128': { rows: 16, columns: 16, quads: 2, vectors: 2, depth: 8 },
} as const satisfies Record<string, TileSizes>;

export type TileName = keyof typeof TILES;

/** The variants of a kernel that has the tile's sizes as constants. */
export const TILE_DECLARATIONS = {
  '32x32': declare('32x32'),
  '64x64': declare('64x64'),
  '128x64': declare('128x64'),
  '64x128': declare('64x128'),
  '128x128': declare('128x128'),
} as const satisfies Record<TileName, string>;

function declare(tile: TileName): string {
  return Object.entries(TILES[tile])
    .map(([name, value]) => `const ${name.toUpperCase()} = ${value}u;`)
    .join(' ');
}

/** Sums along the two sides of a tile. */
export const tileRows = (tile: TileName): number => 4 * TILES[tile].quads * TILES[tile].rows;
export const tileColumns = (tile: TileName): number => 4 * TILES[tile].vectors * TILES[tile].columns;

const PARAMS = {
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
  out_vectors: 'u32',
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
  activation: 'u32',
  out_stride: 'u32',
  out_first: 'u32',
  splits: 'u32',
  steps_per_split: 'u32',
} as const satisfies Record<string, Scalar>;

export type GemmParams = Values<typeof PARAMS>;

/** `y = activation(conv(x, w) + bias + residual)` on a grid of outputs, or its parts that are still to be added up. */
export const conv2dGemm = defineKernel({
  name: 'conv2d_gemm',
  source,
  lanes: 'fewest',
  library: { gemm_forward, is_nan, operand_f32 },
  buffers: {
    x: { access: 'read', length: (p) => p.batch * p.in_height * p.in_width * p.in_stride * 4 },
    weights: {
      access: 'read',
      length: (p) => {
        if (p.taps_y * p.taps_x === 0) return 0;
        const last =
          p.tap_first + Math.max(0, (p.taps_y - 1) * p.tap_step_y) + Math.max(0, (p.taps_x - 1) * p.tap_step_x);
        return (last + 1) * p.in_vectors * 4 * p.out_vectors * 4;
      },
    },
    bias: { access: 'read', length: (p) => p.bias * p.out_vectors * 4 },
    residual: {
      access: 'read',
      length: (p) => p.residual * p.batch * p.out_height * p.out_width * p.out_vectors * 4,
    },
    y: { access: 'read_write', length: (p) => p.splits * p.batch * p.out_height * p.out_width * p.out_stride * 4 },
  },
  params: PARAMS,
  constants: {},
  variants: { tile: TILE_DECLARATIONS, schedule: SCHEDULES, products: PRODUCTS },
  workgroups: (p, { tile }): Grid => {
    const down = Math.ceil((p.batch * p.rows * p.columns) / tileRows(tile));
    const tiles = down * Math.ceil((p.out_vectors * 4) / tileColumns(tile));
    return [...fold(tiles), p.splits];
  },
});
