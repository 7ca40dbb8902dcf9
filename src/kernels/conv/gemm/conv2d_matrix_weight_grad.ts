import source from '../../../../shaders/conv/gemm/conv2d_matrix_weight_grad.wgsl';
import fetch_late from '../../../../shaders/lib/conv/gemm/fetch_late.wgsl';
import gemm_weight_grad from '../../../../shaders/lib/conv/gemm/gemm_weight_grad.wgsl';
import { defineKernel } from '../../core/define.ts';
import { conv2dGemmWeightGrad } from './conv2d_gemm_weight_grad.ts';
import { MATRIX_FEATURES, MATRIX_LANES, MATRIX_TILES, MATRIX_UNITS } from './conv2d_matrix.ts';

/** `conv2d_gemm_weight_grad` with `x` and `dy` rounded to float16, multiplied by matrix units. */
export const conv2dMatrixWeightGrad = defineKernel({
  ...conv2dGemmWeightGrad,
  name: 'conv2d_matrix_weight_grad',
  source,
  library: { fetch_late, gemm_weight_grad },
  requires: MATRIX_FEATURES,
  lanes: MATRIX_LANES,
  variants: {
    tile: {
      '64x64': 'const TILE_INPUTS = 64u; const TILE_OUTPUTS = 64u; const DEPTH = 32u;',
      '128x64': 'const TILE_INPUTS = 128u; const TILE_OUTPUTS = 64u; const DEPTH = 16u;',
      '128x128': 'const TILE_INPUTS = 128u; const TILE_OUTPUTS = 128u; const DEPTH = 16u;',
    },
    unit: MATRIX_UNITS,
  },
  workgroups: (p, { tile }) => {
    const { pixels: inputs, channels: outputs } = MATRIX_TILES[tile];
    return [
      Math.ceil((p.taps_y * p.taps_x * p.in_vectors * 4) / inputs),
      Math.ceil((p.out_vectors * 4) / outputs),
      p.splits,
    ];
  },
});
