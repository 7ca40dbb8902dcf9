/** Normalisations: by batch statistics, by neighbouring channels, to probabilities. */
import { describe, type Node, sizeOf } from '../../graph/node.ts';
import { binary } from '../../graph/ops/binary.ts';
import { constant } from '../../graph/ops/constant.ts';
import { lrn } from '../../graph/ops/lrn.ts';
import { softmax } from '../../graph/ops/softmax.ts';
import { unary } from '../../graph/ops/unary.ts';
import { ShapeError } from '../../runtime/errors.ts';
import { normaliseAxis, Value } from '../values.ts';
import { type Call, type Operators, reshaped } from './operator.ts';
import { channelsFirst, channelsLast, onChannelsLast } from './windows.ts';

export const normaliseOperators: Operators = {
  BatchNormalization: {
    attributes: ['consumed_inputs', 'epsilon', 'is_test', 'momentum', 'spatial', 'training_mode'],
    refuse: (attributes, opset) => {
      const training = opset < 7 ? attributes.int('is_test', 0) === 0 : attributes.int('training_mode', 0) !== 0;
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
  Softmax: {
    attributes: ['axis'],
    run: (call) => {
      const x = call.value(0);
      const axis = normaliseAxis(call.attributes.int('axis', call.opset < 13 ? 1 : -1), x.shape.length);
      if (call.opset >= 13) return Value.of(softmax(x.node, axis));
      // Up to opset 12 it is over all axes from `axis` on.
      const rows = reshaped(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
      return reshaped(Value.of(softmax(rows.node, 1)), x.shape);
    },
  },
};

/** An argument with one number for each channel. @throws ShapeError for another shape. */
function channelVector(call: Call, input: number, channels: number): Node {
  const vector = call.node(input);
  if (vector.shape.join() === `${channels}`) return vector;
  throw new ShapeError(`expected input ${input} as [${channels}], got ${describe(vector.shape)}`);
}
