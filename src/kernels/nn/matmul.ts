import matmulAScalar from '../../../shaders/lib/matmul_a_scalar.wgsl';
import matmulBScalar from '../../../shaders/lib/matmul_b_scalar.wgsl';
import matmulBVec4 from '../../../shaders/lib/matmul_b_vec4.wgsl';
import source from '../../../shaders/nn/matmul.wgsl';
import { defineKernel } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { BUSY_THREADS } from '../core/limits.ts';
import { emitReduce } from '../reduction/reduce.ts';

const WORKGROUP = 64;

/** Products of the matrices of a batch. See `emitMatmul`. */
export const matmul = defineKernel({
  name: 'matmul',
  source,
  buffers: {
    a: {
      access: 'read',
      length: (p) => (lastMatrix(p, [p.a_step_0, p.a_step_1, p.a_step_2]) + 1) * p.rows * p.inner,
    },
    b: {
      access: 'read',
      length: (p) => (lastMatrix(p, [p.b_step_0, p.b_step_1, p.b_step_2]) + 1) * p.inner * p.columns,
    },
    y: { access: 'read_write', length: (p) => p.batch_0 * p.batch_1 * p.batch_2 * p.rows * p.columns },
  },
  params: {
    batch_0: 'u32',
    batch_1: 'u32',
    batch_2: 'u32',
    a_step_0: 'u32',
    a_step_1: 'u32',
    a_step_2: 'u32',
    b_step_0: 'u32',
    b_step_1: 'u32',
    b_step_2: 'u32',
    rows: 'u32',
    inner: 'u32',
    columns: 'u32',
  },
  constants: { WORKGROUP },
  variants: {
    /** Whether 4 divides `inner`. */
    inner: {
      vec4: `alias A = vec4f;
fn a_at(line: u32, k: u32) -> vec4f { return a[line * (params.inner / 4u) + k]; }`,
      scalar: matmulAScalar,
    },
    /** Whether 4 divides `columns`. */
    columns: {
      vec4: matmulBVec4,
      scalar: matmulBScalar,
    },
  },
  threads: ({ batch_0, batch_1, batch_2, rows, columns }) =>
    batch_0 * batch_1 * batch_2 * Math.ceil(rows / 4) * Math.ceil(columns / 4),
});

type Triple = readonly [number, number, number];

/** The sizes of a batch of products. */
export interface MatmulGeometry {
  /** The extents of y's batch axes. */
  readonly batch: Triple;
  /** The extents of a's and b's batch axes: as y's, or 1 where all of y's matrices have the same factor. */
  readonly batchA: Triple;
  readonly batchB: Triple;
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** Emits `y` [...batch, rows, columns] = `a` [...batchA, rows, inner] times `b` [...batchB, inner, columns]. */
export function emitMatmul<T>(
  emit: Emit<T>,
  buffers: { readonly a: T; readonly b: T; readonly y: T },
  { batch, batchA, batchB, rows, inner, columns }: MatmulGeometry,
): void {
  const [batch_0, batch_1, batch_2] = batch;
  const [a_step_0, a_step_1, a_step_2] = steps(batchA);
  const [b_step_0, b_step_1, b_step_2] = steps(batchB);
  emit.call(
    matmul,
    buffers,
    {
      ...{ batch_0, batch_1, batch_2, a_step_0, a_step_1, a_step_2, b_step_0, b_step_1, b_step_2 },
      ...{ rows, inner, columns },
    },
    { inner: inner % 4 === 0 ? 'vec4' : 'scalar', columns: columns % 4 === 0 ? 'vec4' : 'scalar' },
  );
}

/** Terms that a part of a split sum has at least. */
const SHORTEST_SUM = 16;

/**
 * Emits `y` [columns] = the vector `a` [inner] times the matrix `b` [inner, columns].
 *
 * One row alone makes few threads, so the sum falls into parts: rows of the matrix that are products of their own.
 */
export function emitVectorMatmul<T>(
  emit: Emit<T>,
  { a, b, y }: { readonly a: T; readonly b: T; readonly y: T },
  { inner, columns }: { readonly inner: number; readonly columns: number },
): void {
  let parts = Math.max(1, Math.floor(Math.min(inner / SHORTEST_SUM, BUSY_THREADS / Math.ceil(columns / 4))));
  while (inner % parts !== 0) parts--;
  const batch = [1, 1, parts] as const;
  const partial = parts === 1 ? y : emit.scratch(parts * columns);
  const sizes = { rows: 1, inner: inner / parts, columns };
  emitMatmul(emit, { a, b, y: partial }, { batch, batchA: batch, batchB: batch, ...sizes });
  if (parts > 1) emitReduce(emit, { x: partial, y }, 'sum', { outer: 1, rows: parts, channels: columns });
}

/** How many matrices apart neighbors along each batch axis are. */
function steps([first, second, third]: Triple): Triple {
  return [first > 1 ? second * third : 0, second > 1 ? third : 0, third > 1 ? 1 : 0];
}

function lastMatrix(
  { batch_0, batch_1, batch_2 }: { batch_0: number; batch_1: number; batch_2: number },
  [first, second, third]: Triple,
): number {
  return (batch_0 - 1) * first + (batch_1 - 1) * second + (batch_2 - 1) * third;
}
