import tree from '../../../shaders/lib/tree.wgsl';
import source from '../../../shaders/reduction/sum_squares.wgsl';
import { defineKernel } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { wholeVec4s } from '../core/vector_width.ts';
import { emitSum } from './sum_rows.ts';

const WORKGROUP = 256;
/** Enough workgroups to fill a large GPU, few enough that one more adds their partial sums. */
const MAX_WORKGROUPS = 1024;
/** vec4s a thread adds at least, where there are that many. */
const MIN_VEC4S = 4;

/** `partial[k]` = the sum of `(scale x)^2` in chunk k. See `emitSumSquares`. */
export const sumSquares = defineKernel({
  name: 'sum_squares',
  source,
  library: { tree },
  buffers: {
    x: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    partial: { access: 'read_write', length: (params) => chunksOf(params) },
  },
  params: { count: 'u32', chunk: 'u32', scale: 'f32' },
  constants: { WORKGROUP },
  variants: {},
  workgroups: (params) => [chunksOf(params)],
});

function chunksOf({ count, chunk }: { readonly count: number; readonly chunk: number }): number {
  return Math.ceil(count / 4 / chunk);
}

/** The first dispatch's parameters, which alone depend on the scale. */
export function sumSquaresParams({ count, scale }: { readonly count: number; readonly scale: number }) {
  const chunk = Math.max(WORKGROUP * MIN_VEC4S, Math.ceil(count / 4 / MAX_WORKGROUPS));
  return { count, chunk, scale };
}

/** The squared length of a vector: `x` [count] to `y` [1] = Σ (scale x)², in at most three dispatches. */
export function emitSumSquares<T>(
  emit: Emit<T>,
  { x, y }: { readonly x: T; readonly y: T },
  shape: { readonly count: number; readonly scale: number },
): void {
  const params = sumSquaresParams(shape);
  const chunks = chunksOf(params);
  const partial = chunks === 1 ? y : emit.scratch(chunks);
  emit.call(sumSquares, { x, partial }, params);
  if (chunks > 1) emitSum(emit, { x: partial, y }, { count: chunks });
}
