/** Reduction operators: WGSL that reductions and pooling share. */
import type { Variants } from './define.ts';
import { isNan } from './nan.ts';
import { type Width, widths } from './vector_width.ts';

/** `initial(first)` starts from any one of the values, `combine(a, b)` takes one more. Needs `combiningWidths`. */
export const combinations = {
  sum: `fn initial(first: Element) -> Element { return Element(); }
fn combine(a: Element, b: Element) -> Element { return a + b; }`,
  prod: `fn initial(first: Element) -> Element { return Element(1); }
fn combine(a: Element, b: Element) -> Element { return a * b; }`,
  // max() may drop a NaN; this keeps it.
  max: `fn initial(first: Element) -> Element { return first; }
fn combine(a: Element, b: Element) -> Element { return select(b, a, (a >= b) | is_nan(a)); }`,
} as const satisfies Variants[string];

/** `widths`, and `is_nan(v)` for each. */
export const combiningWidths = {
  scalar: `${widths.scalar}\n${isNan.f32}`,
  vec2: `${widths.vec2}\n${isNan.vec2f}`,
  vec4: `${widths.vec4}\n${isNan.vec4f}`,
} as const satisfies Record<Width, string>;
