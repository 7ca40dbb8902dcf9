/** Pools: maximum and average under a moving window, and over whole pictures. */
import type { Node } from '../../graph/node.ts';
import { averagePool, maxPool } from '../../graph/ops/nn/pool.ts';
import { reduce } from '../../graph/ops/reduction/reduce.ts';
import { range, Value } from '../values.ts';
import type { Operators } from './operator.ts';
import { onChannelsLast, spatialSize, windowOf } from './windows.ts';

const windowAttributes = ['auto_pad', 'ceil_mode', 'dilations', 'kernel_shape', 'pads', 'strides'];

export const poolOperators: Operators = {
  MaxPool: {
    // storage_order is of the indices alone.
    attributes: [...windowAttributes, 'storage_order'],
    run: (call) => {
      const x = call.node(0);
      const window = windowOf(call.attributes, spatialSize(x), call.attributes.ints('kernel_shape'));
      return Value.of(onChannelsLast(x, (x) => maxPool(x, window)));
    },
  },
  AveragePool: {
    attributes: [...windowAttributes, 'count_include_pad'],
    run: (call) => {
      const x = call.node(0);
      const window = windowOf(call.attributes, spatialSize(x), call.attributes.ints('kernel_shape'));
      const countPadding = call.attributes.int('count_include_pad', 0) !== 0;
      return Value.of(onChannelsLast(x, (x) => averagePool(x, { ...window, countPadding })));
    },
  },
  GlobalAveragePool: { run: (call) => Value.of(overPicture('mean', call.node(0))) },
  GlobalMaxPool: { run: (call) => Value.of(overPicture('max', call.node(0))) },
};

function overPicture(fn: 'mean' | 'max', x: Node): Node {
  spatialSize(x);
  return onChannelsLast(x, (x) => reduce(fn, x, range(x.shape.length - 1).slice(1), true));
}
