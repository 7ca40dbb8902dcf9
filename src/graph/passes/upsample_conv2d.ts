/** Nearest x2 followed by a 3x3 convolution becomes one op, and so do its gradients: the large picture is never made. */
import { apply, isOp, type Node } from '../node.ts';
import { conv2dInputGradOp, conv2dOp, conv2dWeightGradOp, type Window } from '../ops/conv/conv2d.ts';
import {
  upsampleConv2dInputGradOp,
  upsampleConv2dOp,
  upsampleConv2dWeightGradOp,
} from '../ops/conv/upsample_conv2d.ts';
import { upsample2xGradOp, upsample2xOp } from '../ops/movement/upsample2x.ts';
import { type Pass, rewriteUses } from '../rewrite.ts';

export const upsampleConv2d: Pass = (outputs) => rewriteUses(outputs, join);

function join(node: Node, inputs: readonly Node[], usedOnce: (input: Node) => boolean): Node | undefined {
  const [first, second, ...rest] = inputs;
  if (isOp(node, conv2dOp) && isOp(first, upsample2xOp) && isSame3x3(node.attrs, second!)) {
    const { activation, residual, firstChannel } = node.attrs;
    if (residual || firstChannel !== undefined) return undefined;
    return apply(upsampleConv2dOp, [first.inputs[0]!, second!, ...rest], { activation });
  }
  if (isOp(node, conv2dWeightGradOp) && isOp(first, upsample2xOp) && isSame3x3(node.attrs, node)) {
    return apply(upsampleConv2dWeightGradOp, [first.inputs[0]!, second!], undefined);
  }
  if (isOp(node, upsample2xGradOp) && isOp(first, conv2dInputGradOp) && usedOnce(first)) {
    const [dy, w] = first.inputs;
    return isSame3x3(first.attrs, w!) ? apply(upsampleConv2dInputGradOp, [dy!, w!], undefined) : undefined;
  }
  return undefined;
}

/** A stride of 1, and one pixel of padding around 3x3 weights. */
function isSame3x3({ strides, pads }: Window, weights: Node): boolean {
  return [...strides, ...pads].every((extent) => extent === 1) && weights.shape[0] === 3 && weights.shape[1] === 3;
}
