/** conv2d → bias_add → add → relu | tanh becomes one conv2d, where nothing else needs the parts. */
import { apply, type Node } from '../node.ts';
import { addOp } from '../ops/add.ts';
import { biasAddOp } from '../ops/bias_add.ts';
import { type Conv2dAttrs, conv2dOp } from '../ops/conv2d.ts';
import { reluOp } from '../ops/relu.ts';
import { tanhOp } from '../ops/tanh.ts';
import { type Pass, rewriteUses } from '../rewrite.ts';

export const fuseConv2d: Pass = (outputs) => rewriteUses(outputs, fuse);

function fuse(node: Node, inputs: readonly Node[], usedOnce: (input: Node) => boolean): Node | undefined {
  const open = inputs.filter((input) => isOpen(input) && usedOnce(input));
  if (node.op === addOp) {
    const conv = open.find((input) => !attrsOf(input).residual);
    const residual = inputs[0] === conv ? inputs[1] : inputs[0];
    if (!conv || !residual) return undefined;
    return apply(conv2dOp, [...conv.inputs, residual], { ...attrsOf(conv), residual: true });
  }
  const [conv] = open;
  if (!conv || conv !== inputs[0]) return undefined;
  if (node.op === biasAddOp && conv.inputs.length === 2) {
    return apply(conv2dOp, [...conv.inputs, inputs[1]!], attrsOf(conv));
  }
  if (node.op === reluOp) return apply(conv2dOp, conv.inputs, { ...attrsOf(conv), activation: 'relu' });
  if (node.op === tanhOp) return apply(conv2dOp, conv.inputs, { ...attrsOf(conv), activation: 'tanh' });
  return undefined;
}

const attrsOf = (conv: Node) => conv.attrs as Conv2dAttrs;

/** A convolution to which more can be added. */
function isOpen(node: Node): boolean {
  return node.op === conv2dOp && attrsOf(node).activation === 'none';
}
