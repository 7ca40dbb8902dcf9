/** A convolution that needs a range of channels reads it where it lies, instead of from a copy. */
import { apply, isOp, type Node } from '../node.ts';
import { type Conv2dAttrs, conv2dOp } from '../ops/conv/conv2d.ts';
import { writeIntoOp } from '../ops/core/write_into.ts';
import { type Pass, rewrite } from '../rewrite.ts';
import { firstChannel } from './channel_range.ts';

export const readRanges: Pass = (outputs) =>
  rewrite(outputs, (node, inputs) => {
    if (isOp(node, conv2dOp)) {
      const read = readRange(inputs, node.attrs);
      return read && apply(conv2dOp, read.inputs, read.attrs);
    }
    if (isOp(node, writeIntoOp)) {
      const placed = node.attrs;
      if (!isOp(placed, conv2dOp)) return undefined;
      const whole = inputs.slice(0, placed.onto ? 1 : 0);
      const read = readRange(inputs.slice(whole.length), placed.attrs);
      return read && apply(writeIntoOp, [...whole, ...read.inputs], { ...placed, attrs: read.attrs });
    }
    return undefined;
  });

/** The inputs and attributes of a convolution without the slice that it reads, if there is one of whole vec4s. */
function readRange(
  [x, ...rest]: readonly Node[],
  attrs: Conv2dAttrs,
): { inputs: Node[]; attrs: Conv2dAttrs } | undefined {
  const first = firstChannel(x!);
  const whole = x!.inputs[0]!;
  if (first === undefined || [first, x!.shape[3]!, whole.shape[3]!].some((channels) => channels % 4)) return undefined;
  return { inputs: [whole, ...rest], attrs: { ...attrs, firstChannel: first + (attrs.firstChannel ?? 0) } };
}
