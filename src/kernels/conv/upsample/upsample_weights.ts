import source from '../../../../shaders/conv/upsample/upsample_weights.wgsl';
import { defineKernel } from '../../core/define.ts';

/** The 4x4 taps that stand for nearest x2 followed by the 3x3 taps `w` `[3, 3, in, out]`. */
export const upsampleWeights = defineKernel({
  name: 'upsample_weights',
  source,
  buffers: {
    w: { access: 'read', length: ({ in_channels, out_channels }) => 9 * in_channels * out_channels },
    s: { access: 'read_write', length: ({ in_channels, out_channels }) => 16 * in_channels * out_channels },
  },
  params: { in_channels: 'u32', out_channels: 'u32' },
  constants: { WORKGROUP: 64 },
  variants: {
    /** `plain`: [4, 4, in, out]. `turned`: [4, 4, out, in], the weights of the convolution that is transposed. */
    layout: {
      plain: 'fn place(pair: u32) -> u32 { return pair; }',
      turned: `fn place(pair: u32) -> u32 {
  return pair % params.in_channels * params.out_channels + pair / params.in_channels;
}`,
    },
  },
  threads: ({ in_channels, out_channels }) => in_channels * out_channels,
});
