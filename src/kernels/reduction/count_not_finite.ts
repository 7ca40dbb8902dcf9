import source from '../../../shaders/reduction/count_not_finite.wgsl';
import { defineKernel } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { wholeVec4s } from '../core/vector_width.ts';
import { emitSum } from './sum_rows.ts';

const WORKGROUP = 256;
/** Enough workgroups to fill a large GPU, few enough that one more adds their counts. */
const MAX_WORKGROUPS = 1024;
/** vec4s a thread looks at, at least, where there are that many. */
const MIN_VEC4S = 4;

/** `partial[k]` = how many elements of chunk k are NaN or infinite. See `emitCountNotFinite`. */
export const countNotFinite = defineKernel({
  name: 'count_not_finite',
  source,
  buffers: {
    x: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    partial: { access: 'read_write', length: (params) => chunksOf(params) },
  },
  params: { count: 'u32', chunk: 'u32' },
  constants: { WORKGROUP },
  variants: {},
  workgroups: (params) => [chunksOf(params)],
});

function chunksOf({ count, chunk }: { readonly count: number; readonly chunk: number }): number {
  return Math.ceil(count / 4 / chunk);
}

/** Counts what is no finite number: `x` [count] to `y` [1], as a float: 0 where all are finite. */
export function emitCountNotFinite<T>(
  emit: Emit<T>,
  { x, y }: { readonly x: T; readonly y: T },
  { count }: { readonly count: number },
): void {
  const chunk = Math.max(WORKGROUP * MIN_VEC4S, Math.ceil(count / 4 / MAX_WORKGROUPS));
  const chunks = chunksOf({ count, chunk });
  const partial = chunks === 1 ? y : emit.scratch(chunks);
  emit.call(countNotFinite, { x, partial }, { count, chunk });
  if (chunks > 1) emitSum(emit, { x: partial, y }, { count: chunks });
}
