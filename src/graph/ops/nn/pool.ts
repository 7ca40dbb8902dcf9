/** Max and average pooling. x [N, H, W, C] or [N, D, H, W, C], y the same with other spatial extents. */
import type { Emit } from '../../../kernels/core/emit.ts';
import type { Spatial } from '../../../kernels/core/sliding_window.ts';
import { emitPool } from '../../../kernels/nn/pool.ts';
import { ShapeError } from '../../../runtime/errors.ts';
import { apply, defineOp, describe, type Io, type Node, type Shape } from '../../node.ts';
import { expectExtents, expectWindow, roomOf, type SlidingWindow } from '../conv/window.ts';

export interface PoolAttrs extends SlidingWindow {
  readonly kernel: Spatial;
  /** The output's spatial extents: the count of windows, rounded down or up where the stride leaves a rest. */
  readonly outSize: Spatial;
}

export interface AveragePoolAttrs extends PoolAttrs {
  /** Counts the positions in the padding too, as zeros. What lies behind the padding never counts. */
  readonly countPadding?: boolean;
}

/** y[n, o, c] = max over the taps t of x[n, o·s − begin + t·d, c]. Padding is no element. */
export const maxPoolOp = defineOp<PoolAttrs>({
  name: 'max_pool',
  strided: true,
  shape: ([x], attrs) => pooledShape('max_pool', x!, attrs, 0),
  lower: (emit, io, attrs) => lower(emit, io, attrs, 'max'),
  gradient: 'inference',
});

/** y[n, o, c] = Σ over the taps t of x[n, o·s − begin + t·d, c], divided by the number of taps that count. */
export const averagePoolOp = defineOp<AveragePoolAttrs>({
  name: 'average_pool',
  strided: true,
  shape: ([x], attrs) => pooledShape('average_pool', x!, attrs, attrs.countPadding ? 1 : 0),
  lower: (emit, io, attrs) => lower(emit, io, attrs, 'average'),
  gradient: 'inference',
});

/** The maximum of each window. @throws ShapeError for windows that do not fit, or that hold padding alone. */
export const maxPool = (x: Node, attrs: PoolAttrs) => apply(maxPoolOp, [x], attrs);

/** The average of each window. @throws ShapeError for windows that do not fit, or in which nothing counts. */
export const averagePool = (x: Node, attrs: AveragePoolAttrs) => apply(averagePoolOp, [x], attrs);

function lower<T>(emit: Emit<T>, io: Io<T>, attrs: AveragePoolAttrs, reduction: 'max' | 'average'): void {
  const { batch, size, channels } = expectExtents('pool', io.shapes[0]!);
  const { kernel, strides, dilations, pads, outSize, countPadding } = attrs;
  emitPool(
    emit,
    { x: io.inputs[0]!, y: io.output },
    {
      batch,
      channels,
      inSize: size,
      outSize,
      kernel,
      strides,
      dilations,
      padBefore: pads.slice(0, size.length),
    },
    {
      reduction,
      countedPadAfter: countPadding ? pads.slice(size.length) : undefined,
      view: io.view,
    },
  );
}

/** Windows that are looked at one by one, an axis. */
const MOST_WINDOWS = 2 ** 16;

/** `padding` is 1 where positions in the padding count, so that a window may consist of them. */
function pooledShape(op: string, x: Shape, attrs: PoolAttrs, padding: 0 | 1): Shape {
  const { batch, size, channels } = expectExtents(op, x);
  const { kernel, strides, dilations, pads, outSize } = attrs;
  expectWindow(op, size.length, kernel, attrs);
  const steps = roomOf(size, kernel, attrs).map((room, axis) => room / strides[axis]!);
  const down = steps.map((step) => Math.floor(step) + 1);
  const up = steps.map((step) => Math.ceil(step) + 1);
  const fits = (out: number, axis: number) => out >= 1 && (out === down[axis] || out === up[axis]);
  if (outSize.length !== size.length || !outSize.every(fits)) {
    throw new ShapeError({
      where: op,
      expected:
        `an output of ${describe(down)}, or ${describe(up)} rounded up, for x ${describe(x)}, ` +
        `kernel ${describe(kernel)}, strides ${describe(strides)}, pads ${describe(pads)}`,
      got: describe(outSize),
    });
  }
  // A maximum or an average of nothing would be NaN, or any number.
  size.forEach((extent, axis) => {
    const [before, behind] = [pads[axis]!, pads[axis + size.length]!];
    const [stride, dilation, count] = [strides[axis]!, dilations[axis]!, outSize[axis]!];
    const [low, high] = [-before * padding, extent + behind * padding];
    const holds = (out: number) => {
      const start = out * stride - before;
      const tap = Math.max(0, Math.ceil((low - start) / dilation));
      return tap < kernel[axis]! && start + tap * dilation < high;
    };
    // Taps no further apart than what counts cannot step over it: then the outermost windows are the emptiest.
    const outermost = dilation <= high - low;
    if (!outermost && count > MOST_WINDOWS)
      throw new ShapeError({
        where: op,
        expected: `dilations up to the extent of x ${describe(x)}`,
        got: describe(dilations),
      });
    for (const out of outermost ? [0, count - 1] : Array(count).keys()) {
      if (!holds(out)) {
        throw new ShapeError({
          where: op,
          expected: `an element of x ${describe(x)} in every window ${describe(kernel)} with pads ${describe(pads)}`,
          got: `padding alone in window ${out} of spatial axis ${axis}`,
          hint: 'pad less, or ask for a smaller output',
        });
      }
    }
  });
  return [batch, ...outSize, channels];
}
