import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, type Op, type Shape, sizeOf } from '../../node.ts';

/** y = x with other extents;  dx = dy with those of x. Nothing moves: both are one array. */
export const reshapeOp: Op<{ readonly shape: Shape }> = defineOp<{ readonly shape: Shape }>({
  name: 'reshape',
  shape: ([x], { shape }) => {
    if (sizeOf(shape) !== sizeOf(x!)) {
      throw new ShapeError({
        where: 'reshape',
        expected: `a shape of ${sizeOf(x!)} elements for ${describe(x!)}`,
        got: describe(shape),
      });
    }
    return shape;
  },
  lower: () => undefined,
  alias: () => 0,
  gradient: ({ inputs: [x], dy }): Node[] => [apply(reshapeOp, [dy], { shape: x!.shape })],
});

/** `x` with another shape of as many elements; nothing moves. @throws ShapeError for another count. */
export const reshape = (x: Node, shape: Shape) => apply(reshapeOp, [x], { shape });
