/** Every kernel, so that a test can compile each of them in all of its variants. */
import { accumulate } from './accumulate.ts';
import { adam } from './adam.ts';
import { add } from './add.ts';
import { annealedMean } from './annealed_mean.ts';
import { argMax } from './arg_max.ts';
import { biasAdd } from './bias_add.ts';
import { binary } from './binary.ts';
import { chroma } from './chroma.ts';
import { chromaWeight } from './chroma_weight.ts';
import { convDepthwise } from './conv_depthwise.ts';
import { convDirect } from './conv_direct.ts';
import { conv2dBlock } from './conv2d_block.ts';
import { conv2dBlockSubgroup } from './conv2d_block_subgroup.ts';
import { conv2dChannelSubgroup } from './conv2d_channel_subgroup.ts';
import { conv2dGemm } from './conv2d_gemm.ts';
import { conv2dGemmF16 } from './conv2d_gemm_f16.ts';
import { conv2dGemmF16WeightGrad } from './conv2d_gemm_f16_weight_grad.ts';
import { conv2dGemmSum } from './conv2d_gemm_sum.ts';
import { conv2dGemmWeightGrad } from './conv2d_gemm_weight_grad.ts';
import { conv2dMatrix } from './conv2d_matrix.ts';
import { conv2dMatrixWeightGrad } from './conv2d_matrix_weight_grad.ts';
import { conv2dPad } from './conv2d_pad.ts';
import { conv2dPatches } from './conv2d_patches.ts';
import { conv2dPointwiseSubgroup } from './conv2d_pointwise_subgroup.ts';
import { conv2dUnpad } from './conv2d_unpad.ts';
import { conv2dWeightGrad } from './conv2d_weight_grad.ts';
import { conv2dWeightGradSubgroup } from './conv2d_weight_grad_subgroup.ts';
import { countNotFinite } from './count_not_finite.ts';
import { coverage } from './coverage.ts';
import { crossEntropy } from './cross_entropy.ts';
import { crossEntropyGrad } from './cross_entropy_grad.ts';
import type { KernelSpec } from './define.ts';
import { ema } from './ema.ts';
import { extractorInput } from './extractor_input.ts';
import { fill } from './fill.ts';
import { gather } from './gather.ts';
import { labToRgba } from './lab_to_rgba.ts';
import { lightness } from './lightness.ts';
import { lrn } from './lrn.ts';
import { lumaRows } from './luma_rows.ts';
import { matmul } from './matmul.ts';
import { mse } from './mse.ts';
import { mseGrad } from './mse_grad.ts';
import { pad } from './pad.ts';
import { pool } from './pool.ts';
import { reduce } from './reduce.ts';
import { relu } from './relu.ts';
import { reluGrad } from './relu_grad.ts';
import { resample } from './resample.ts';
import { softmax } from './softmax.ts';
import { stridedCopy } from './strided_copy.ts';
import { sumRows } from './sum_rows.ts';
import { sumSquares } from './sum_squares.ts';
import { tanh } from './tanh.ts';
import { tanhGrad } from './tanh_grad.ts';
import { unary } from './unary.ts';
import { upsampleWeights } from './upsample_weights.ts';
import { upsampleWeightsGrad } from './upsample_weights_grad.ts';
import { upsample2x } from './upsample2x.ts';
import { upsample2xGrad } from './upsample2x_grad.ts';
import { where } from './where.ts';
import { winogradInput } from './winograd_input.ts';
import { winogradMultiply } from './winograd_multiply.ts';
import { winogradMultiplySubgroup } from './winograd_multiply_subgroup.ts';
import { winogradOutput } from './winograd_output.ts';
import { winogradOutputGrad } from './winograd_output_grad.ts';
import { winogradProductSubgroup } from './winograd_product_subgroup.ts';
import { winogradWeights } from './winograd_weights.ts';
import { winogradWeightsGrad } from './winograd_weights_grad.ts';

/** In the order of their names. */
export const allKernels = [
  accumulate,
  adam,
  add,
  annealedMean,
  argMax,
  biasAdd,
  binary,
  chroma,
  chromaWeight,
  conv2dBlock,
  conv2dBlockSubgroup,
  conv2dChannelSubgroup,
  conv2dGemm,
  conv2dGemmF16,
  conv2dGemmF16WeightGrad,
  conv2dGemmSum,
  conv2dGemmWeightGrad,
  conv2dMatrix,
  conv2dMatrixWeightGrad,
  conv2dPad,
  conv2dPatches,
  conv2dPointwiseSubgroup,
  conv2dUnpad,
  conv2dWeightGrad,
  conv2dWeightGradSubgroup,
  convDepthwise,
  convDirect,
  countNotFinite,
  coverage,
  crossEntropy,
  crossEntropyGrad,
  ema,
  extractorInput,
  fill,
  gather,
  labToRgba,
  lightness,
  lumaRows,
  lrn,
  matmul,
  mse,
  mseGrad,
  pad,
  pool,
  reduce,
  relu,
  reluGrad,
  resample,
  softmax,
  stridedCopy,
  sumRows,
  sumSquares,
  tanh,
  tanhGrad,
  unary,
  upsample2x,
  upsample2xGrad,
  upsampleWeights,
  upsampleWeightsGrad,
  where,
  winogradInput,
  winogradMultiply,
  winogradMultiplySubgroup,
  winogradOutput,
  winogradOutputGrad,
  winogradProductSubgroup,
  winogradWeights,
  winogradWeightsGrad,
  // A list cannot keep the types of each kernel's buffers and parameters.
] as readonly unknown[] as readonly KernelSpec[];
