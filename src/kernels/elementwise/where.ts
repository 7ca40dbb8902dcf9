import source from '../../../shaders/elementwise/where.wgsl';
import { defineKernel } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { product } from '../core/six_axes.ts';
import { wholeVec4s } from '../core/vector_width.ts';
import { emitStridedCopy, expansion } from '../movement/strided_copy.ts';

/** `y[i] = a[i]` where `condition[i]` is not 0, else `b[i]`. */
export const where = defineKernel({
  name: 'where',
  source,
  buffers: {
    condition: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    a: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    b: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    y: { access: 'read_write', length: ({ count }) => wholeVec4s(count) },
  },
  params: { count: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: {},
  threads: ({ count }) => count / 4,
});

/**
 * Emits `y` = `a` where the condition is not 0, else `b`. Axes of extent 1 (and missing first ones) are repeated to
 * `extents`, the result's, by copies.
 *
 * @param inputs condition, a and b, with their shapes in `shapes`
 */
export function emitWhere<T>(
  emit: Emit<T>,
  inputs: readonly T[],
  shapes: readonly (readonly number[])[],
  { y, extents }: { readonly y: T; readonly extents: readonly number[] },
): void {
  const count = product(extents);
  const [condition, a, b] = inputs.map((x, i) => {
    if (product(shapes[i]!) === count) return x;
    const copy = emit.scratch(count);
    emitStridedCopy(emit, { x, y: copy }, expansion(shapes[i]!, extents));
    return copy;
  }) as [T, T, T];
  emit.call(where, { condition, a, b, y }, { count });
}
