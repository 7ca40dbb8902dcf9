import { stridesOf } from '../../../kernels/core/six_axes.ts';
import { type Copy, emitStridedCopy } from '../../../kernels/movement/strided_copy.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, type ChannelView, defineOp, describe, type Node, type Shape } from '../../node.ts';
import { copied, expectElements, expectPerAxis, viewSteps } from './axes.ts';

export interface SliceAttrs {
  /** Index of the first element in `x`, for each axis. */
  readonly starts: readonly number[];
  /** The shape of the result. */
  readonly shape: Shape;
  /** How many elements of `x` each axis goes on by; may be negative. */
  readonly steps: readonly number[];
}

/** y[i₀, i₁, …] = x[starts₀ + i₀ steps₀, starts₁ + i₁ steps₁, …]. */
export const sliceOp = defineOp<SliceAttrs>({
  name: 'slice',
  shape: ([x], attrs) => {
    const { starts, shape, steps } = attrs;
    expectElements('slice', x!, shape);
    expectPerAxis('slice', 'starts', starts, x!);
    expectPerAxis('slice', 'extents', shape, x!);
    expectPerAxis('slice', 'steps', steps, x!);
    const inside = x!.every((extent, axis) => {
      const first = starts[axis]!;
      const last = first + (shape[axis]! - 1) * steps[axis]!;
      return Math.min(first, last) >= 0 && Math.max(first, last) < extent;
    });
    if (!inside) {
      throw new ShapeError({
        where: 'slice',
        expected: `a range inside ${describe(x!)}`,
        got: `${describe(shape)} from [${starts.join(', ')}] by [${steps.join(', ')}]`,
      });
    }
    return copied('slice', copyOf(x!, attrs));
  },
  lower: (emit, { inputs: [x], shapes, output, view }, attrs) =>
    emitStridedCopy(emit, { x: x!, y: output }, copyOf(shapes[0]!, attrs, view)),
  strided: true,
  gradient: 'inference',
});

function copyOf(x: Shape, { starts, shape, steps }: SliceAttrs, view?: ChannelView): Copy {
  const strides = stridesOf(x);
  return {
    extents: shape,
    x: {
      first: starts.reduce((sum, start, axis) => sum + start * strides[axis]!, 0),
      steps: strides.map((stride, axis) => stride * steps[axis]!),
    },
    y: viewSteps(shape, view),
  };
}

/** Takes every `steps`-th element from `starts` on, `shape` of them. @throws ShapeError for what is not in `x`. */
export const slice = (
  x: Node,
  starts: readonly number[],
  shape: Shape,
  steps: readonly number[] = starts.map(() => 1),
) => apply(sliceOp, [x], { starts, shape, steps });
