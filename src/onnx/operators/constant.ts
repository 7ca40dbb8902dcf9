/** Operators that make constants. */

import { sizeOf } from '../../graph/node.ts';
import { constant } from '../../graph/ops/core/constant.ts';
import { FormatError, ShapeError } from '../../runtime/errors.ts';
import { checkSize, isInteger, MAX_KNOWN, Value } from '../values.ts';
import type { NodeContext, Operators } from './operator.ts';

export const constantOperators: Operators = {
  Constant: {
    attributes: ['value', 'value_float', 'value_floats', 'value_int', 'value_ints'],
    run: ({ attributes, result }) => {
      const [form] = attributes.names();
      switch (form) {
        case 'value':
          return Value.stored(attributes.tensor(form), result);
        case 'value_float':
          return Value.constant('float32', [], [attributes.float(form)]);
        case 'value_int':
          return Value.constant('int64', [], [attributes.int(form)]);
        case 'value_floats':
          return vector('float32', attributes.floats(form));
        case 'value_ints':
          return vector('int64', attributes.ints(form));
        default:
          throw new FormatError({ expected: 'an attribute that holds the value', got: 'none' });
      }
    },
  },
  ConstantOfShape: { attributes: ['value'], run: filled },
};

function vector(type: 'float32' | 'int64', numbers: readonly number[]): Value {
  return Value.constant(type, [numbers.length], numbers);
}

function filled(call: NodeContext): Value {
  const shape = call.known(0) ?? [];
  checkSize(shape);
  const value = call.attributes.has('value') ? Value.stored(call.attributes.tensor('value')) : undefined;
  const numbers = value?.numbers ?? [0];
  const type = value?.type ?? 'float32';
  if (numbers.length !== 1) throw new ShapeError({ expected: 'one value to fill with', got: numbers.length });
  const [number] = numbers as [number];
  if (!isInteger(type) && sizeOf(shape) > 256 && Number.isFinite(number))
    return Value.of(constant(shape, number), type);
  checkSize(shape, MAX_KNOWN);
  return Value.constant(type, shape, new Array<number>(sizeOf(shape)).fill(number));
}
