import gemm_weight_grad from '../../../../shaders/lib/conv/gemm/gemm_weight_grad.wgsl';
import operand_f16 from '../../../../shaders/lib/conv/gemm/operand_f16.wgsl';
import { defineKernel } from '../../core/define.ts';
import { conv2dGemmWeightGrad } from './conv2d_gemm_weight_grad.ts';

/** `conv2d_gemm_weight_grad` with `x` and `dy` rounded to float16; all buffers, products and sums are float32. */
export const conv2dGemmF16WeightGrad = defineKernel({
  ...conv2dGemmWeightGrad,
  name: 'conv2d_gemm_f16_weight_grad',
  library: { gemm_weight_grad, operand_f16 },
  requires: ['shader-f16'],
});
