/** Operators that combine arrays element by element. */
import { describe, type Node, sizeOf } from '../../graph/node.ts';
import { add } from '../../graph/ops/elementwise/add.ts';
import { binary, broadcastShape } from '../../graph/ops/elementwise/binary.ts';
import { unary } from '../../graph/ops/elementwise/unary.ts';
import { ShapeError } from '../../runtime/errors.ts';
import { broadcastStrides, checkSize, isInteger, MAX_KNOWN, normalizeAxis, pick, Value } from '../values.ts';
import { type NodeContext, type Operator, type Operators, reshaped } from './operator.ts';

type BinaryFn = Parameters<typeof binary>[0];

/** What the functions are for numbers that are known. */
const known: Readonly<Record<BinaryFn, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  min: Math.min,
  max: Math.max,
  equal: (a, b) => Number(a === b),
  less: (a, b) => Number(a < b),
  less_equal: (a, b) => Number(a <= b),
};

export const elementwiseOperators: Operators = {
  Clip: { attributes: ['max', 'min', 'consumed_inputs'], run: clip },
  Add: arithmetic('add'),
  Sub: arithmetic('sub'),
  Mul: arithmetic('mul'),
  Div: arithmetic('div'),
  Pow: arithmetic('pow'),
  Min: { attributes: ['consumed_inputs'], run: (call) => call.all().reduce((a, b) => combine('min', a, b)) },
  Max: { attributes: ['consumed_inputs'], run: (call) => call.all().reduce((a, b) => combine('max', a, b)) },
  Sum: { attributes: ['consumed_inputs'], run: (call) => call.all().reduce((a, b) => combine('add', a, b)) },
  Mean: {
    attributes: ['consumed_inputs'],
    run: (call) => {
      const values = call.all();
      const sum = values.reduce((a, b) => combine('add', a, b));
      return combine('div', sum, Value.constant('float32', [], [values.length]));
    },
  },
};

/** An operator of two arguments, in the forms of all opsets; `reversed`: of the second and the first. */
export function arithmetic(fn: BinaryFn, reversed = false): Operator {
  return {
    attributes: ['axis', 'broadcast', 'consumed_inputs'],
    refuse: (attributes, opset) =>
      opset >= 7 &&
      (attributes.has('axis') || attributes.has('broadcast')) &&
      "attributes of opsets before 7: 'axis', 'broadcast'",
    run: (call) => {
      const a = call.value(0);
      const b = call.opset < 7 ? aligned(a, call.value(1), call) : call.value(1);
      return reversed ? combine(fn, b, a) : combine(fn, a, b);
    },
  };
}

/** Before opset 7 b was repeated to the shape of a only where `broadcast` said so, its first axis beside `axis` of a. */
function aligned(a: Value, b: Value, { attributes }: NodeContext): Value {
  if (a.shape.join() === b.shape.join()) return b;
  if (attributes.int('broadcast', 0) === 0) {
    throw new ShapeError({
      expected: "equal shapes, as there is no 'broadcast'",
      got: `${describe(a.shape)} and ${describe(b.shape)}`,
    });
  }
  const rank = a.shape.length;
  const single = sizeOf(b.shape) === 1;
  const axis = single ? rank : normalizeAxis(attributes.int('axis', rank - b.shape.length), rank);
  const shape = single ? [] : [...b.shape, ...new Array<number>(Math.max(0, rank - axis - b.shape.length)).fill(1)];
  if (broadcastShape(a.shape, shape).join() === a.shape.join()) return reshaped(b, shape);
  throw new ShapeError({ expected: `a shape within ${describe(a.shape)} from axis ${axis}`, got: describe(b.shape) });
}

const COMPARISONS: readonly BinaryFn[] = ['equal', 'less', 'less_equal'];

/** fn(a, b), with numpy's broadcasting; known where both are. */
export function combine(fn: BinaryFn, a: Value, b: Value): Value {
  const shape = broadcastShape(a.shape, b.shape);
  const compares = COMPARISONS.includes(fn);
  if (!a.numbers || !b.numbers) {
    const residual = fn === 'add' && a.shape.join() === b.shape.join();
    const exponent = fn === 'pow' && b.numbers ? Value.constant('float32', b.shape, b.numbers) : b;
    const both = [a, exponent].map((value) => (value.type === 'bool' ? value.stored : value.node)) as [Node, Node];
    const bools = compares || (a.type === 'bool' && b.type === 'bool');
    return Value.of(residual ? add(...both) : binary(fn, ...both), bools ? 'bool' : 'float32');
  }
  checkSize(shape, MAX_KNOWN);
  const repeated = (value: Value) => pick(value, shape, 0, broadcastStrides(value.shape, shape)).numbers!;
  const [left, right] = [repeated(a), repeated(b)];
  const numbers = left.map((number, i) => known[fn](number, right[i]!));
  if (compares) return Value.constant('bool', shape, numbers);
  return Value.constant(a.type, shape, isInteger(a.type) ? exact(numbers) : numbers);
}

/** Integer division truncates. @throws ShapeError for what an integer cannot be, or float64 cannot hold. */
function exact(numbers: readonly number[]): number[] {
  return numbers.map((number) => {
    const whole = Math.trunc(number);
    if (Number.isSafeInteger(whole)) return whole;
    throw new ShapeError({ expected: 'integers within 2^53', got: number });
  });
}

function clip(call: NodeContext): Value {
  const x = call.value(0);
  const [low, high] = [bound(call, 'min', 1), bound(call, 'max', 2)];
  if (x.numbers) {
    const raised = low ? combine('max', x, low) : x;
    return high ? combine('min', raised, high) : raised;
  }
  if ((low && !low.numbers) || (high && !high.numbers)) {
    const raised = low ? binary('max', x.node, low.node) : x.node;
    return Value.of(high ? binary('min', raised, high.node) : raised);
  }
  const finite = (value: Value | undefined, otherwise: number) =>
    Math.min(Math.max(value?.numbers?.[0] ?? otherwise, -LARGEST), LARGEST);
  return Value.of(unary('clip', x.node, { alpha: finite(low, -LARGEST), beta: finite(high, LARGEST) }));
}

/** The largest float32. */
const LARGEST = 3.4028234663852886e38;

/** A bound of Clip: an attribute before opset 11, an argument since. */
function bound(call: NodeContext, attribute: string, index: number): Value | undefined {
  const value = call.optional(index);
  if (value && sizeOf(value.shape) !== 1) {
    throw new ShapeError({ expected: `'${attribute}' as one number`, got: describe(value.shape) });
  }
  if (value) return reshaped(value, []);
  return call.attributes.has(attribute) ? Value.constant('float32', [], [call.attributes.float(attribute)]) : undefined;
}
