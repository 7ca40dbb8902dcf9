/** Reductions along axes. */

import { reduce } from '../../graph/ops/reduce.ts';
import { normaliseAxis, range, Value } from '../values.ts';
import type { Operator, Operators } from './operator.ts';

export const reduceOperators: Operators = {
  ReduceMean: reduction('mean'),
  ReduceSum: reduction('sum'),
  ReduceMax: reduction('max'),
};

function reduction(fn: 'mean' | 'sum' | 'max'): Operator {
  return {
    attributes: ['axes', 'keepdims', 'noop_with_empty_axes'],
    run: (call) => {
      const x = call.node(0);
      const rank = x.shape.length;
      const given = call.ints('axes', 1)?.map((axis) => normaliseAxis(axis, rank)) ?? [];
      if (given.length === 0 && call.attributes.int('noop_with_empty_axes', 0) !== 0) return call.value(0);
      const axes = given.length > 0 ? given : range(rank);
      return Value.of(reduce(fn, x, axes, call.attributes.int('keepdims', 1) !== 0));
    },
  };
}
