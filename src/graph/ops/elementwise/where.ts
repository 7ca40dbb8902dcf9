import { emitWhere } from '../../../kernels/elementwise/where.ts';
import { expansion } from '../../../kernels/movement/strided_copy.ts';
import { apply, defineOp, type Node } from '../../node.ts';
import { copied, expectElements } from '../movement/axes.ts';
import { broadcastShape } from './binary.ts';

/** y = a where the condition is not 0, else b; axes of extent 1, and missing first ones, are repeated as numpy does. */
export const whereOp = defineOp({
  name: 'where',
  shape: ([condition, a, b]) => {
    expectElements('where', condition!, a!, b!);
    const shape = broadcastShape(condition!, broadcastShape(a!, b!));
    for (const each of [condition!, a!, b!]) copied('where', expansion(each, shape));
    return shape;
  },
  lower: (emit, { inputs, shapes, output, shape }) => emitWhere(emit, inputs, shapes, { y: output, extents: shape }),
  gradient: 'inference',
});

/** Chooses between `a` and `b` for each element. @throws ShapeError for shapes that do not go together. */
export const where = (condition: Node, a: Node, b: Node) => apply(whereOp, [condition, a, b], undefined);
