import padReflect from '../../../shaders/lib/pad_reflect.wgsl';
import source from '../../../shaders/movement/pad.wgsl';
import { defineKernel, type Scalar, type Values, type Variants } from '../core/define.ts';
import type { Emit } from '../core/emit.ts';
import { AXES, expectSix, product, toSix } from '../core/six_axes.ts';
import { elementsOf, widthFor, widths } from '../core/vector_width.ts';

const PARAMS = {
  axes: 'u32',
  value: 'f32',
  x_extent0: 'u32',
  x_extent1: 'u32',
  x_extent2: 'u32',
  x_extent3: 'u32',
  x_extent4: 'u32',
  x_extent5: 'u32',
  before0: 'u32',
  before1: 'u32',
  before2: 'u32',
  before3: 'u32',
  before4: 'u32',
  before5: 'u32',
  y_extent0: 'u32',
  y_extent1: 'u32',
  y_extent2: 'u32',
  y_extent3: 'u32',
  y_extent4: 'u32',
  y_extent5: 'u32',
} as const satisfies Record<string, Scalar>;

type Params = Values<typeof PARAMS>;

/** Where elements outside of x come from. */
export const paddings = {
  constant: 'fn source(i: i32, extent: i32) -> i32 { return select(-1, i, i >= 0 && i < extent); }',
  edge: 'fn source(i: i32, extent: i32) -> i32 { return clamp(i, 0, extent - 1); }',
  reflect: padReflect,
} as const satisfies Variants[string];

export type PadRule = keyof typeof paddings;

/** Surrounds an array of up to six axes; see `emitPad`. */
export const pad = defineKernel({
  name: 'pad',
  source,
  buffers: {
    x: { access: 'read', length: (params) => size('x', params) },
    y: { access: 'read_write', length: (params) => size('y', params) },
  },
  params: PARAMS,
  anyNumber: ['value'],
  constants: { WORKGROUP: 256 },
  variants: { vector: widths, padding: paddings },
  threads: (params, { vector }) => elementsOf(size('y', params), vector),
});

function size(side: 'x' | 'y', params: Params): number {
  return product(AXES.map((k) => params[`${side}_extent${k}`]));
}

/** How one axis is padded, in elements. */
export interface PadAxis {
  readonly extent: number;
  readonly before: number;
  readonly after: number;
}

/**
 * Joins an axis with the faster ones that are not padded, where `padding` allows it; fastest first.
 *
 * @throws ShapeError where more than six are left.
 */
export function joinPadded(shape: readonly PadAxis[], padding: PadRule): readonly PadAxis[] {
  const padded = ({ before, after }: PadAxis) => before > 0 || after > 0;
  const axes: PadAxis[] = [];
  for (const axis of shape.toReversed()) {
    const inner = axes.at(-1);
    if (axis.extent === 1 && !padded(axis)) continue;
    if (inner && !padded(inner) && (padding === 'constant' || !padded(axis))) {
      const [extent, before, after] = [axis.extent, axis.before, axis.after].map((n) => n * inner.extent);
      axes[axes.length - 1] = { extent: extent!, before: before!, after: after! };
    } else axes.push(axis);
  }
  return expectSix('pad', axes);
}

/** Writes `x`, whose axes are `shape` (the last one varies fastest), with its padding to `y`. @throws ShapeError */
export function emitPad<T>(
  emit: Emit<T>,
  buffers: { readonly x: T; readonly y: T },
  { shape, padding, value }: { readonly shape: readonly PadAxis[]; readonly padding: PadRule; readonly value: number },
): void {
  const axes = joinPadded(shape, padding);
  const six = toSix(axes, { extent: 1, before: 0, after: 0 });
  const { extent, before, after } = six[0]!;
  const params = {
    axes: axes.length,
    value,
    ...Object.fromEntries(
      six.flatMap((axis, k) => [
        [`x_extent${k}`, axis.extent],
        [`before${k}`, axis.before],
        [`y_extent${k}`, axis.before + axis.extent + axis.after],
      ]),
    ),
  } as Params;
  // Edges and reflections do not keep neighbors side by side.
  const movesWhole = padding === 'constant' || before + after === 0;
  emit.call(pad, buffers, params, { vector: movesWhole ? widthFor(extent | before | after) : 'scalar', padding });
}
