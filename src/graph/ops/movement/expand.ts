import { emitStridedCopy, expansion } from '../../../kernels/movement/strided_copy.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, type Shape } from '../../node.ts';
import { copied, expectElements } from './axes.ts';

export interface ExpandAttrs {
  readonly shape: Shape;
}

/** y[i] = x[i], where an axis of extent 1 (or a missing first one) is repeated: numpy's `broadcast_to`. */
export const expandOp = defineOp<ExpandAttrs>({
  name: 'expand',
  shape: ([x], { shape }) => {
    expectElements('expand', x!, shape);
    const lead = shape.length - x!.length;
    if (lead < 0 || x!.some((extent, axis) => extent !== 1 && extent !== shape[lead + axis])) {
      throw new ShapeError({
        where: 'expand',
        expected: `a shape that ${describe(x!)} can be repeated to`,
        got: describe(shape),
        hint: 'only axes of 1 can grow',
      });
    }
    return copied('expand', expansion(x!, shape));
  },
  lower: (emit, { inputs: [x], shapes, output, shape }) =>
    emitStridedCopy(emit, { x: x!, y: output }, expansion(shapes[0]!, shape)),
  gradient: 'inference',
});

/** Repeats `x` along its axes of extent 1, to `shape`. @throws ShapeError where that is impossible. */
export const expand = (x: Node, shape: Shape) => apply(expandOp, [x], { shape });
