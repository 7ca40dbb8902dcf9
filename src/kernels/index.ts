/** Every kernel, so that a test can compile each of them in all of its variants. */

import { conv2dBlock } from './conv/direct/conv2d_block.ts';
import { conv2dBlockSubgroup } from './conv/direct/conv2d_block_subgroup.ts';
import { conv2dChannelSubgroup } from './conv/direct/conv2d_channel_subgroup.ts';
import { conv2dPad } from './conv/direct/conv2d_pad.ts';
import { conv2dPatches } from './conv/direct/conv2d_patches.ts';
import { conv2dUnpad } from './conv/direct/conv2d_unpad.ts';
import { conv2dWeightGrad } from './conv/direct/conv2d_weight_grad.ts';
import { conv2dWeightGradSubgroup } from './conv/direct/conv2d_weight_grad_subgroup.ts';
import { conv2dGemm } from './conv/gemm/conv2d_gemm.ts';
import { conv2dGemmF16 } from './conv/gemm/conv2d_gemm_f16.ts';
import { conv2dGemmF16WeightGrad } from './conv/gemm/conv2d_gemm_f16_weight_grad.ts';
import { conv2dGemmSum } from './conv/gemm/conv2d_gemm_sum.ts';
import { conv2dGemmWeightGrad } from './conv/gemm/conv2d_gemm_weight_grad.ts';
import { conv2dMatrix } from './conv/gemm/conv2d_matrix.ts';
import { conv2dMatrixWeightGrad } from './conv/gemm/conv2d_matrix_weight_grad.ts';
import { convDepthwise } from './conv/grouped/conv_depthwise.ts';
import { convDirect } from './conv/grouped/conv_direct.ts';
import { conv2dPointwiseSubgroup } from './conv/pointwise/conv2d_pointwise_subgroup.ts';
import { upsampleWeights } from './conv/upsample/upsample_weights.ts';
import { upsampleWeightsGrad } from './conv/upsample/upsample_weights_grad.ts';
import { winogradInput } from './conv/winograd/winograd_input.ts';
import { winogradMultiply } from './conv/winograd/winograd_multiply.ts';
import { winogradMultiplySubgroup } from './conv/winograd/winograd_multiply_subgroup.ts';
import { winogradOutput } from './conv/winograd/winograd_output.ts';
import { winogradOutputGrad } from './conv/winograd/winograd_output_grad.ts';
import { winogradProductSubgroup } from './conv/winograd/winograd_product_subgroup.ts';
import { winogradWeights } from './conv/winograd/winograd_weights.ts';
import { winogradWeightsGrad } from './conv/winograd/winograd_weights_grad.ts';
import type { KernelSpec } from './core/define.ts';
import { accumulate } from './elementwise/accumulate.ts';
import { add } from './elementwise/add.ts';
import { biasAdd } from './elementwise/bias_add.ts';
import { binary } from './elementwise/binary.ts';
import { fill } from './elementwise/fill.ts';
import { relu } from './elementwise/relu.ts';
import { reluGrad } from './elementwise/relu_grad.ts';
import { tanh } from './elementwise/tanh.ts';
import { tanhGrad } from './elementwise/tanh_grad.ts';
import { unary } from './elementwise/unary.ts';
import { where } from './elementwise/where.ts';
import { chroma } from './image/chroma.ts';
import { coverage } from './image/coverage.ts';
import { extractorInput } from './image/extractor_input.ts';
import { labToRgba } from './image/lab_to_rgba.ts';
import { lightness } from './image/lightness.ts';
import { lumaRows } from './image/luma_rows.ts';
import { annealedMean } from './loss/annealed_mean.ts';
import { chromaWeight } from './loss/chroma_weight.ts';
import { crossEntropy } from './loss/cross_entropy.ts';
import { crossEntropyGrad } from './loss/cross_entropy_grad.ts';
import { mse } from './loss/mse.ts';
import { mseGrad } from './loss/mse_grad.ts';
import { gather } from './movement/gather.ts';
import { pad } from './movement/pad.ts';
import { resample } from './movement/resample.ts';
import { stridedCopy } from './movement/strided_copy.ts';
import { upsample2x } from './movement/upsample2x.ts';
import { upsample2xGrad } from './movement/upsample2x_grad.ts';
import { lrn } from './nn/lrn.ts';
import { matmul } from './nn/matmul.ts';
import { pool } from './nn/pool.ts';
import { adam } from './optimizer/adam.ts';
import { ema } from './optimizer/ema.ts';
import { argMax } from './reduction/arg_max.ts';
import { countNotFinite } from './reduction/count_not_finite.ts';
import { reduce } from './reduction/reduce.ts';
import { softmax } from './reduction/softmax.ts';
import { sumRows } from './reduction/sum_rows.ts';
import { sumSquares } from './reduction/sum_squares.ts';

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
