import source from '../../../shaders/movement/upsample2x.wgsl';
import { defineKernel } from '../core/define.ts';
import { elementsOf, widths } from '../core/vector_width.ts';

/** `y[n, h, w, c] = x[n, h / 2, w / 2, c]`; `height` and `width` are those of `x`. */
export const upsample2x = defineKernel({
  name: 'upsample2x',
  source,
  buffers: {
    x: { access: 'read', length: ({ batch, height, width, channels }) => batch * height * width * channels },
    y: { access: 'read_write', length: ({ batch, height, width, channels }) => 4 * batch * height * width * channels },
  },
  params: { batch: 'u32', height: 'u32', width: 'u32', channels: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: { vector: widths },
  threads: ({ batch, height, width, channels }, { vector }) => batch * height * width * elementsOf(channels, vector),
});
