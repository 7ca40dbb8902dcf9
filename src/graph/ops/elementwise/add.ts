import { add as addKernel } from '../../../kernels/elementwise/add.ts';
import { apply, defineOp, type Node, sizeOf } from '../../node.ts';
import { expectSame } from '../core/check.ts';

/** y = a + b;  da = dy, db = dy. Shapes are equal. */
export const addOp = defineOp({
  name: 'add',
  shape: ([a, b]) => {
    expectSame('add', 'b', a!, b!);
    return a!;
  },
  lower: (emit, { inputs: [a, b], output, shape }) =>
    emit.call(addKernel, { a: a!, b: b!, y: output }, { count: sizeOf(shape) }),
  gradient: ({ dy }) => [dy, dy],
});

/** Adds two arrays of equal shape. @throws ShapeError for other shapes. */
export const add = (a: Node, b: Node) => apply(addOp, [a, b], undefined);
