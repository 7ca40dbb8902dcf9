import source from '../../../shaders/loss/chroma_weight.wgsl';
import { defineKernel } from '../core/define.ts';

/**
 * Looks up a weight for each pixel's color: `chroma` [count, 2], `table` [side, side] by a* and b*, `y` [count].
 *
 * Bin k of a side is centered on chroma `(k - (side - 1) / 2) / scale`; `side` is odd, so grey has a bin of its own.
 * Colors beyond the table take its edge.
 */
export const chromaWeight = defineKernel({
  name: 'chroma_weight',
  source,
  buffers: {
    chroma: { access: 'read', length: ({ count }) => 2 * count },
    table: { access: 'read', length: ({ side }) => side * side },
    y: { access: 'read_write', length: ({ count }) => count },
  },
  params: { count: 'u32', side: 'u32', scale: 'f32' },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ count }) => count,
});
