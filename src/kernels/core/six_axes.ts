/** Numbering of axes in the kernels that walk over many: 0 varies fastest, 5 slowest; those between may be idle. */
import { ShapeError } from '../../runtime/errors.ts';

/** The axes such a kernel has. */
export const AXES = [0, 1, 2, 3, 4, 5] as const;

/**
 * Spreads `axes` (fastest first) over the six of a kernel; the others get `idle`. The slowest of three or more comes
 * last, since the kernels skip axes 2, 3 and 4 where there are at most three.
 */
export function toSix<A>(axes: readonly A[], idle: A): A[] {
  const six = AXES.map(() => idle);
  axes.forEach((axis, i) => {
    six[i > 1 && i === axes.length - 1 ? 5 : i] = axis;
  });
  return six;
}

/** @throws ShapeError for more than six axes. */
export function expectSix<A extends { readonly extent: number }>(what: string, axes: readonly A[]): readonly A[] {
  if (axes.length > AXES.length) {
    const extents = axes.map(({ extent }) => extent).reverse();
    throw new ShapeError({
      where: what,
      expected: `at most ${AXES.length} axes after joining neighbors`,
      got: `[${extents.join(', ')}]`,
      hint: 'do it in two steps',
    });
  }
  return axes;
}

/** Multiplies extents: the elements of an array. */
export function product(extents: readonly number[]): number {
  return extents.reduce((size, extent) => size * extent, 1);
}

/** How far apart neighbors of each axis are, in an array without gaps whose last axis varies fastest. */
export function stridesOf(extents: readonly number[]): number[] {
  return extents.map((_, axis) => product(extents.slice(axis + 1)));
}
