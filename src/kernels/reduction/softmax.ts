import tree from '../../../shaders/lib/tree.wgsl';
import source from '../../../shaders/reduction/softmax.wgsl';
import { defineKernel, dispatch1d } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { elementsOf, widthFor, widths } from '../core/vector_width.ts';
import { lanesFor, type Rows } from './reduce.ts';

const WORKGROUP = 256;

/** `y` = exp(x) / Σ exp(x) along the rows. See `emitSoftmax`. */
export const softmax = defineKernel({
  name: 'softmax',
  source,
  library: { tree },
  buffers: {
    x: { access: 'read', length: ({ outer, rows, channels }) => outer * rows * channels },
    y: { access: 'read_write', length: ({ outer, rows, channels }) => outer * rows * channels },
  },
  params: { outer: 'u32', rows: 'u32', channels: 'u32', lanes: 'u32' },
  constants: { WORKGROUP },
  variants: { vector: widths },
  workgroups: ({ outer, channels, lanes }, { vector }) => dispatch1d(outer * elementsOf(channels, vector), lanes),
});

/** Emits the softmax over the rows of `x` [outer, rows, channels]; `y` has the same shape. Large numbers don't overflow. */
export function emitSoftmax<T>(
  emit: Emit<T>,
  buffers: { readonly x: T; readonly y: T },
  { outer, rows, channels }: Rows,
): void {
  const vector = widthFor(channels);
  emit.call(softmax, buffers, { outer, rows, channels, lanes: lanesFor(rows, channels, vector) }, { vector });
}
