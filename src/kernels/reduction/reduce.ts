import source from '../../../shaders/reduction/reduce.wgsl';
import { defineKernel, dispatch1d, type Grid } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { combinations, combiningWidths } from '../core/reducers.ts';
import { elementsOf, type Width, widthFor } from '../core/vector_width.ts';

const WORKGROUP = 256;
/** Rows that one thread adds at most, so that rounding errors stay small for any number of rows. */
const LONGEST_CHAIN = 1024;
/** Rows that one thread takes at least, where there are that many. */
const SHORTEST_CHAIN = 16;
/** Rows a thread for which it is not worth that another one takes some. */
const FEW_ROWS = 4;
/** Enough workgroups to fill a large GPU. */
const BUSY_WORKGROUPS = 1024;
/** Bytes that neighboring threads read from one row: a whole memory transaction on every GPU. */
const COALESCED_BYTES = 128;

/** `y[o, k, c]` = `scale` times the sum, the product or the maximum of `x[o, r, c]` over the rows of chunk k. See `emitReduce`. */
export const reduce = defineKernel({
  name: 'reduce',
  source,
  buffers: {
    x: { access: 'read', length: ({ outer, rows, channels }) => outer * rows * channels },
    y: {
      access: 'read_write',
      length: ({ outer, rows, channels, chunk }) => outer * Math.ceil(rows / chunk) * channels,
    },
  },
  params: { outer: 'u32', rows: 'u32', channels: 'u32', chunk: 'u32', lanes: 'u32', scale: 'f32' },
  constants: { WORKGROUP },
  variants: { reduction: combinations, vector: combiningWidths },
  workgroups: ({ outer, rows, channels, chunk, lanes }, { vector }): Grid => {
    const [x, y = 1] = dispatch1d(outer * elementsOf(channels, vector), lanes);
    return [x, y, Math.ceil(rows / chunk)];
  },
});

/** An array seen as [outer, rows, channels], of which the rows become one. */
export interface Rows {
  readonly outer: number;
  readonly rows: number;
  readonly channels: number;
}

/**
 * Reduces rows: `x` [outer, rows, channels] to `y` [outer, channels].
 *
 * A sum is of partial sums of at most 1024 rows each, so its rounding errors are bounded for any number of rows; the
 * order of the additions depends on the shape alone. A maximum keeps NaN.
 */
export function emitReduce<T>(
  emit: Emit<T>,
  { x, y }: { readonly x: T; readonly y: T },
  reduction: 'sum' | 'mean' | 'max' | 'prod',
  { outer, rows, channels }: Rows,
): void {
  const vector = widthFor(channels);
  const kind = reduction === 'mean' ? 'sum' : reduction;
  let from = x;
  let left = rows;
  do {
    const lanes = lanesFor(left, channels, vector);
    const threads = WORKGROUP / lanes;
    const stretches = Math.ceil((outer * elementsOf(channels, vector)) / lanes);
    const wanted = Math.ceil((left * stretches) / BUSY_WORKGROUPS);
    const chunk = threads * Math.min(LONGEST_CHAIN, Math.max(SHORTEST_CHAIN, Math.ceil(wanted / threads)));
    const chunks = Math.ceil(left / chunk);
    const to = chunks === 1 ? y : emit.scratch(outer * chunks * channels);
    const scale = chunks === 1 && reduction === 'mean' ? 1 / rows : 1;
    emit.call(
      reduce,
      { x: from, y: to },
      { outer, rows: left, channels, chunk, lanes, scale },
      { reduction: kind, vector },
    );
    from = to;
    left = chunks;
  } while (left > 1);
}

/**
 * Chooses how many neighboring Elements a workgroup works on: as few as leaves each thread some rows, but no fewer
 * than make whole memory transactions.
 */
export function lanesFor(rows: number, channels: number, vector: Width): number {
  const elements = elementsOf(channels, vector);
  let lanes = 1;
  while (lanes < Math.min(elements, COALESCED_BYTES / 4 / (channels / elements))) lanes *= 2;
  while (lanes < WORKGROUP && (WORKGROUP / lanes) * FEW_ROWS >= rows) lanes *= 2;
  return lanes;
}
