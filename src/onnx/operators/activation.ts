/** Functions of one array, element by element: activations, rounding, roots, logarithms. */
import { describe, type Node, sizeOf } from '../../graph/node.ts';
import { constant } from '../../graph/ops/core/constant.ts';
import { binary, broadcastShape } from '../../graph/ops/elementwise/binary.ts';
import { relu } from '../../graph/ops/elementwise/relu.ts';
import { tanh } from '../../graph/ops/elementwise/tanh.ts';
import { unary } from '../../graph/ops/elementwise/unary.ts';
import { reshape } from '../../graph/ops/movement/reshape.ts';
import { ShapeError } from '../../runtime/errors.ts';
import { Value } from '../values.ts';
import type { NodeContext, Operator, Operators } from './operator.ts';

type UnaryFn = Parameters<typeof unary>[0];

export const activationOperators: Operators = {
  Relu: mapping(relu, (x) => Math.max(x, 0)),
  Tanh: mapping(tanh),
  Sigmoid: plain('sigmoid'),
  Erf: plain('erf'),
  HardSwish: plain('hard_swish'),
  Mish: plain('mish'),
  Softplus: plain('softplus'),
  Softsign: plain('softsign'),
  Exp: plain('exp', Math.exp),
  Log: plain('log', Math.log),
  Sqrt: plain('sqrt', Math.sqrt),
  Neg: plain('neg', (x) => 0 - x),
  Abs: plain('abs', Math.abs),
  Sign: plain('sign', Math.sign),
  Floor: plain('floor', Math.floor),
  Ceil: plain('ceil', Math.ceil),
  Round: plain('round', roundToEven),
  Reciprocal: plain('reciprocal', (x) => 1 / x),
  LeakyRelu: withParameters('leaky_relu', { alpha: 0.01 }),
  Elu: withParameters('elu', { alpha: 1 }),
  Celu: withParameters('celu', { alpha: 1 }),
  Selu: withParameters('selu', { alpha: 1.6732632423543772, gamma: 1.0507009873554805 }),
  ThresholdedRelu: withParameters('thresholded_relu', { alpha: 1 }),
  HardSigmoid: withParameters('hard_sigmoid', { alpha: 0.2, beta: 0.5 }),
  Gelu: {
    attributes: ['approximate'],
    refuse: (attributes) => {
      const approximate = attributes.string('approximate', 'none');
      return !['none', 'tanh'].includes(approximate) && `its approximation is '${approximate}'`;
    },
    run: (call) =>
      Value.of(unary(call.attributes.string('approximate', 'none') === 'tanh' ? 'gelu_tanh' : 'gelu', call.node(0))),
  },
  PRelu: {
    attributes: ['consumed_inputs'],
    run: (call) => {
      const x = call.node(0);
      const slope = slopeOf(call, x);
      const below = binary('min', x, constant([], 0));
      return Value.of(binary('add', relu(x), binary('mul', below, slope)));
    },
  },
};

/** An operator of one argument; `host` is the function for numbers that are known. */
function mapping(device: (x: Node) => Node, host?: (x: number) => number): Operator {
  return {
    attributes: ['consumed_inputs'],
    run: (call) => {
      const x = call.value(0);
      return x.numbers && host ? Value.constant(x.type, x.shape, x.numbers.map(host)) : Value.of(device(x.node));
    },
  };
}

function plain(fn: UnaryFn, host?: (x: number) => number): Operator {
  return mapping((x) => unary(fn, x), host);
}

/** An operator whose attributes, with these defaults, are the alpha and beta of `fn`, in this order. */
function withParameters(fn: UnaryFn, defaults: Readonly<Record<string, number>>): Operator {
  return {
    attributes: [...Object.keys(defaults), 'consumed_inputs'],
    run: (call) => {
      const [alpha, beta] = Object.entries(defaults).map(([name, usual]) => call.attributes.float(name, usual));
      return Value.of(unary(fn, call.node(0), beta === undefined ? { alpha: alpha! } : { alpha: alpha!, beta }));
    },
  };
}

function roundToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

/** PRelu's slope as it is repeated along x: before opset 7 there was one, or one for each channel. */
function slopeOf(call: NodeContext, x: Node): Node {
  const slope = call.node(1);
  const channels = x.shape[1] ?? 1;
  const single = sizeOf(slope.shape) === 1;
  if (call.opset < 7 && !single && slope.shape.join() !== `${channels}`) {
    throw new ShapeError({
      expected: `a slope, or ${channels} of them, one for each channel`,
      got: describe(slope.shape),
    });
  }
  const each = single ? [] : [channels, ...x.shape.slice(2).map(() => 1)];
  const repeated = call.opset < 7 ? reshape(slope, each) : slope;
  if (broadcastShape(x.shape, repeated.shape).join() === x.shape.join()) return repeated;
  throw new ShapeError({ expected: `slopes that repeat to ${describe(x.shape)}`, got: describe(slope.shape) });
}
