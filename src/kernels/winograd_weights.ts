import source from '../../shaders/winograd_weights.wgsl';
import { defineKernel, linear } from './define.ts';
import { weightTransforms } from './winograd_tiles.ts';

/** The weights of a 3x3 convolution, transformed: the second factor of Winograd's products. */
export const winogradWeights = defineKernel({
  name: 'winograd_weights',
  source,
  buffers: {
    w: { access: 'read', length: (p) => 9 * p.in_channels * p.out_vectors * 4 },
    u: { access: 'read_write', length: (p) => p.points ** 2 * p.in_channels * p.out_vectors * 4 },
  },
  params: { in_channels: 'u32', out_vectors: 'u32', points: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: {
    tile: weightTransforms,
    weights: {
      plain: `alias Weight = vec4f;
fn weights_at(tap: u32, i: u32) -> vec4f {
  return w[tap * params.in_channels * params.out_vectors + i];
}`,
      turned: `alias Weight = f32;
fn weights_at(tap: u32, i: u32) -> vec4f {
  let stride = params.in_channels;
  let out = i % params.out_vectors * 4;
  let at = ((8 - tap) * params.out_vectors * 4 + out) * stride + i / params.out_vectors;
  return vec4f(w[at], w[at + stride], w[at + 2 * stride], w[at + 3 * stride]);
}`,
    },
  },
  workgroups: (p) => linear(p.in_channels * p.out_vectors, 256),
});
