import source from '../../../../shaders/conv/gemm/conv2d_matrix.wgsl';
import fetch_late from '../../../../shaders/lib/conv/gemm/fetch_late.wgsl';
import gemm_forward from '../../../../shaders/lib/conv/gemm/gemm_forward.wgsl';
import is_nan from '../../../../shaders/lib/is_nan.wgsl';
import { defineKernel, type Grid } from '../../core/define.ts';
import { fold } from '../../core/limits.ts';
import { conv2dGemm } from './conv2d_gemm.ts';

/** The shapes `MxNxK` of matrix units that there are kernels for, the preferred ones first: f16 operands, f32 sums. */
export const MATRIX_UNITS = {
  '16x16x16': 'const M = 16u; const N = 16u; const K = 16u;',
  '16x8x16': 'const M = 16u; const N = 8u; const K = 16u;',
  '16x8x8': 'const M = 16u; const N = 8u; const K = 8u;',
  '8x8x8': 'const M = 8u; const N = 8u; const K = 8u;',
} as const satisfies Record<string, string>;

export type MatrixUnit = keyof typeof MATRIX_UNITS;

/** Lanes of a subgroup that the kernels are written for. */
export const MATRIX_LANES = 32;

/** What a device needs for them. */
export const MATRIX_FEATURES = ['shader-f16', 'chromium-experimental-subgroup-matrix'] as const;

/** The tiles, named `pixels x channels`. At most 16 KiB of workgroup memory: what every device has. */
export const MATRIX_TILES = {
  '64x64': { pixels: 64, channels: 64, depth: 32 },
  '128x64': { pixels: 128, channels: 64, depth: 16 },
  '128x128': { pixels: 128, channels: 128, depth: 16 },
} as const;

export type MatrixTile = keyof typeof MATRIX_TILES;

/** `conv2d_gemm` with `x` and the weights rounded to float16, multiplied by matrix units. */
export const conv2dMatrix = defineKernel({
  ...conv2dGemm,
  name: 'conv2d_matrix',
  source,
  library: { fetch_late, gemm_forward, is_nan },
  requires: MATRIX_FEATURES,
  lanes: MATRIX_LANES,
  variants: {
    tile: {
      '64x64': 'const TILE_PIXELS = 64u; const TILE_CHANNELS = 64u; const DEPTH = 32u;',
      '128x64': 'const TILE_PIXELS = 128u; const TILE_CHANNELS = 64u; const DEPTH = 16u;',
      '128x128': 'const TILE_PIXELS = 128u; const TILE_CHANNELS = 128u; const DEPTH = 16u;',
    },
    unit: MATRIX_UNITS,
  },
  workgroups: (p, { tile }): Grid => {
    const { pixels, channels } = MATRIX_TILES[tile];
    const tiles = Math.ceil((p.batch * p.rows * p.columns) / pixels) * Math.ceil((p.out_vectors * 4) / channels);
    return [...fold(tiles), p.splits];
  },
});
