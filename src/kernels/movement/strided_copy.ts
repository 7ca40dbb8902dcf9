import source from '../../../shaders/movement/strided_copy.wgsl';
import { defineKernel, type Scalar, type Values } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { AXES, expectSix, product, stridesOf, toSix } from '../core/six_axes.ts';
import { elementsOf, widthFor, widths } from '../core/vector_width.ts';

const PARAMS = {
  axes: 'u32',
  extent0: 'u32',
  extent1: 'u32',
  extent2: 'u32',
  extent3: 'u32',
  extent4: 'u32',
  extent5: 'u32',
  x_first: 'i32',
  x_step0: 'i32',
  x_step1: 'i32',
  x_step2: 'i32',
  x_step3: 'i32',
  x_step4: 'i32',
  x_step5: 'i32',
  y_first: 'i32',
  y_step0: 'i32',
  y_step1: 'i32',
  y_step2: 'i32',
  y_step3: 'i32',
  y_step4: 'i32',
  y_step5: 'i32',
} as const satisfies Record<string, Scalar>;

type Params = Values<typeof PARAMS>;

/** Copies one strided block of floats into another; see `emitStridedCopy`. */
export const stridedCopy = defineKernel({
  name: 'strided_copy',
  source,
  buffers: {
    x: { access: 'read', length: (params) => endOf('x', params) },
    y: { access: 'read_write', length: (params) => endOf('y', params) },
  },
  params: PARAMS,
  constants: { WORKGROUP: 256 },
  variants: { vector: widths },
  threads: (params, { vector }) => elementsOf(product(AXES.map((k) => params[`extent${k}`])), vector),
});

/** The first float behind all that are touched. */
function endOf(side: 'x' | 'y', params: Params): number {
  const steps = AXES.map((k) => Math.max(0, (params[`extent${k}`] - 1) * params[`${side}_step${k}`]));
  return steps.reduce((sum, step) => sum + step, params[`${side}_first`]) + 1;
}

/** Where a block lies in its array: its first float, and how far apart the neighbors of each axis are. */
export interface Block {
  readonly first: number;
  readonly steps: readonly number[];
}

/** `y[i] = x[i]` for all indices below `extents`; axes as in a shape, the last one varies fastest. */
export interface Copy {
  readonly extents: readonly number[];
  readonly x: Block;
  readonly y: Block;
}

interface Axis {
  readonly extent: number;
  readonly x: number;
  readonly y: number;
}

/**
 * Joins neighboring axes that lie like one in both arrays, and drops those of extent 1; fastest first.
 *
 * @throws ShapeError where more than six are left; the message starts with `what`.
 */
export function joinAxes(what: string, { extents, x, y }: Copy): readonly Axis[] {
  const axes: Axis[] = [];
  for (let k = extents.length - 1; k >= 0; k--) {
    const axis = { extent: extents[k]!, x: x.steps[k]!, y: y.steps[k]! };
    const inner = axes.at(-1);
    if (axis.extent === 1) continue;
    if (inner && axis.x === inner.x * inner.extent && axis.y === inner.y * inner.extent) {
      axes[axes.length - 1] = { ...inner, extent: axis.extent * inner.extent };
    } else axes.push(axis);
  }
  return expectSix(what, axes);
}

/** The copy that repeats an array of extents `x` along its axes of extent 1, and missing first ones, to `extents`. */
export function expansion(x: readonly number[], extents: readonly number[]): Copy {
  const aligned = [...extents.slice(x.length).map(() => 1), ...x];
  const steps = stridesOf(aligned).map((step, axis) => (aligned[axis] === 1 ? 0 : step));
  return { extents, x: { first: 0, steps }, y: { first: 0, steps: stridesOf(extents) } };
}

/** Copies `copy.extents` floats of `x` to `y`. @throws ShapeError as `joinAxes` does. */
export function emitStridedCopy<T>(emit: Emit<T>, buffers: { readonly x: T; readonly y: T }, copy: Copy): void {
  const axes = joinAxes('strided_copy', copy);
  const six = toSix(axes, { extent: 1, x: 0, y: 0 });
  const params = {
    axes: axes.length,
    x_first: copy.x.first,
    y_first: copy.y.first,
    ...Object.fromEntries(
      six.flatMap(({ extent, x, y }, k) => [
        [`extent${k}`, extent],
        [`x_step${k}`, x],
        [`y_step${k}`, y],
      ]),
    ),
  } as Params;
  emit.call(stridedCopy, buffers, params, { vector: vectorOf(axes, copy) });
}

function vectorOf([inner, ...outer]: readonly Axis[], { x, y }: Copy) {
  if (inner?.x !== 1 || inner.y !== 1) return 'scalar';
  const numbers = [inner.extent, x.first, y.first, ...outer.flatMap((axis) => [axis.x, axis.y])];
  // The low bits of all: zero where a power of two divides every number, negative ones too.
  return widthFor(numbers.reduce((bits, number) => bits | number, 0));
}
