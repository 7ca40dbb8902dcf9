import source from '../../../shaders/movement/resample.wgsl';
import { defineKernel } from '../core/define.ts';
import { elementsOf, widths } from '../core/vector_width.ts';

/** `y[o, k, i] = Σ over t of weight[k, t] · x[o, index[k, t], i]`; `index` holds whole numbers below `extent` as floats. */
export const resample = defineKernel({
  name: 'resample',
  source,
  buffers: {
    x: { access: 'read', length: ({ outer, extent, inner }) => outer * extent * inner },
    index: { access: 'read', length: ({ count, taps }) => count * taps },
    weight: { access: 'read', length: ({ count, taps }) => count * taps },
    y: { access: 'read_write', length: ({ outer, count, inner }) => outer * count * inner },
  },
  params: { outer: 'u32', extent: 'u32', count: 'u32', inner: 'u32', taps: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: { vector: widths },
  threads: ({ outer, count, inner }, { vector }) => outer * count * elementsOf(inner, vector),
});
