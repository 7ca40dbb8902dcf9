/** Shape checks that ops share. */
import { ShapeError } from '../../../runtime/errors.ts';
import { describe, type Shape } from '../../node.ts';

/** @throws ShapeError unless `shape` has four extents: N, H, W, C. */
export function expectNhwc(op: string, what: string, shape: Shape): readonly [number, number, number, number] {
  const [n, h, w, c] = shape;
  if (shape.length !== 4 || shape.some((extent) => extent < 1)) {
    throw new ShapeError({ where: op, expected: `${what} as [batch, height, width, channels]`, got: describe(shape) });
  }
  return [n!, h!, w!, c!];
}

/** @throws ShapeError unless both shapes are equal. */
export function expectSame(op: string, what: string, expected: Shape, got: Shape): void {
  if (expected.join() !== got.join()) {
    throw new ShapeError({ where: op, expected: `${what} of shape ${describe(expected)}`, got: describe(got) });
  }
}
