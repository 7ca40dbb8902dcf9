import elementwise from '../../shaders/lib/elementwise.wgsl';
import is_nan from '../../shaders/lib/is_nan.wgsl';
import source from '../../shaders/unary.wgsl';
import { defineKernel, linear, type Variants } from './define.ts';
import { wholeVec4s } from './width.ts';

const define = (body: string) => `fn f(x: vec4f) -> vec4f { ${body} }`;

/** The functions of `unary`. */
export const unaries = {
  abs: define('return abs(x);'),
  ceil: define('return ceil(x);'),
  // Not clamp, which says nothing of bounds in the wrong order: there the upper one counts.
  clip: define(`let above = select(x, vec4f(params.alpha), x < vec4f(params.alpha));
  return select(above, vec4f(params.beta), above > vec4f(params.beta));`),
  // exp(x) - 1 has no digits left near 0: there its series, good to x^7 / 5040.
  elu: define(`let series = x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6)))));
  let below = select(exp(min(x, vec4f())) - 1, series, x > vec4f(-0.25));
  return select(params.alpha * below, x, x > vec4f());`),
  exp: define('return exp(x);'),
  floor: define('return floor(x);'),
  hard_sigmoid: define('return min(max(params.alpha * x + params.beta, vec4f()), vec4f(1));'),
  leaky_relu: define('return select(params.alpha * x, x, x > vec4f());'),
  log: define(`let value = select(log(x), special(MINUS_INFINITY), x == vec4f());
  return select(value, special(NAN), x < vec4f());`),
  neg: define('return -x;'),
  reciprocal: define('return 1 / x;'),
  // e never overflows.
  sigmoid: define('let e = exp(-abs(x)); return select(e, vec4f(1), x > vec4f()) / (1 + e);'),
  sqrt: define('return select(sqrt(x), special(NAN), x < vec4f());'),
  trunc: define('return trunc(x);'),
} as const satisfies Variants[string];

export type Unary = keyof typeof unaries;

/** `y[i] = f(x[i])`; what `alpha` and `beta` are depends on `f`, and most have none. */
export const unary = defineKernel({
  name: 'unary',
  source,
  library: { elementwise, is_nan },
  buffers: {
    x: { access: 'read', length: ({ count }) => wholeVec4s(count) },
    y: { access: 'read_write', length: ({ count }) => wholeVec4s(count) },
  },
  params: { count: 'u32', alpha: 'f32', beta: 'f32' },
  constants: { WORKGROUP: 256 },
  variants: { f: unaries },
  workgroups: ({ count }) => linear(count / 4, 256),
});
