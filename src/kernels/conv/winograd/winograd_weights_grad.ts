import source from '../../../../shaders/conv/winograd/winograd_weights_grad.wgsl';
import { defineKernel, dispatch1d } from '../../core/define.ts';
import { WEIGHT_SQUARES } from './squares.ts';
import { tileTransforms } from './transforms.ts';

/** The gradient of a 3x3 convolution's weights, from the parts of that of the transformed weights. */
export const winogradWeightsGrad = defineKernel({
  name: 'winograd_weights_grad',
  source,
  lanes: 'fewest',
  buffers: {
    du: { access: 'read', length: (p) => p.splits * p.points ** 2 * p.in_channels * p.out_vectors * 4 },
    dw: { access: 'read_write', length: (p) => 9 * p.in_channels * p.out_vectors * 4 },
  },
  params: { in_channels: 'u32', out_vectors: 'u32', splits: 'u32', points: 'u32' },
  constants: { WORKGROUP: 64 },
  variants: { tile: tileTransforms, square: WEIGHT_SQUARES },
  workgroups: (p) => dispatch1d(p.in_channels * p.out_vectors, 64),
});
