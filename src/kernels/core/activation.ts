/** Pointwise functions that a kernel applies as it stores its result. NaN stays NaN, whatever `max` makes of it. */
import type { Variants } from './define.ts';
import { isNan } from './nan.ts';

const keeping = (value: string) => `${isNan.vec4f}
fn activation(x: vec4f) -> vec4f { return select(${value}, x, is_nan(x)); }`;

/** Variants that define `activation` for whole vec4s. */
export const activations = {
  none: 'fn activation(x: vec4f) -> vec4f { return x; }',
  relu: keeping('max(x, vec4f(0.0))'),
  relu6: keeping('clamp(x, vec4f(0.0), vec4f(6.0))'),
  hard_swish: keeping('x * clamp(x * (1.0 / 6.0) + 0.5, vec4f(0.0), vec4f(1.0))'),
  // The clamp changes no float32 result, and keeps drivers that compute sinh / cosh from inf / inf.
  tanh: keeping('tanh(clamp(x, vec4f(-10.0), vec4f(10.0)))'),
} as const satisfies Variants[string];

export type Activation = keyof typeof activations;

/** What may follow a convolution of `conv_direct` or `conv_depthwise`. */
export type PlainActivation = 'none' | 'relu' | 'relu6' | 'hard_swish';

/** Variants that define `activate` for one type of float32. `Element` must bring its own `is_nan`: see `combiningWidths`. */
export const activationsOf = (type: 'f32' | 'vec4f' | 'Element'): Readonly<Record<PlainActivation, string>> => {
  const test = type === 'Element' ? '' : `${isNan[type]}\n`;
  const keeping = (value: string) =>
    `${test}fn activate(v: ${type}) -> ${type} { return select(${value}, v, is_nan(v)); }`;
  return {
    none: `fn activate(v: ${type}) -> ${type} { return v; }`,
    relu: keeping(`max(v, ${type}())`),
    relu6: keeping(`clamp(v, ${type}(), ${type}(6))`),
    hard_swish: keeping(`v * clamp(v * (1.0 / 6.0) + 0.5, ${type}(), ${type}(1))`),
  };
};
