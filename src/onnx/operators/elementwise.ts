/** Operators that work element by element, of one argument or more. */
import { describe, type Node, sizeOf } from '../../graph/node.ts';
import { add } from '../../graph/ops/add.ts';
import { binary, broadcastShape } from '../../graph/ops/binary.ts';
import { constant } from '../../graph/ops/constant.ts';
import { relu } from '../../graph/ops/relu.ts';
import { tanh } from '../../graph/ops/tanh.ts';
import { unary } from '../../graph/ops/unary.ts';
import { ShapeError } from '../../runtime/errors.ts';
import { broadcastStrides, checkSize, isInteger, MAX_KNOWN, normaliseAxis, pick, Value } from '../values.ts';
import { type Call, type Operator, type Operators, reshaped } from './operator.ts';

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
};

export const elementwiseOperators: Operators = {
  Relu: mapping(
    (x) => relu(x),
    (x) => Math.max(x, 0),
  ),
  Tanh: mapping(tanh),
  Sigmoid: mapping((x) => unary('sigmoid', x)),
  Exp: mapping((x) => unary('exp', x), Math.exp),
  Log: mapping((x) => unary('log', x), Math.log),
  Sqrt: mapping((x) => unary('sqrt', x), Math.sqrt),
  Neg: mapping(
    (x) => unary('neg', x),
    (x) => 0 - x,
  ),
  Abs: mapping((x) => unary('abs', x), Math.abs),
  Floor: mapping((x) => unary('floor', x), Math.floor),
  Ceil: mapping((x) => unary('ceil', x), Math.ceil),
  Reciprocal: mapping(
    (x) => unary('reciprocal', x),
    (x) => 1 / x,
  ),
  LeakyRelu: withParameters(['alpha'], (x, { attributes }) =>
    unary('leaky_relu', x, { alpha: attributes.float('alpha', 0.01) }),
  ),
  Elu: withParameters(['alpha'], (x, { attributes }) => unary('elu', x, { alpha: attributes.float('alpha', 1) })),
  HardSigmoid: withParameters(['alpha', 'beta'], (x, { attributes }) =>
    unary('hard_sigmoid', x, { alpha: attributes.float('alpha', 0.2), beta: attributes.float('beta', 0.5) }),
  ),
  PRelu: {
    run: (call) => {
      const [x, slope] = [call.node(0), call.node(1)];
      const below = binary('min', x, constant([], 0));
      return Value.of(binary('add', relu(x), binary('mul', below, slope)));
    },
  },
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
      return combine('div', sum, Value.known('float32', [], [values.length]));
    },
  },
};

/** An operator of one argument; `host` is the function for numbers that are known. */
function mapping(device: (x: Node) => Node, host?: (x: number) => number): Operator {
  return {
    attributes: ['consumed_inputs'],
    run: (call) => {
      const x = call.value(0);
      return x.numbers && host ? Value.known(x.type, x.shape, x.numbers.map(host)) : Value.of(device(x.node));
    },
  };
}

function withParameters(attributes: readonly string[], device: (x: Node, call: Call) => Node): Operator {
  return {
    attributes: [...attributes, 'consumed_inputs'],
    run: (call) => Value.of(device(call.node(0), call)),
  };
}

function arithmetic(fn: BinaryFn): Operator {
  return {
    attributes: ['axis', 'broadcast', 'consumed_inputs'],
    run: (call) => {
      const [a, b] = [call.value(0), call.value(1)];
      return combine(fn, a, call.attributes.has('axis') ? alignedTo(a, b, call.attributes.int('axis')) : b);
    },
  };
}

/** Before opset 7, axis 0 of b was put beside any axis of a. */
function alignedTo(a: Value, b: Value, axis: number): Value {
  const behind = a.shape.length - normaliseAxis(axis, a.shape.length) - b.shape.length;
  if (behind < 0) throw new ShapeError(`expected ${describe(b.shape)} within ${describe(a.shape)} from axis ${axis}`);
  return reshaped(b, [...b.shape, ...new Array<number>(behind).fill(1)]);
}

/** fn(a, b), with numpy's broadcasting; known where both are. */
function combine(fn: BinaryFn, a: Value, b: Value): Value {
  const shape = broadcastShape(a.shape, b.shape);
  if (!a.numbers || !b.numbers) {
    const residual = fn === 'add' && a.shape.join() === b.shape.join();
    const exponent = fn === 'pow' && b.numbers ? Value.known('float32', b.shape, b.numbers) : b;
    return Value.of(residual ? add(a.node, b.node) : binary(fn, a.node, exponent.node));
  }
  checkSize(shape, MAX_KNOWN);
  const repeated = (value: Value) => pick(value, shape, 0, broadcastStrides(value.shape, shape)).numbers!;
  const [left, right] = [repeated(a), repeated(b)];
  const numbers = left.map((number, i) => known[fn](number, right[i]!));
  return Value.known(a.type, shape, isInteger(a.type) ? exact(numbers) : numbers);
}

/** Integer division truncates. @throws ShapeError for what an integer cannot be, or float64 cannot hold. */
function exact(numbers: readonly number[]): number[] {
  return numbers.map((number) => {
    const whole = Math.trunc(number);
    if (Number.isSafeInteger(whole)) return whole;
    throw new ShapeError(`expected integers within 2^53, got ${number}`);
  });
}

function clip(call: Call): Value {
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
function bound(call: Call, attribute: string, index: number): Value | undefined {
  const value = call.optional(index);
  if (value && sizeOf(value.shape) !== 1) {
    throw new ShapeError(`expected '${attribute}' as one number, got ${describe(value.shape)}`);
  }
  if (value) return reshaped(value, []);
  return call.attributes.has(attribute) ? Value.known('float32', [], [call.attributes.float(attribute)]) : undefined;
}
