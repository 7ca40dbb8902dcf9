import source from '../../../shaders/elementwise/unary.wgsl';
import elementwise from '../../../shaders/lib/elementwise.wgsl';
import is_nan from '../../../shaders/lib/is_nan.wgsl';
import { defineKernel, type Variants } from '../core/define.ts';
import { wholeVec4s } from '../core/vector_width.ts';

const define = (body: string) => `fn f(x: vec4f) -> vec4f { ${body} }`;

// exp(x) - 1 for x <= 0. It has no digits left near 0: there its series, good to x^7 / 5040.
const expm1 = `fn expm1(x: vec4f) -> vec4f {
  let series = x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6)))));
  return select(exp(min(x, vec4f())) - 1, series, x > vec4f(-0.25));
}
`;
// A rational function, within 4e-7; Eigen's and XLA's for float32. Past 4 erf is 1 in float32.
const erf = `fn erf(v: vec4f) -> vec4f {
  let x = clamp(v, vec4f(-4), vec4f(4));
  let s = x * x;
  var p = s * -2.72614225801306e-10 + 2.77068142495902e-8;
  p = s * p - 2.10102402082508e-6;
  p = s * p - 5.69250639462346e-5;
  p = s * p - 7.34990630326855e-4;
  p = s * p - 2.95459980854025e-3;
  p = s * p - 1.60960333262415e-2;
  var q = s * -1.45660718464996e-5 - 2.13374055278905e-4;
  q = s * q - 1.68282697438203e-3;
  q = s * q - 7.37332916720468e-3;
  q = s * q - 1.42647390514189e-2;
  return clamp(x * p / q, vec4f(-1), vec4f(1));
}
`;
// 1 / (1 + exp(-x)): e never overflows.
const sigmoid = 'let e = exp(-abs(x)); return select(e, vec4f(1), x > vec4f()) / (1 + e);';

/** The functions of `unary`. */
export const unaries = {
  abs: define('return abs(x);'),
  ceil: define('return ceil(x);'),
  // Not clamp, which says nothing of bounds in the wrong order: there the upper one counts.
  clip: define(`let above = select(x, vec4f(params.alpha), x < vec4f(params.alpha));
  return select(above, vec4f(params.beta), above > vec4f(params.beta));`),
  celu: expm1 + define('return select(params.alpha * expm1(x / params.alpha), x, x > vec4f());'),
  elu: expm1 + define('return select(params.alpha * expm1(x), x, x > vec4f());'),
  erf: erf + define('return erf(x);'),
  exp: define('return exp(x);'),
  floor: define('return floor(x);'),
  gelu: erf + define('return 0.5 * x * (1 + erf(x * 0.70710678118654752));'),
  // (1 + tanh(z)) / 2 is sigmoid(2 z), which keeps more digits.
  gelu_tanh: `fn sigmoid(x: vec4f) -> vec4f { ${sigmoid} }
${define('return x * sigmoid(1.5957691216057308 * (x + 0.044715 * x * x * x));')}`,
  hard_sigmoid: define('return min(max(params.alpha * x + params.beta, vec4f()), vec4f(1));'),
  hard_swish: define('return x * min(max(x * (1.0 / 6.0) + 0.5, vec4f()), vec4f(1));'),
  leaky_relu: define('return select(params.alpha * x, x, x > vec4f());'),
  log: define(`let value = select(log(x), special(MINUS_INFINITY), x == vec4f());
  return select(value, special(NAN), x < vec4f());`),
  // tanh(log(1 + w)) is n / (n + 2); past 20 it is 1 in float32.
  mish: define('let w = exp(min(x, vec4f(20))); let n = w * (w + 2); return x * (n / (n + 2));'),
  neg: define('return -x;'),
  reciprocal: define('return 1 / x;'),
  // Ties go to the even number.
  round: define('return round(x);'),
  selu: expm1 + define('return params.beta * select(params.alpha * expm1(x), x, x > vec4f());'),
  sigmoid: define(sigmoid),
  sign: define('return sign(x);'),
  // log(1 + e) is 2 atanh(e / (2 + e)), whose series is good for e up to 1; log would lose a small e.
  softplus: define(`let e = exp(-abs(x));
  let s = e / (2 + e);
  let t = s * s;
  return max(x, vec4f()) + 2 * s * (1 + t * (1.0 / 3 + t * (1.0 / 5 + t * (1.0 / 7 + t * (1.0 / 9 + t * (1.0 / 11 + t / 13))))));`),
  softsign: define('return x / (1 + abs(x));'),
  sqrt: define('return select(sqrt(x), special(NAN), x < vec4f());'),
  thresholded_relu: define('return select(vec4f(), x, x > vec4f(params.alpha));'),
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
  anyNumber: ['alpha', 'beta'],
  constants: { WORKGROUP: 256 },
  variants: { f: unaries },
  threads: ({ count }) => count / 4,
});
