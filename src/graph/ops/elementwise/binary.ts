import { type Binary, emitBinary } from '../../../kernels/elementwise/binary.ts';
import { expansion } from '../../../kernels/movement/strided_copy.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, type Shape } from '../../node.ts';
import { copied, expectElements } from '../movement/axes.ts';

export interface BinaryAttrs {
  readonly fn: Binary;
}

/** y = fn(a, b), element by element; axes of extent 1, and missing first ones, are repeated as numpy does. */
export const binaryOp = defineOp<BinaryAttrs>({
  name: 'binary',
  shape: ([a, b]) => {
    expectElements('binary', a!, b!);
    const shape = broadcastShape(a!, b!);
    for (const each of [a!, b!]) copied('binary', expansion(each, shape));
    return shape;
  },
  lower: (emit, { inputs: [a, b], shapes, output, shape }, { fn }) =>
    emitBinary(emit, { a: a!, b: b!, y: output }, { f: fn, a: shapes[0]!, b: shapes[1]!, extents: shape }),
  gradient: 'inference',
});

/** The shape that both `a` and `b` can be repeated to, as numpy does. @throws ShapeError where there is none. */
export function broadcastShape(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const extent = (shape: Shape, axis: number) => shape[shape.length - rank + axis] ?? 1;
  return Array.from({ length: rank }, (_, axis) => {
    const [p, q] = [extent(a, axis), extent(b, axis)];
    if (p !== q && p !== 1 && q !== 1) {
      throw new ShapeError({
        where: 'broadcast',
        expected: 'equal extents or 1 in each axis',
        got: `${describe(a)} and ${describe(b)}`,
        hint: 'reshape one',
      });
    }
    return p === 1 ? q : p;
  });
}

/** Combines two arrays, element by element, with numpy's broadcasting. @throws ShapeError */
export const binary = (fn: Binary, a: Node, b: Node) => apply(binaryOp, [a, b], { fn });
