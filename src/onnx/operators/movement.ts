/** Operators that move elements: transpose, slice, gather, concatenate, repeat, rearrange. */
import { describe, type Shape, sizeOf } from '../../graph/node.ts';
import { broadcastShape } from '../../graph/ops/elementwise/binary.ts';
import { concat } from '../../graph/ops/movement/concat.ts';
import { expand } from '../../graph/ops/movement/expand.ts';
import { gather } from '../../graph/ops/movement/gather.ts';
import { slice } from '../../graph/ops/movement/slice.ts';
import { transpose } from '../../graph/ops/movement/transpose.ts';
import { ShapeError } from '../../runtime/errors.ts';
import { broadcastStrides, checkSize, normalizeAxis, pick, range, stridesOf, Value } from '../values.ts';
import { type NodeContext, type Operators, reshaped } from './operator.ts';

export const movementOperators: Operators = {
  Transpose: {
    attributes: ['perm'],
    run: (call) => {
      const x = call.value(0);
      return transposed(x, call.attributes.ints('perm', range(x.shape.length).reverse()));
    },
  },
  Concat: {
    attributes: ['axis'],
    run: (call) => {
      const values = call.all();
      const axis = normalizeAxis(axisOfConcat(call), values[0]!.shape.length);
      return values.every(({ numbers }) => numbers) ? concatKnown(values, axis) : concatNodes(values, axis);
    },
  },
  Slice: { attributes: ['axes', 'ends', 'starts'], run: (call) => sliced(call.value(0), ...rangesOf(call)) },
  Split: {
    attributes: ['axis', 'num_outputs', 'split'],
    outputs: Number.POSITIVE_INFINITY,
    run: (call) => {
      const x = call.value(0);
      const axis = normalizeAxis(call.attributes.int('axis', 0), x.shape.length);
      const extents = call.ints('split', 1) ?? evenly(call, x.shape[axis]!);
      if (extents.length !== call.outputs || extents.reduce((a, b) => a + b, 0) !== x.shape[axis]) {
        throw new ShapeError({ expected: `${call.outputs} parts of ${x.shape[axis]}`, got: describe(extents) });
      }
      const still = x.shape.map(() => 0);
      const steps = x.shape.map(() => 1);
      let end = 0;
      return extents.map((extent) => {
        end += extent;
        return sliced(x, still.with(axis, end - extent), x.shape.with(axis, extent), steps);
      });
    },
  },
  Gather: {
    attributes: ['axis'],
    run: (call) => {
      const x = call.value(0);
      const axis = normalizeAxis(call.attributes.int('axis', 0), x.shape.length);
      const indices = call.known(1) ?? call.value(1).numbers!;
      const from = indices.map((index) => normalizeAxis(index, x.shape[axis]!));
      const shape = x.shape.toSpliced(axis, 1, ...call.value(1).shape);
      checkSize(shape);
      if (!x.numbers) return reshaped(Value.of(gather(x.stored, axis, from), x.type), shape);
      const parts = from.map((index) =>
        sliced(
          x,
          x.shape.map((_, i) => (i === axis ? index : 0)),
          x.shape.with(axis, 1),
          x.shape.map(() => 1),
        ),
      );
      return parts.length === 0 ? Value.constant(x.type, shape, []) : reshaped(concatKnown(parts, axis), shape);
    },
  },
  Expand: {
    run: (call) => {
      const x = call.value(0);
      const wanted = call.known(1) ?? x.shape;
      checkSize(wanted);
      const shape = broadcastShape(x.shape, wanted);
      checkSize(shape);
      return x.numbers
        ? pick(x, shape, 0, broadcastStrides(x.shape, shape))
        : Value.of(expand(x.stored, shape), x.type);
    },
  },
  Tile: {
    refuse: (_, opset) => opset < 6 && 'it repeats one axis',
    run: (call) => {
      const x = call.value(0);
      const repeats = call.known(1) ?? [];
      if (repeats.length !== x.shape.length || repeats.some((count) => count < 1)) {
        throw new ShapeError({ expected: `a count for each axis of ${describe(x.shape)}`, got: describe(repeats) });
      }
      checkSize(x.shape.map((extent, axis) => extent * repeats[axis]!));
      return repeats.reduce((y, count, axis) => {
        const shape = y.shape.with(axis, y.shape[axis]! * count);
        const [outer, inner] = [sizeOf(y.shape.slice(0, axis)), sizeOf(y.shape.slice(axis))];
        const rows = reshaped(y, [outer, 1, inner]);
        const repeated = rows.numbers
          ? pick(rows, [outer, count, inner], 0, [inner, 0, 1])
          : Value.of(expand(rows.stored, [outer, count, inner]), y.type);
        return count === 1 ? y : reshaped(repeated, shape);
      }, x);
    },
  },
  DepthToSpace: {
    attributes: ['blocksize', 'mode'],
    run: (call) => {
      const [n, c, h, w, b] = blocksOf(call);
      const columnRowDepth = call.attributes.string('mode', 'DCR') === 'CRD';
      const blocks = reshaped(call.value(0), columnRowDepth ? [n, c / b / b, b, b, h, w] : [n, b, b, c / b / b, h, w]);
      return reshaped(transposed(blocks, columnRowDepth ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]), [
        n,
        c / b / b,
        h * b,
        w * b,
      ]);
    },
  },
  SpaceToDepth: {
    attributes: ['blocksize'],
    run: (call) => {
      const [n, c, h, w, b] = blocksOf(call);
      const blocks = reshaped(call.value(0), [n, c, h / b, b, w / b, b]);
      return reshaped(transposed(blocks, [0, 3, 5, 1, 2, 4]), [n, c * b * b, h / b, w / b]);
    },
  },
};

/** Only before opset 4 it could be left out. */
const axisOfConcat = ({ attributes, opset }: NodeContext) =>
  opset < 4 ? attributes.int('axis', 1) : attributes.int('axis');

function transposed(x: Value, perm: readonly number[]): Value {
  if (!x.numbers) return Value.of(transpose(x.stored, perm), x.type);
  const strides = stridesOf(x.shape);
  if ([...perm].sort((a, b) => a - b).join() !== range(x.shape.length).join()) {
    throw new ShapeError({ expected: `the axes of ${describe(x.shape)} in some order`, got: describe(perm) });
  }
  const at = (values: readonly number[]) => perm.map((axis) => values[axis]!);
  return pick(x, at(x.shape), 0, at(strides));
}

function concatNodes(values: readonly Value[], axis: number): Value {
  const full = values.filter(({ shape }) => sizeOf(shape) > 0);
  const [first] = values as [Value];
  const nodes = full.map(({ stored }) => stored);
  return Value.of(nodes.length === 1 ? nodes[0]! : concat(nodes, axis), first.type);
}

function concatKnown(values: readonly Value[], axis: number): Value {
  const [first] = values as [Value];
  const shape = first.shape.with(
    axis,
    values.reduce((sum, value) => sum + value.shape[axis]!, 0),
  );
  if (values.some((value) => value.shape.with(axis, shape[axis]!).join() !== shape.join())) {
    throw new ShapeError({
      expected: `shapes that differ in axis ${axis} alone`,
      got: `${values.map((v) => describe(v.shape))}`,
    });
  }
  checkSize(shape);
  const row = (value: Value) => sizeOf(value.shape.slice(axis));
  const numbers = range(sizeOf(shape.slice(0, axis))).flatMap((i) =>
    values.flatMap((value) => value.numbers!.slice(i * row(value), (i + 1) * row(value))),
  );
  return Value.constant(first.type, shape, numbers);
}

function sliced(x: Value, starts: readonly number[], shape: Shape, steps: readonly number[]): Value {
  if (!x.numbers)
    return shape.join() === x.shape.join() && !steps.some((step) => step < 0)
      ? x
      : Value.of(slice(x.stored, starts, shape, steps), x.type);
  const strides = stridesOf(x.shape);
  const offset = starts.reduce((sum, start, axis) => sum + start * strides[axis]!, 0);
  return pick(
    x,
    shape,
    offset,
    strides.map((stride, axis) => stride * steps[axis]!),
  );
}

/** Where a Slice begins along every axis, how much it takes, and its steps. */
function rangesOf(call: NodeContext): [starts: number[], shape: number[], steps: number[]] {
  const { shape } = call.value(0);
  const rank = shape.length;
  const [starts, ends] = [call.ints('starts', 1) ?? [], call.ints('ends', 2) ?? []];
  const axes = (call.ints('axes', 3) ?? range(starts.length)).map((axis) => normalizeAxis(axis, rank));
  const steps = call.known(4) ?? starts.map(() => 1);
  const lengths = [ends.length, axes.length, steps.length, new Set(axes).size];
  if (lengths.some((length) => length !== starts.length) || steps.includes(0)) {
    throw new ShapeError({
      expected: 'starts, ends, axes and steps of one length',
      got: `${starts.length}, ${lengths}`,
    });
  }
  const result: [number[], number[], number[]] = [shape.map(() => 0), [...shape], shape.map(() => 1)];
  axes.forEach((axis, i) => {
    const [extent, step] = [shape[axis]!, steps[i]!];
    const clamp = (at: number, low: number, high: number) => Math.min(Math.max(at < 0 ? at + extent : at, low), high);
    const last = step < 0 ? -1 : 0;
    const start = clamp(starts[i]!, 0, extent + last);
    const end = clamp(ends[i]!, last, extent + last);
    result[0][axis] = start;
    result[1][axis] = Math.max(0, Math.ceil((end - start) / step));
    result[2][axis] = step;
  });
  return result;
}

/** Equal parts; since opset 18 the last may be smaller. @throws ShapeError where they cannot be. */
function evenly({ attributes, opset, outputs: parts }: NodeContext, extent: number): number[] {
  const stated = attributes.int('num_outputs', parts);
  const size = Math.ceil(extent / parts);
  if (stated !== parts || (opset < 18 && extent % parts !== 0)) {
    throw new ShapeError({ expected: `${stated} equal parts for ${parts} outputs`, got: `an extent of ${extent}` });
  }
  return range(parts).map((i) => Math.min(size, extent - i * size));
}

function blocksOf(call: NodeContext): [n: number, c: number, h: number, w: number, block: number] {
  const { shape } = call.value(0);
  const block = call.attributes.int('blocksize');
  if (shape.length !== 4 || block < 1) {
    throw new ShapeError({ expected: '[N, C, H, W] and blocks of 1 or more', got: `${describe(shape)}, ${block}` });
  }
  return [shape[0]!, shape[1]!, shape[2]!, shape[3]!, block];
}
