/** Pad, in the forms of all opsets. */
import { describe, type Node } from '../../graph/node.ts';
import { pad } from '../../graph/ops/movement/pad.ts';
import { slice } from '../../graph/ops/movement/slice.ts';
import { ShapeError } from '../../runtime/errors.ts';
import { checkSize, normalizeAxis, range, Unsupported, Value } from '../values.ts';
import type { NodeContext, Operators } from './operator.ts';

type Mode = 'constant' | 'edge' | 'reflect';

export const padOperators: Operators = {
  Pad: {
    attributes: ['mode', 'paddings', 'pads', 'value'],
    run: (call) => {
      const x = call.node(0);
      const rank = x.shape.length;
      const axes = call.known(3)?.map((axis) => normalizeAxis(axis, rank)) ?? range(rank);
      const pads = call.ints(call.attributes.has('paddings') ? 'paddings' : 'pads', 1) ?? [];
      if (pads.length !== 2 * axes.length || new Set(axes).size !== axes.length) {
        throw new ShapeError({ expected: `two pads for each of axes ${describe(axes)}`, got: describe(pads) });
      }
      const before = x.shape.map((_, axis) => pads[axes.indexOf(axis)] ?? 0);
      const after = x.shape.map((_, axis) => (axes.includes(axis) ? pads[axes.indexOf(axis) + axes.length]! : 0));
      return Value.of(padOrCrop(x, before, after, modeOf(call), call.float('value', 2, 0)));
    },
  },
};

/** Adds elements around `x`, and takes some away where numbers are negative. */
export function padOrCrop(
  x: Node,
  before: readonly number[],
  after: readonly number[],
  mode: Mode = 'constant',
  value = 0,
): Node {
  const negative = (pads: readonly number[]) => pads.map((extent) => Math.min(extent, 0));
  const positive = (pads: readonly number[]) => pads.map((extent) => Math.max(extent, 0));
  const starts = negative(before).map((extent) => 0 - extent);
  const kept = x.shape.map((extent, axis) => extent - starts[axis]! + negative(after)[axis]!);
  if (kept.some((extent) => extent < 1)) {
    throw new ShapeError({ expected: `pads that leave something of ${describe(x.shape)}`, got: describe(kept) });
  }
  checkSize(kept.map((extent, axis) => extent + positive(before)[axis]! + positive(after)[axis]!));
  const cropped = kept.join() === x.shape.join() ? x : slice(x, starts, kept);
  const grows = [...before, ...after].some((extent) => extent > 0);
  return grows ? pad(cropped, positive(before), positive(after), mode, value) : cropped;
}

function modeOf(call: NodeContext): Mode {
  const mode = call.attributes.string('mode', 'constant');
  if (mode === 'constant' || mode === 'edge' || mode === 'reflect') return mode;
  throw new Unsupported(`its mode is '${mode}'`);
}
