/** conv2d → bias_add → relu | tanh becomes one conv2d with bias and activation, where nothing else needs the parts. */
import { apply, type Node } from '../node.ts';
import { biasAddOp } from '../ops/bias_add.ts';
import { type Conv2dAttrs, conv2dOp } from '../ops/conv2d.ts';
import { reluOp } from '../ops/relu.ts';
import { tanhOp } from '../ops/tanh.ts';
import { countUses, type Pass, rewrite } from '../rewrite.ts';

export const fuseConv2d: Pass = (outputs) => {
  const uses = countUses(outputs);
  // A node made by this pass stands for one of the original graph: it is used as often.
  const usesOfRebuilt = new Map<Node, number>();
  return rewrite(outputs, (node, inputs) => {
    const fused = fuse(node, inputs, (input) => usesOfRebuilt.get(input) === 1);
    const result = fused ?? (inputs.length === 0 ? node : apply(node.op, inputs, node.attrs));
    usesOfRebuilt.set(result, uses.get(node) ?? 0);
    return result;
  });
};

function fuse(node: Node, inputs: readonly Node[], onlyUsedHere: (input: Node) => boolean): Node | undefined {
  const conv = inputs[0];
  if (!conv || conv.op !== conv2dOp || !onlyUsedHere(conv)) return undefined;
  const attrs = conv.attrs as Conv2dAttrs;
  if (attrs.activation !== 'none') return undefined;
  const { op } = node;
  if (op === biasAddOp && conv.inputs.length === 2) return apply(conv2dOp, [...conv.inputs, inputs[1]!], attrs);
  if (op === reluOp) return apply(conv2dOp, conv.inputs, { ...attrs, activation: 'relu' });
  if (op === tanhOp) return apply(conv2dOp, conv.inputs, { ...attrs, activation: 'tanh' });
  return undefined;
}
