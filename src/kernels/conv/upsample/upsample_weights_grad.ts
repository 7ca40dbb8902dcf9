import source from '../../../../shaders/conv/upsample/upsample_weights_grad.wgsl';
import { defineKernel } from '../../core/define.ts';

/** The gradient of `upsample_weights`: from that of the 4x4 taps, `[4, 4, out, in]`, to that of `w` `[3, 3, in, out]`. */
export const upsampleWeightsGrad = defineKernel({
  name: 'upsample_weights_grad',
  source,
  buffers: {
    ds: { access: 'read', length: ({ in_channels, out_channels }) => 16 * in_channels * out_channels },
    dw: { access: 'read_write', length: ({ in_channels, out_channels }) => 9 * in_channels * out_channels },
  },
  params: { in_channels: 'u32', out_channels: 'u32' },
  constants: { WORKGROUP: 64 },
  variants: {},
  threads: ({ in_channels, out_channels }) => in_channels * out_channels,
});
