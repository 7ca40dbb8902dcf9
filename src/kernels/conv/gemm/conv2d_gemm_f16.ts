import gemm_forward from '../../../../shaders/lib/conv/gemm/gemm_forward.wgsl';
import operand_f16 from '../../../../shaders/lib/conv/gemm/operand_f16.wgsl';
import is_nan from '../../../../shaders/lib/is_nan.wgsl';
import { defineKernel } from '../../core/define.ts';
import { conv2dGemm } from './conv2d_gemm.ts';

/** `conv2d_gemm` with `x` and the weights rounded to float16; all buffers, products and sums are float32. */
export const conv2dGemmF16 = defineKernel({
  ...conv2dGemm,
  name: 'conv2d_gemm_f16',
  library: { gemm_forward, is_nan, operand_f16 },
  requires: ['shader-f16'],
});
