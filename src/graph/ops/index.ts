/** Every op there is. Tests walk this list: an op without a test, or without a gradient rule, fails. */
import type { Op } from '../node.ts';
import { addOp } from './add.ts';
import { annealedMeanOp } from './annealed_mean.ts';
import { argMaxOp } from './arg_max.ts';
import { biasAddOp, sumRowsOp } from './bias_add.ts';
import { binaryOp } from './binary.ts';
import { chromaWeightOp } from './chroma_weight.ts';
import { concatOp } from './concat.ts';
import { constantOp } from './constant.ts';
import { convDirectOp } from './conv_direct.ts';
import { conv2dInputGradOp, conv2dOp, conv2dWeightGradOp } from './conv2d.ts';
import { crossEntropyGradOp, crossEntropyOp } from './cross_entropy.ts';
import { expandOp } from './expand.ts';
import { foldedOp } from './folded.ts';
import { gatherOp } from './gather.ts';
import { chromaOp, coverageOp, lightnessOp } from './image.ts';
import { inputOp, parameterOp } from './input.ts';
import { lrnOp } from './lrn.ts';
import { matmulOp } from './matmul.ts';
import { mseGradOp, mseOp } from './mse.ts';
import { padOp } from './pad.ts';
import { placeOp } from './place.ts';
import { averagePoolOp, maxPoolOp } from './pool.ts';
import { reduceOp } from './reduce.ts';
import { reluGradOp, reluOp } from './relu.ts';
import { resampleOp } from './resample.ts';
import { reshapeOp } from './reshape.ts';
import { sliceOp } from './slice.ts';
import { softmaxOp } from './softmax.ts';
import { tanhGradOp, tanhOp } from './tanh.ts';
import { tensorOp } from './tensor.ts';
import { transposeOp } from './transpose.ts';
import { unaryOp } from './unary.ts';
import { upsampleConv2dInputGradOp, upsampleConv2dOp, upsampleConv2dWeightGradOp } from './upsample_conv2d.ts';
import { upsample2xGradOp, upsample2xOp } from './upsample2x.ts';
import { whereOp } from './where.ts';

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
  foldedOp,
  placeOp,
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
