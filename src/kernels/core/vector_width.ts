/**
 * Vector width: 1, 2 or 4 neighboring floats a thread moves at once, for kernels that walk over channels, and for
 * flat ones.
 */
import { KernelError } from '../../runtime/errors.ts';
import type { Variants } from './define.ts';

/** The variants of a kernel whose threads each own one `Element` of the channels; see `widthFor`. */
export const widths = {
  scalar: 'alias Element = f32; const WIDTH = 1u;',
  vec2: 'alias Element = vec2f; const WIDTH = 2u;',
  vec4: 'alias Element = vec4f; const WIDTH = 4u;',
} as const satisfies Variants[string];

export type Width = keyof typeof widths;

const FLOATS: Readonly<Record<Width, number>> = { scalar: 1, vec2: 2, vec4: 4 };

/** Picks the widest variant that divides `channels`. */
export function widthFor(channels: number): Width {
  if (channels % 4 === 0) return 'vec4';
  return channels % 2 === 0 ? 'vec2' : 'scalar';
}

/**
 * Counts the `Element`s that `channels` floats make.
 *
 * @throws KernelError when `width` does not divide them.
 */
export function elementsOf(channels: number, width: Width): number {
  if (channels % FLOATS[width] !== 0) {
    throw new KernelError({
      where: `width '${width}'`,
      expected: `a multiple of ${FLOATS[width]} channels`,
      got: channels,
      hint: 'choose it by widthFor(channels)',
    });
  }
  return channels / FLOATS[width];
}

/**
 * Rounds `count` floats up to whole vec4s: what a buffer must hold for a kernel that sees it as `array<vec4f>`.
 *
 * WebGPU drops a trailing part of a vec4 from such a binding. Kernels leave what lies past `count` as it is.
 */
export function wholeVec4s(count: number): number {
  return Math.ceil(count / 4) * 4;
}
