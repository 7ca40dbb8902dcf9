/** How many values become one: WGSL that reductions and pooling share. */
import type { Variants } from './define.ts';
import { type Width, widths } from './width.ts';

/** `initial(first)` starts from any one of the values, `combine(a, b)` takes one more. Needs `combiningWidths`. */
export const combinations = {
  sum: `fn initial(first: Element) -> Element { return Element(); }
fn combine(a: Element, b: Element) -> Element { return a + b; }`,
  // max() may drop a NaN; this keeps it.
  max: `fn initial(first: Element) -> Element { return first; }
fn combine(a: Element, b: Element) -> Element { return select(b, a, (a >= b) | is_nan(a)); }`,
} as const satisfies Variants[string];

// By its bits: drivers take a != a for false.
const isNan = (bool: string, bits: string) => `fn is_nan(v: Element) -> ${bool} {
  return (bitcast<${bits}>(v) & ${bits}(0x7fffffff)) > ${bits}(0x7f800000);
}`;

/** `widths`, and `is_nan(v)` for each. */
export const combiningWidths = {
  scalar: `${widths.scalar}\n${isNan('bool', 'u32')}`,
  vec2: `${widths.vec2}\n${isNan('vec2<bool>', 'vec2u')}`,
  vec4: `${widths.vec4}\n${isNan('vec4<bool>', 'vec4u')}`,
} as const satisfies Record<Width, string>;
