/** Convolutions of one to three spatial axes. */
import { apply, describe } from '../../graph/node.ts';
import { convDirect } from '../../graph/ops/conv/conv_direct.ts';
import { conv2dOp, type Window as Window2d } from '../../graph/ops/conv/conv2d.ts';
import { biasAdd } from '../../graph/ops/elementwise/bias_add.ts';
import { reshape } from '../../graph/ops/movement/reshape.ts';
import { transpose } from '../../graph/ops/movement/transpose.ts';
import { ShapeError } from '../../runtime/errors.ts';
import { range, Value } from '../values.ts';
import type { NodeContext, Operators } from './operator.ts';
import { onChannelsLast, spatialSize, type Window, windowOf } from './windows.ts';

export const convAttributes = ['auto_pad', 'dilations', 'group', 'kernel_shape', 'pads', 'strides'];

export const convOperators: Operators = {
  Conv: {
    attributes: convAttributes,
    run: (call) => {
      const { x, w, size, kernel, groups } = convOperands(call);
      const window = windowOf(call.attributes, size, kernel);
      const weights = transpose(w, [...range(w.shape.length).slice(2), 1, 0]);
      const bias = call.optional(2)?.node;
      return Value.of(
        onChannelsLast(x, (x) => {
          if (!isPlain(window, groups)) return convDirect(x, weights, bias, { ...window, groups });
          const y = apply(conv2dOp, [x, weights], { ...window2d(window), activation: 'none' });
          return bias ? biasAdd(y, bias) : y;
        }),
      );
    },
  },
};

/** The arguments of a convolution, with weights of two axes or more. @throws ShapeError where they don't match. */
export function convOperands(call: NodeContext) {
  const x = call.node(0);
  const w = call.node(1);
  const size = spatialSize(x);
  const kernel = w.shape.slice(2);
  const stated = call.attributes.ints('kernel_shape', kernel);
  if (w.shape.length !== x.shape.length || stated.join() !== kernel.join()) {
    throw new ShapeError({
      expected: `weights with a kernel of ${describe(stated)} for x ${describe(x.shape)}`,
      got: describe(w.shape),
    });
  }
  const groups = call.attributes.int('group', 1);
  if (groups < 1 || w.shape[0]! % groups !== 0) {
    throw new ShapeError({ expected: `groups that divide ${w.shape[0]} channels`, got: groups });
  }
  const line = w.shape.length === 3;
  return { x, w: line ? reshape(w, w.shape.toSpliced(2, 0, 1)) : w, size, kernel, groups };
}

/** Whether conv2d can do it: two axes, one group, no dilation. */
export function isPlain({ kernel, dilations }: Window, groups: number): boolean {
  return kernel.length === 2 && groups === 1 && dilations.every((dilation) => dilation === 1);
}

/** The attributes of conv2d and its gradients, for a plain window. */
export function window2d({ strides, pads }: Window): Window2d {
  return { strides: strides as Window2d['strides'], pads: pads as unknown as Window2d['pads'] };
}
