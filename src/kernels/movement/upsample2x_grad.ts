import source from '../../../shaders/movement/upsample2x_grad.wgsl';
import { defineKernel } from '../core/define.ts';
import { elementsOf, widths } from '../core/vector_width.ts';

/** `dx[n, h, w, c]` = the sum of `dy` over the four pixels `x[n, h, w, c]` went to; sizes are those of `dx`. */
export const upsample2xGrad = defineKernel({
  name: 'upsample2x_grad',
  source,
  buffers: {
    dy: { access: 'read', length: ({ batch, height, width, channels }) => 4 * batch * height * width * channels },
    dx: { access: 'read_write', length: ({ batch, height, width, channels }) => batch * height * width * channels },
  },
  params: { batch: 'u32', height: 'u32', width: 'u32', channels: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: { vector: widths },
  threads: ({ batch, height, width, channels }, { vector }) => batch * height * width * elementsOf(channels, vector),
});
