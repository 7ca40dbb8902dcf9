/** Constant folding: what is computed from constants alone is computed once, when the graph is compiled. */
import { apply, isOp, type Node } from '../node.ts';
import { constantOp } from '../ops/core/constant.ts';
import { precomputed, precomputedOp } from '../ops/core/precomputed.ts';
import { tensorOp } from '../ops/core/tensor.ts';
import { reshapeOp } from '../ops/movement/reshape.ts';
import { isFrozen, type Pass, rewrite } from '../rewrite.ts';

export const foldConstants: Pass = (outputs) => {
  const result = rewrite(outputs, (node, inputs) => {
    // A constant stays what it is until something that changes uses it: so chains of constants become one.
    if (isFrozen(node)) return isOp(node, reshapeOp) ? reshaped(inputs[0]!, node) : undefined;
    return apply(node.op, inputs.map(fold), node.attrs);
  });
  return result.map(fold);
};

function fold(node: Node): Node {
  const leaf = isOp(node, tensorOp) || isOp(node, constantOp) || isOp(node, precomputedOp);
  return leaf || !isFrozen(node) ? node : precomputed(node);
}

/** A reshaped tensor is a tensor; it would have no place of its own to be computed into. */
function reshaped(x: Node, { shape }: Node): Node | undefined {
  return isOp(x, tensorOp) ? apply(tensorOp, [], { ...x.attrs, shape }) : undefined;
}
