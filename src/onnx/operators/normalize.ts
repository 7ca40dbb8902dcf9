/** Normalizations: by batch statistics, by neighboring channels, to probabilities. */
import { describe, type Node, type Shape, sizeOf } from '../../graph/node.ts';
import { constant } from '../../graph/ops/core/constant.ts';
import { binary } from '../../graph/ops/elementwise/binary.ts';
import { unary } from '../../graph/ops/elementwise/unary.ts';
import { reshape } from '../../graph/ops/movement/reshape.ts';
import { lrn } from '../../graph/ops/nn/lrn.ts';
import { reduce } from '../../graph/ops/reduction/reduce.ts';
import { softmax } from '../../graph/ops/reduction/softmax.ts';
import { ShapeError } from '../../runtime/errors.ts';
import { normalizeAxis, range, Value } from '../values.ts';
import { type NodeContext, type Operator, type Operators, reshaped } from './operator.ts';
import { channelsFirst, channelsLast, onChannelsLast, spatialSize } from './windows.ts';

export const normalizeOperators: Operators = {
  BatchNormalization: {
    attributes: ['consumed_inputs', 'epsilon', 'is_test', 'momentum', 'spatial', 'training_mode'],
    refuse: (attributes, opset, outputs) => {
      // From opset 7 to 13 the outputs told: running statistics are updated by training alone.
      const told = opset < 14 ? outputs > 1 : attributes.int('training_mode', 0) !== 0;
      const training = opset < 7 ? attributes.int('is_test', 0) === 0 : told;
      if (training) return 'it is in training mode';
      return attributes.int('spatial', 1) === 0 && 'its statistics are of each element, not of each channel';
    },
    run: (call) => {
      const x = call.node(0);
      const [scale, bias, mean, variance] = [1, 2, 3, 4].map((input) => channelVector(call, input, x.shape[1] ?? 1));
      const epsilon = constant([], call.attributes.float('epsilon', 1e-5));
      const factor = binary('div', scale!, unary('sqrt', binary('add', variance!, epsilon)));
      const offset = binary('sub', bias!, binary('mul', mean!, factor));
      return Value.of(channelsFirst(binary('add', binary('mul', channelsLast(x), factor), offset)));
    },
  },
  LRN: {
    attributes: ['alpha', 'beta', 'bias', 'size'],
    run: (call) => {
      const { attributes } = call;
      const options = {
        size: attributes.int('size'),
        alpha: attributes.float('alpha', 1e-4),
        beta: attributes.float('beta', 0.75),
        bias: attributes.float('bias', 1),
      };
      return Value.of(onChannelsLast(call.node(0), (x) => lrn(x, options)));
    },
  },
  Softmax: toShares(softmax),
  LogSoftmax: toShares(logSoftmax),
  InstanceNormalization: {
    attributes: ['consumed_inputs', 'epsilon'],
    run: (call) => {
      const x = call.node(0);
      spatialSize(x);
      const [scale, bias] = [1, 2].map((input) => perChannel(channelVector(call, input, x.shape[1]!), x.shape));
      return Value.of(affine(normalized(x, 2, call).y, scale!, bias!));
    },
  },
  LayerNormalization: {
    // The intermediate results are float32, whatever stash_type says.
    attributes: ['axis', 'epsilon', 'stash_type'],
    outputs: 3,
    run: (call) => {
      const x = call.node(0);
      const axis = normalizeAxis(call.attributes.int('axis', -1), x.shape.length);
      const { y, mean, deviation } = normalized(x, axis, call);
      const result = affine(y, call.node(1), call.optional(2)?.node);
      return [result, mean, unary('reciprocal', deviation)].map((node) => Value.of(node));
    },
  },
  GroupNormalization: {
    attributes: ['epsilon', 'num_groups', 'stash_type'],
    run: (call) => {
      const x = call.node(0);
      const [batch, channels] = [x.shape[0]!, x.shape[1] ?? 0];
      const groups = call.attributes.int('num_groups');
      if (x.shape.length < 3 || groups < 1 || channels % groups !== 0) {
        throw new ShapeError({
          expected: `[N, C, …] with channels that ${groups} groups divide`,
          got: describe(x.shape),
        });
      }
      const rows = normalized(reshape(x, [batch, groups, sizeOf(x.shape) / batch / groups]), 2, call).y;
      // Up to opset 20 there was one scale for each group.
      const [shape, extent] = call.opset < 21 ? [rows.shape, groups] : [x.shape, channels];
      const [scale, bias] = [1, 2].map((input) => perChannel(channelVector(call, input, extent), shape));
      return Value.of(reshape(affine(reshape(rows, shape), scale!, bias!), x.shape));
    },
  },
};

/** An operator along one axis; up to opset 12 it is over all axes from `axis` on. */
function toShares(shares: (x: Node, axis: number) => Node): Operator {
  return {
    attributes: ['axis'],
    run: (call) => {
      const x = call.value(0);
      const axis = normalizeAxis(call.attributes.int('axis', call.opset < 13 ? 1 : -1), x.shape.length);
      if (call.opset >= 13) return Value.of(shares(x.node, axis));
      const rows = reshaped(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
      return reshaped(Value.of(shares(rows.node, 1)), x.shape);
    },
  };
}

/** (x − max) − log Σ exp(x − max): nothing overflows, and small shares keep their digits. */
function logSoftmax(x: Node, axis: number): Node {
  const below = binary('sub', x, reduce('max', x, [axis], true));
  return binary('sub', below, unary('log', reduce('sum', unary('exp', below), [axis], true)));
}

/** y = (x − mean) / deviation, which is √(variance + ε), over all axes from `axis` on. */
function normalized(x: Node, axis: number, { attributes }: NodeContext) {
  const axes = range(x.shape.length).slice(axis);
  const mean = reduce('mean', x, axes, true);
  const centered = binary('sub', x, mean);
  const variance = reduce('mean', binary('mul', centered, centered), axes, true);
  const epsilon = constant([], attributes.float('epsilon', 1e-5));
  const deviation = unary('sqrt', binary('add', variance, epsilon));
  return { y: binary('div', centered, deviation), mean, deviation };
}

/** x · scale + bias, which repeat to x's shape. */
function affine(x: Node, scale: Node, bias: Node | undefined): Node {
  const scaled = binary('mul', x, scale);
  const y = bias ? binary('add', scaled, bias) : scaled;
  if (y.shape.join() === x.shape.join()) return y;
  throw new ShapeError({ expected: `scale and bias that repeat to ${describe(x.shape)}`, got: describe(scale.shape) });
}

/** [C] → [C, 1, …], beside axis 1 of `shape`. */
function perChannel(vector: Node, shape: Shape): Node {
  return reshape(vector, [vector.shape[0]!, ...shape.slice(2).map(() => 1)]);
}

/** An argument with one number for each channel. @throws ShapeError for another shape. */
function channelVector(call: NodeContext, input: number, channels: number): Node {
  const vector = call.node(input);
  if (vector.shape.join() === `${channels}`) return vector;
  throw new ShapeError({ expected: `input ${input} as [${channels}]`, got: describe(vector.shape) });
}
