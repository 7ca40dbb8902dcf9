import source from '../../../../shaders/conv/winograd/winograd_weights.wgsl';
import winogradWeightsPlain from '../../../../shaders/lib/conv/winograd/winograd_weights_plain.wgsl';
import winogradWeightsTurned from '../../../../shaders/lib/conv/winograd/winograd_weights_turned.wgsl';
import { defineKernel, dispatch1d } from '../../core/define.ts';
import { WEIGHT_SQUARES } from './squares.ts';
import { tileTransforms } from './transforms.ts';

/** The weights of a 3x3 convolution, transformed: the second factor of Winograd's products. */
export const winogradWeights = defineKernel({
  name: 'winograd_weights',
  source,
  lanes: 'fewest',
  buffers: {
    w: { access: 'read', length: (p) => 9 * p.in_channels * p.out_vectors * 4 },
    u: { access: 'read_write', length: (p) => p.points ** 2 * p.in_channels * p.out_vectors * 4 },
  },
  params: { in_channels: 'u32', out_vectors: 'u32', points: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: {
    tile: tileTransforms,
    weights: {
      plain: winogradWeightsPlain,
      turned: winogradWeightsTurned,
    },
    square: WEIGHT_SQUARES,
  },
  workgroups: (p) => dispatch1d(p.in_channels * p.out_vectors, 256),
});
