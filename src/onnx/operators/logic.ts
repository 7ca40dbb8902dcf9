/** Comparisons, truth values, and the choice between two arrays. On the device, true is 1 and false is 0. */
import { sizeOf } from '../../graph/node.ts';
import { constant } from '../../graph/ops/core/constant.ts';
import { binary, broadcastShape } from '../../graph/ops/elementwise/binary.ts';
import { where } from '../../graph/ops/elementwise/where.ts';
import { FormatError } from '../../runtime/errors.ts';
import { broadcastStrides, checkSize, MAX_KNOWN, pick, Value } from '../values.ts';
import { arithmetic } from './elementwise.ts';
import type { NodeContext, Operators } from './operator.ts';

export const logicOperators: Operators = {
  Equal: arithmetic('equal'),
  Less: arithmetic('less'),
  LessOrEqual: arithmetic('less_equal'),
  Greater: arithmetic('less', true),
  GreaterOrEqual: arithmetic('less_equal', true),
  And: arithmetic('min'),
  Or: arithmetic('max'),
  Not: { run: (call) => negated(truthOf(call, 0)) },
  Xor: {
    ...arithmetic('equal'),
    run: (call) => negated(arithmetic('equal').run(call) as Value),
  },
  Where: {
    run: (call) => {
      const [condition, a, b] = [truthOf(call, 0), call.value(1), call.value(2)];
      const shape = broadcastShape(condition.shape, broadcastShape(a.shape, b.shape));
      if (!condition.numbers || !a.numbers || !b.numbers || sizeOf(shape) > MAX_KNOWN) {
        return Value.of(where(condition.stored, a.node, b.node));
      }
      checkSize(shape);
      const [chosen, ...others] = [condition, a, b].map(
        (value) => pick(value, shape, 0, broadcastStrides(value.shape, shape)).numbers!,
      );
      return Value.constant(
        a.type,
        shape,
        chosen!.map((truth, i) => (truth ? others[0]![i]! : others[1]![i]!)),
      );
    },
  },
};

/** An argument of truth values. @throws FormatError for one of another type. */
function truthOf(call: NodeContext, index: number): Value {
  const value = call.value(index);
  if (value.type === 'bool') return value;
  throw new FormatError({ expected: `truth values (bool) as input ${index}`, got: value.type });
}

function negated(x: Value): Value {
  if (!x.numbers) return Value.of(binary('sub', constant([], 1), x.stored), 'bool');
  return Value.constant(
    'bool',
    x.shape,
    x.numbers.map((number) => 1 - number),
  );
}
