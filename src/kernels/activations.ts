/** Pointwise functions that a kernel applies as it stores its result. */
import type { Variants } from './define.ts';

/** Variants that define `activation` for whole vec4s. */
export const activations = {
  none: 'fn activation(x: vec4f) -> vec4f { return x; }',
  relu: 'fn activation(x: vec4f) -> vec4f { return max(x, vec4f(0.0)); }',
  relu6: 'fn activation(x: vec4f) -> vec4f { return clamp(x, vec4f(0.0), vec4f(6.0)); }',
  // The clamp changes no float32 result, and keeps drivers that compute sinh / cosh from inf / inf.
  tanh: 'fn activation(x: vec4f) -> vec4f { return tanh(clamp(x, vec4f(-10.0), vec4f(10.0))); }',
} as const satisfies Variants[string];

export type Activation = keyof typeof activations;

/** What may follow a convolution of `conv_direct` or `conv_depthwise`. */
export type PlainActivation = 'none' | 'relu' | 'relu6';

/** Variants that define `activate` for one type of float32. */
export const activationsOf = (type: string): Readonly<Record<PlainActivation, string>> => ({
  none: `fn activate(v: ${type}) -> ${type} { return v; }`,
  relu: `fn activate(v: ${type}) -> ${type} { return max(v, ${type}()); }`,
  relu6: `fn activate(v: ${type}) -> ${type} { return clamp(v, ${type}(), ${type}(6)); }`,
});
