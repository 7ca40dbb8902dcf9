import tree from '../../../shaders/lib/tree.wgsl';
import source from '../../../shaders/reduction/sum_rows.wgsl';
import { defineKernel } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { elementsOf, widthFor, widths } from '../core/vector_width.ts';

const WORKGROUP = 256;
/** Enough workgroups to fill a large GPU, few enough that their partial sums are added by one more dispatch. */
const MAX_WORKGROUPS = 1024;
/** Rows a thread adds at least, where there are that many. */
const MIN_ROWS = 16;
/** Bytes that neighboring threads read from one row: a whole memory transaction on every GPU. */
const COALESCED_BYTES = 128;

/** `y[o, k, c]` = the sum of `x[o, r, c]` over the `chunk` rows of chunk k. See `emitSumRows`. */
export const sumRows = defineKernel({
  name: 'sum_rows',
  source,
  library: { tree },
  buffers: {
    x: { access: 'read', length: ({ outer, rows, channels }) => outer * rows * channels },
    y: {
      access: 'read_write',
      length: ({ outer, rows, channels, chunk }) => outer * Math.ceil(rows / chunk) * channels,
    },
  },
  params: { outer: 'u32', rows: 'u32', channels: 'u32', chunk: 'u32', lanes: 'u32' },
  constants: { WORKGROUP },
  variants: { vector: widths },
  workgroups: ({ outer, rows, channels, chunk, lanes }, { vector }) => [
    Math.ceil(rows / chunk),
    Math.ceil(elementsOf(channels, vector) / lanes),
    outer,
  ],
});

/**
 * Sums over rows: `x` [outer, rows, channels] to `y` [outer, channels], in at most two dispatches.
 *
 * `outer` 1 and `rows` N*H*W is the gradient of a bias, `outer` N and `rows` H*W that of a bias for each image.
 * The order of the additions depends on the shape alone.
 */
export function emitSumRows<T>(
  emit: Emit<T>,
  { x, y }: { readonly x: T; readonly y: T },
  { outer, rows, channels }: { readonly outer: number; readonly rows: number; readonly channels: number },
): void {
  const vector = widthFor(channels);
  const elements = elementsOf(channels, vector);
  let lanes = 1;
  while (lanes < Math.min(elements, COALESCED_BYTES / 4 / (channels / elements))) lanes *= 2;
  const most = Math.max(1, Math.floor(MAX_WORKGROUPS / (outer * Math.ceil(elements / lanes))));
  const chunk = Math.max((WORKGROUP / lanes) * MIN_ROWS, Math.ceil(rows / most));
  const chunks = Math.ceil(rows / chunk);
  if (chunks === 1) {
    emit.call(sumRows, { x, y }, { outer, rows, channels, chunk, lanes }, { vector });
    return;
  }
  const partial = emit.scratch(outer * chunks * channels);
  emit.call(sumRows, { x, y: partial }, { outer, rows, channels, chunk, lanes }, { vector });
  emit.call(sumRows, { x: partial, y }, { outer, rows: chunks, channels, chunk: chunks, lanes }, { vector });
}

/** Sums `count` numbers: `x` [count] to `y` [1]. */
export function emitSum<T>(
  emit: Emit<T>,
  buffers: { readonly x: T; readonly y: T },
  { count }: { readonly count: number },
): void {
  emitSumRows(emit, buffers, { outer: 1, rows: count, channels: 1 });
}
