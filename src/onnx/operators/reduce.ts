/** Reductions along axes. */
import { type Node, sizeOf } from '../../graph/node.ts';
import { binary } from '../../graph/ops/elementwise/binary.ts';
import { unary } from '../../graph/ops/elementwise/unary.ts';
import { reshape } from '../../graph/ops/movement/reshape.ts';
import { argMax } from '../../graph/ops/reduction/arg_max.ts';
import { reduce } from '../../graph/ops/reduction/reduce.ts';
import { FormatError } from '../../runtime/errors.ts';
import { checkSize, isInteger, normalizeAxis, pick, range, stridesOf, Value } from '../values.ts';
import type { NodeContext, Operator, Operators } from './operator.ts';

/** Reduces `x` along `axes`; those stay as extents of 1. */
type Reduction = (x: Node, axes: readonly number[]) => Node;

const sum: Reduction = (x, axes) => reduce('sum', x, axes, true);
const max: Reduction = (x, axes) => reduce('max', x, axes, true);
const sumOfSquares: Reduction = (x, axes) => sum(binary('mul', x, x), axes);

export const reduceOperators: Operators = {
  ReduceMean: reduction((x, axes) => reduce('mean', x, axes, true)),
  ReduceSum: reduction(sum, (numbers) => numbers.reduce((total, each) => total + each, 0)),
  ReduceProd: reduction(
    (x, axes) => reduce('prod', x, axes, true),
    (numbers) => numbers.reduce((product, each) => product * each, 1),
  ),
  ReduceMax: reduction(max, (numbers) => numbers.reduce((most, each) => Math.max(most, each))),
  ReduceMin: reduction(
    (x, axes) => unary('neg', max(unary('neg', x), axes)),
    (numbers) => numbers.reduce((least, each) => Math.min(least, each)),
  ),
  ReduceL1: reduction((x, axes) => sum(unary('abs', x), axes)),
  ReduceL2: reduction((x, axes) => unary('sqrt', sumOfSquares(x, axes))),
  ReduceSumSquare: reduction(sumOfSquares),
  ReduceLogSum: reduction((x, axes) => unary('log', sum(x, axes))),
  // Without the maximum exp would overflow.
  ReduceLogSumExp: reduction((x, axes) => {
    const most = max(x, axes);
    return binary('add', most, unary('log', sum(unary('exp', binary('sub', x, most)), axes)));
  }),
  ArgMax: place((x) => x),
  ArgMin: place((x) => unary('neg', x)),
};

/** `host` is the reduction of known integers, such as shapes. */
function reduction(device: Reduction, host?: (numbers: readonly number[]) => number): Operator {
  return {
    attributes: ['axes', 'keepdims', 'noop_with_empty_axes'],
    run: (call) => {
      const x = call.value(0);
      const rank = x.shape.length;
      const given = call.ints('axes', 1)?.map((axis) => normalizeAxis(axis, rank)) ?? [];
      if (given.length === 0 && call.attributes.int('noop_with_empty_axes', 0) !== 0) return x;
      const axes = given.length > 0 ? given : range(rank);
      const shape = reducedShape(call, x.shape, axes);
      if (host && x.numbers && isInteger(x.type)) return known(x, axes, shape, host);
      return Value.of(reshape(device(x.node, axes), shape));
    },
  };
}

function reducedShape({ attributes }: NodeContext, shape: readonly number[], axes: readonly number[]): number[] {
  const keeps = attributes.int('keepdims', 1) !== 0;
  return shape.flatMap((extent, axis) => (!axes.includes(axis) ? [extent] : keeps ? [1] : []));
}

function known(
  x: Value,
  axes: readonly number[],
  shape: readonly number[],
  host: (numbers: readonly number[]) => number,
): Value {
  const order = [...range(x.shape.length).filter((axis) => !axes.includes(axis)), ...axes];
  const strides = stridesOf(x.shape);
  const moved = pick(
    x,
    order.map((axis) => x.shape[axis]!),
    0,
    order.map((axis) => strides[axis]!),
  ).numbers!;
  const count = sizeOf(shape);
  if (moved.length === 0) throw new FormatError({ expected: 'elements to reduce', got: 'none' });
  checkSize(shape);
  const each = moved.length / count;
  const results = range(count).map((i) => host(moved.slice(i * each, (i + 1) * each)));
  const inexact = results.find((result) => !Number.isSafeInteger(result));
  if (inexact !== undefined) throw new FormatError({ expected: 'integers within 2^53', got: inexact });
  return Value.constant(x.type, shape, results);
}

/** The place of the largest element of what `prepare` makes. */
function place(prepare: (x: Node) => Node): Operator {
  return {
    attributes: ['axis', 'keepdims', 'select_last_index'],
    run: (call) => {
      const x = call.node(0);
      const axis = normalizeAxis(call.attributes.int('axis', 0), x.shape.length);
      const y = argMax(prepare(x), axis, call.attributes.int('select_last_index', 0) !== 0);
      return Value.of(reshape(y, reducedShape(call, x.shape, [axis])), 'int64');
    },
  };
}
