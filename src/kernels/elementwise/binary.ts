import source from '../../../shaders/elementwise/binary.wgsl';
import binaryAny from '../../../shaders/lib/binary_any.wgsl';
import elementwise from '../../../shaders/lib/elementwise.wgsl';
import is_nan from '../../../shaders/lib/is_nan.wgsl';
import { defineKernel, type Variants } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { product } from '../core/six_axes.ts';
import { wholeVec4s } from '../core/vector_width.ts';
import { emitStridedCopy, expansion } from '../movement/strided_copy.ts';

const define = (value: string) => `fn f(a: vec4f, b: vec4f) -> vec4f { return ${value}; }`;
const powers = (p: string, q: string) =>
  define(`vec4f(${['x', 'y', 'z', 'w'].map((i) => `power(${p}.${i}, ${q}.${i})`).join(', ')})`);
const compare = (truth: string) => define(`select(vec4f(), vec4f(1), (${truth}) & !is_nan(a) & !is_nan(b))`);

/** The functions of `binary`; `reversed`: of b and a, for where a is the one that is repeated. */
export const binaries = {
  add: define('a + b'),
  sub: define('a - b'),
  sub_reversed: define('b - a'),
  mul: define('a * b'),
  div: define('a / b'),
  div_reversed: define('b / a'),
  pow: powers('a', 'b'),
  pow_reversed: powers('b', 'a'),
  min: define('keep_nan(a, b, min(a, b))'),
  max: define('keep_nan(a, b, max(a, b))'),
  // 1 where it is so, else 0; nothing is equal to NaN, less or more.
  equal: compare('a == b'),
  less: compare('a < b'),
  less_reversed: compare('b < a'),
  less_equal: compare('a <= b'),
  less_equal_reversed: compare('b <= a'),
} as const satisfies Variants[string];

/** How `b` is read: all of it; whole vec4s over and over; or float by float. */
export const repeats = {
  same: 'alias B = vec4f;\nfn b_at(i: u32) -> vec4f { return b[i]; }',
  vectors: 'alias B = vec4f;\nfn b_at(i: u32) -> vec4f { return b[i % (params.period / 4)]; }',
  any: binaryAny,
} as const satisfies Variants[string];

/** `y[i] = f(a[i], b[(i / inner) % period])`; see `emitBinary`. */
export const binary = defineKernel({
  name: 'binary',
  source,
  library: { elementwise, is_nan },
  buffers: {
    a: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    b: { access: 'read', length: ({ count, period }) => (period === count ? wholeVec4s(count) : period) },
    y: { access: 'read_write', length: ({ count }) => wholeVec4s(count) },
  },
  params: { count: 'u32', inner: 'u32', period: 'u32' },
  constants: { WORKGROUP: 256 },
  variants: { f: binaries, repeat: repeats },
  threads: ({ count }) => count / 4,
});

/** The functions of two arrays. */
export type Binary = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'min' | 'max' | 'equal' | 'less' | 'less_equal';

const reversed: Readonly<Record<Binary, keyof typeof binaries>> = {
  add: 'add',
  sub: 'sub_reversed',
  mul: 'mul',
  div: 'div_reversed',
  pow: 'pow_reversed',
  min: 'min',
  max: 'max',
  equal: 'equal',
  less: 'less_reversed',
  less_equal: 'less_equal_reversed',
};

type Extents = readonly number[];

/** An array whose element for index i of the result is `(i / inner) % period`. */
interface Repetition {
  readonly inner: number;
  readonly period: number;
}

/**
 * `y = f(a, b)`, where axes of extent 1 (and missing first ones) are repeated to `extents`, the result's.
 *
 * One dispatch where one array is as large as `y` and the other repeats regularly; otherwise copies come first.
 */
export function emitBinary<T>(
  emit: Emit<T>,
  buffers: { readonly a: T; readonly b: T; readonly y: T },
  { f, a, b, extents }: { readonly f: Binary; readonly a: Extents; readonly b: Extents; readonly extents: Extents },
): void {
  const count = product(extents);
  const swap = product(a) < count && product(b) === count;
  const [large, small] = swap ? ['b' as const, 'a' as const] : ['a' as const, 'b' as const];
  const shapes = { a, b };
  const whole = (side: 'a' | 'b'): T => {
    if (product(shapes[side]) === count) return buffers[side];
    const copy = emit.scratch(count);
    emitStridedCopy(emit, { x: buffers[side], y: copy }, expansion(shapes[side], extents));
    return copy;
  };
  const regular = repetitionOf(shapes[small], extents);
  const { inner, period } = regular ?? { inner: 1, period: count };
  const repeat = period === count ? 'same' : inner === 1 && period % 4 === 0 ? 'vectors' : 'any';
  emit.call(
    binary,
    { a: whole(large), b: regular ? buffers[small] : whole(small), y: buffers.y },
    { count, inner, period },
    { f: swap ? reversed[f] : f, repeat },
  );
}

/** How `x` repeats in an array of `extents`, or undefined where axes that repeat lie between others that do not. */
function repetitionOf(x: Extents, extents: Extents): Repetition | undefined {
  const aligned = [...extents.slice(x.length).map(() => 1), ...x];
  const begin = aligned.findIndex((extent) => extent > 1);
  const end = aligned.findLastIndex((extent) => extent > 1) + 1;
  if (aligned.slice(begin, end).join() !== extents.slice(begin, end).join()) return undefined;
  return { inner: product(extents.slice(end)), period: product(aligned) };
}
