import { emitPad, joinPadded, type PadAxis, type PadRule } from '../../../kernels/movement/pad.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, type Node, type Shape } from '../../node.ts';
import { expectElements, expectPerAxis } from './axes.ts';

export interface PadAttrs {
  /** Elements added in front of each axis. */
  readonly before: readonly number[];
  /** Elements added behind each axis. */
  readonly after: readonly number[];
  readonly mode: PadRule;
  /** What is added, in mode `constant`. */
  readonly value: number;
}

/** y[i] = x[i − before], and around it `value`, x's nearest element, or x mirrored at its first and last elements. */
export const padOp = defineOp<PadAttrs>({
  name: 'pad',
  shape: ([x], attrs) => {
    const { before, after, mode, value } = attrs;
    expectElements('pad', x!);
    expectPerAxis('pad', 'elements before', before, x!);
    expectPerAxis('pad', 'elements after', after, x!);
    if (Math.min(...before, ...after) < 0) {
      throw new ShapeError({
        where: 'pad',
        expected: '0 elements or more',
        got: `[${before.join(', ')}] before and [${after.join(', ')}] after`,
        hint: 'take a slice',
      });
    }
    // Attributes are compared as JSON, which writes all of these as null.
    if (!Number.isFinite(value)) {
      throw new ShapeError({
        where: 'pad',
        expected: 'a finite value',
        got: value,
        hint: 'take the largest or smallest float32',
      });
    }
    joinPadded(axesOf(x!, attrs), mode);
    return x!.map((extent, axis) => before[axis]! + extent + after[axis]!);
  },
  lower: (emit, { inputs: [x], shapes, output }, attrs) =>
    emitPad(emit, { x: x!, y: output }, { shape: axesOf(shapes[0]!, attrs), padding: attrs.mode, value: attrs.value }),
  gradient: 'inference',
});

function axesOf(x: Shape, { before, after }: PadAttrs): PadAxis[] {
  return x.map((extent, axis) => ({ extent, before: before[axis]!, after: after[axis]! }));
}

/** Adds elements around `x`. @throws ShapeError for negative numbers of them. */
export const pad = (
  x: Node,
  before: readonly number[],
  after: readonly number[],
  mode: PadRule = 'constant',
  value = 0,
) => apply(padOp, [x], { before, after, mode, value });
