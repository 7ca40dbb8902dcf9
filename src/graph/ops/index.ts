/** Every op there is. Tests walk this list: an op without a test, or without a gradient rule, fails. */
import type { Op } from '../node.ts';
import { annealedMeanOp } from './color/annealed_mean.ts';
import { chromaWeightOp } from './color/chroma_weight.ts';
import { chromaOp, coverageOp, lightnessOp } from './color/image.ts';
import { convDirectOp } from './conv/conv_direct.ts';
import { conv2dInputGradOp, conv2dOp, conv2dWeightGradOp } from './conv/conv2d.ts';
import { upsampleConv2dInputGradOp, upsampleConv2dOp, upsampleConv2dWeightGradOp } from './conv/upsample_conv2d.ts';
import { constantOp } from './core/constant.ts';
import { inputOp, parameterOp } from './core/input.ts';
import { precomputedOp } from './core/precomputed.ts';
import { tensorOp } from './core/tensor.ts';
import { writeIntoOp } from './core/write_into.ts';
import { addOp } from './elementwise/add.ts';
import { biasAddOp, sumRowsOp } from './elementwise/bias_add.ts';
import { binaryOp } from './elementwise/binary.ts';
import { reluGradOp, reluOp } from './elementwise/relu.ts';
import { tanhGradOp, tanhOp } from './elementwise/tanh.ts';
import { unaryOp } from './elementwise/unary.ts';
import { whereOp } from './elementwise/where.ts';
import { crossEntropyGradOp, crossEntropyOp } from './loss/cross_entropy.ts';
import { mseGradOp, mseOp } from './loss/mse.ts';
import { concatOp } from './movement/concat.ts';
import { expandOp } from './movement/expand.ts';
import { gatherOp } from './movement/gather.ts';
import { padOp } from './movement/pad.ts';
import { resampleOp } from './movement/resample.ts';
import { reshapeOp } from './movement/reshape.ts';
import { sliceOp } from './movement/slice.ts';
import { transposeOp } from './movement/transpose.ts';
import { upsample2xGradOp, upsample2xOp } from './movement/upsample2x.ts';
import { lrnOp } from './nn/lrn.ts';
import { matmulOp } from './nn/matmul.ts';
import { averagePoolOp, maxPoolOp } from './nn/pool.ts';
import { argMaxOp } from './reduction/arg_max.ts';
import { reduceOp } from './reduction/reduce.ts';
import { softmaxOp } from './reduction/softmax.ts';

export const allOps: readonly Op<unknown>[] = [
  inputOp,
  parameterOp,
  constantOp,
  tensorOp,
  conv2dOp,
  conv2dInputGradOp,
  conv2dWeightGradOp,
  biasAddOp,
  sumRowsOp,
  addOp,
  reluOp,
  reluGradOp,
  tanhOp,
  tanhGradOp,
  reshapeOp,
  precomputedOp,
  writeIntoOp,
  upsample2xOp,
  upsample2xGradOp,
  upsampleConv2dOp,
  upsampleConv2dInputGradOp,
  upsampleConv2dWeightGradOp,
  transposeOp,
  sliceOp,
  expandOp,
  concatOp,
  padOp,
  gatherOp,
  resampleOp,
  whereOp,
  argMaxOp,
  binaryOp,
  unaryOp,
  mseOp,
  mseGradOp,
  crossEntropyOp,
  crossEntropyGradOp,
  annealedMeanOp,
  lightnessOp,
  chromaOp,
  chromaWeightOp,
  coverageOp,
  maxPoolOp,
  averagePoolOp,
  reduceOp,
  softmaxOp,
  matmulOp,
  lrnOp,
  convDirectOp,
];
