import { stridesOf } from '../../../kernels/core/six_axes.ts';
import { type Copy, emitStridedCopy } from '../../../kernels/movement/strided_copy.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Node, type Shape } from '../../node.ts';
import { copied, expectAxis, expectElements } from './axes.ts';

export interface ConcatAttrs {
  readonly axis: number;
}

/** y = the inputs one behind the other along `axis`; all other extents are equal. */
export const concatOp = defineOp<ConcatAttrs>({
  name: 'concat',
  shape: (shapes, { axis }) => {
    const [first] = shapes;
    if (!first) throw new ShapeError({ where: 'concat', expected: 'one input or more', got: 'none' });
    for (const shape of shapes) expectElements('concat', shape);
    expectAxis('concat', axis, first);
    const others = (shape: Shape) => shape.map((extent, k) => (k === axis ? '' : extent)).join();
    if (shapes.some((shape) => others(shape) !== others(first))) {
      throw new ShapeError({
        where: 'concat',
        expected: `shapes that differ in axis ${axis} alone`,
        got: shapes.map(describe).join(', '),
      });
    }
    const whole = first.with(
      axis,
      shapes.reduce((sum, shape) => sum + shape[axis]!, 0),
    );
    for (const copy of copiesOf(shapes, whole, axis)) copied('concat', copy);
    return whole;
  },
  lower: (emit, { inputs, shapes, output, shape }, { axis }) =>
    copiesOf(shapes, shape, axis).forEach((copy, i) => {
      emitStridedCopy(emit, { x: inputs[i]!, y: output }, copy);
    }),
  gradient: 'inference',
});

function copiesOf(shapes: readonly Shape[], whole: Shape, axis: number): Copy[] {
  const steps = stridesOf(whole);
  let at = 0;
  return shapes.map((extents) => {
    const y = { first: at * steps[axis]!, steps };
    at += extents[axis]!;
    return { extents, x: { first: 0, steps: stridesOf(extents) }, y };
  });
}

/** Joins `inputs` along `axis` (from 0). @throws ShapeError for shapes that do not match. */
export const concat = (inputs: readonly Node[], axis: number) => apply(concatOp, inputs, { axis });
