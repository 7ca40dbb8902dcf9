/** Shape operators, and identity-like ones. */
import { describe, type Node, type Shape, sizeOf } from '../../graph/node.ts';
import { constant } from '../../graph/ops/core/constant.ts';
import { binary } from '../../graph/ops/elementwise/binary.ts';
import { ShapeError } from '../../runtime/errors.ts';
import { ELEMENTS } from '../elements.ts';
import type { DataType } from '../tensor_types.ts';
import { checkSize, isInteger, normalizeAxis, Unsupported, Value } from '../values.ts';
import { type NodeContext, type Operators, reshaped } from './operator.ts';

export const shapeOperators: Operators = {
  Shape: {
    attributes: ['end', 'start'],
    run: (call) => {
      const { shape } = call.value(0);
      const part = shape.slice(call.attributes.int('start', 0), call.attributes.int('end', shape.length));
      return Value.constant('int64', [part.length], part);
    },
  },
  Size: { run: (call) => Value.constant('int64', [], [sizeOf(call.value(0).shape)]) },
  Reshape: {
    attributes: ['allowzero', 'shape', 'consumed_inputs'],
    run: (call) => {
      const x = call.value(0);
      const wanted = call.ints('shape', 1) ?? [];
      return reshaped(x, resolved(x.shape, wanted, call.attributes.int('allowzero', 0) !== 0));
    },
  },
  Flatten: {
    attributes: ['axis'],
    run: (call) => {
      const x = call.value(0);
      const rank = x.shape.length;
      const axis = call.attributes.int('axis', 1);
      const at = axis === rank ? rank : normalizeAxis(axis, rank);
      return reshaped(x, [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))]);
    },
  },
  Squeeze: {
    attributes: ['axes'],
    run: (call) => {
      const x = call.value(0);
      const axes = call.ints('axes', 1)?.map((axis) => normalizeAxis(axis, x.shape.length));
      const wrong = axes?.find((axis) => x.shape[axis] !== 1);
      if (wrong !== undefined) throw new ShapeError({ expected: `an axis ${wrong} of 1`, got: describe(x.shape) });
      const dropped = (extent: number, axis: number) => (axes ? axes.includes(axis) : extent === 1);
      return reshaped(
        x,
        x.shape.filter((extent, axis) => !dropped(extent, axis)),
      );
    },
  },
  Unsqueeze: {
    attributes: ['axes'],
    run: (call) => {
      const x = call.value(0);
      const given = call.ints('axes', 1) ?? [];
      const rank = x.shape.length + given.length;
      const axes = given.map((axis) => normalizeAxis(axis, rank)).sort((a, b) => a - b);
      if (new Set(axes).size !== axes.length)
        throw new ShapeError({ expected: 'different axes', got: describe(given) });
      return reshaped(
        x,
        axes.reduce<Shape>((shape, axis) => shape.toSpliced(axis, 0, 1), x.shape),
      );
    },
  },
  Identity: { run: (call) => call.value(0) },
  Dropout: {
    attributes: ['consumed_inputs', 'is_test', 'ratio', 'seed'],
    refuse: (attributes, opset) => opset < 7 && attributes.int('is_test', 0) === 0 && 'it is in training mode',
    run: (call) => {
      if (call.known(2)?.[0]) throw new Unsupported('it is in training mode');
      return call.value(0);
    },
  },
  Cast: {
    // Both are of float8 types and of strings, which are refused anyway.
    attributes: ['round_mode', 'saturate', 'to'],
    run: (call) => {
      const type = castType(call);
      const x = call.value(0);
      if (x.numbers) return Value.constant(type, x.shape, isInteger(type) ? x.numbers.map(asInteger(type)) : x.numbers);
      if (type === 'bool') return x.type === 'bool' ? x : Value.of(isNonZero(x.stored), 'bool');
      if (isInteger(type)) throw new Unsupported(`${type} values that depend on the model's inputs`);
      return Value.of(x.stored, type);
    },
  },
};

/** 1 where x is not 0, NaN too; else 0. */
const isNonZero = (x: Node) => binary('sub', constant([], 1), binary('equal', x, constant([], 0)));

/** The extents that Reshape gives: 0 keeps that of x, -1 is what is left. */
function resolved(x: Shape, wanted: readonly number[], zeroIsZero: boolean): Shape {
  const shape = wanted.map((extent, axis) => (extent === 0 && !zeroIsZero ? (x[axis] ?? 0) : extent));
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = sizeOf(x) / sizeOf(shape.toSpliced(open, 1));
  checkSize(shape);
  if (sizeOf(shape) === sizeOf(x)) return shape;
  throw new ShapeError({ expected: `a shape of ${sizeOf(x)} elements for ${describe(x)}`, got: describe(wanted) });
}

/** The names that Cast had for types before opset 6. */
const TYPE_NAMES: ReadonlyMap<string, DataType> = new Map([
  ['BOOL', 'bool'],
  ['DOUBLE', 'float64'],
  ['FLOAT', 'float32'],
  ['FLOAT16', 'float16'],
  ['INT32', 'int32'],
  ['INT64', 'int64'],
]);

function castType({ attributes, opset }: NodeContext): DataType {
  const to = opset < 6 ? attributes.string('to') : attributes.int('to');
  const type = typeof to === 'string' ? TYPE_NAMES.get(to) : ELEMENTS[to]?.type;
  if (!type || type === 'string') throw new Unsupported(`it makes ${type ?? `elements of type ${to}`}`);
  return type;
}

function asInteger(type: DataType): (number: number) => number {
  return (number) => {
    if (type === 'bool') return number === 0 ? 0 : 1;
    const whole = Math.trunc(number);
    if (Number.isSafeInteger(whole)) return whole;
    throw new ShapeError({ expected: `numbers that ${type} can hold`, got: number });
  };
}
